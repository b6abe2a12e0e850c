import ByteParsing

/// What one end of a serial line sends: the stream, and the packets that it may send again.
struct UARTDirection {
    var slip = SLIPDecoder()
    /// The last reliable packets: as many as may wait for their acknowledgment. A sequence number comes back after eight.
    private var recent: [UARTPacket] = []
    private static let longestWindow = 7

    /// False for a packet that was sent again: its sequence number and octets are those of one of the last packets. The
    /// acknowledgment in the header may differ.
    mutating func isNew(_ packet: UARTPacket) -> Bool {
        guard packet.isReliable else { return true }
        let isAgain = recent.contains {
            $0.sequenceNumber == packet.sequenceNumber && $0.type == packet.type && $0.payload == packet.payload
        }
        guard !isAgain else { return false }
        recent.append(packet)
        if recent.count > Self.longestWindow { recent.removeFirst() }
        return true
    }

    /// The link is established anew, and counts from 0.
    mutating func restart() { recent = [] }
}

/// HCI over a serial line in packets.
extension FramePeeler {
    /// A record may hold a part of the stream, several frames of it, or a packet without its SLIP layer.
    mutating func peelUART(
        _ reader: inout ByteReader, _ transport: UARTTransport, isSent: Bool, isCut: Bool,
        _ heard: inout HeardBatch
    ) throws(ParseError) -> FrameOutcome {
        // Lent out, so that a change in place copies nothing.
        var direction = UARTDirection()
        isSent ? swap(&direction, &wires.sent) : swap(&direction, &wires.received)
        defer { isSent ? swap(&direction, &wires.sent) : swap(&direction, &wires.received) }
        if direction.slip.isBetweenFrames, let bare = try Self.barePacket(reader) {
            return try peel(bare, &direction, transport, isSent: isSent, &heard)
        }
        var outcome = FrameOutcome.other
        while !reader.isAtEnd {
            let step = try direction.slip.take(&reader)
            if step == .more { break }
            do throws(ParseError) {
                guard case .frame(let octets) = step else {
                    throw ParseError(.invalidValue(0xDB), at: reader.offset - 1)
                }
                let packet = try UARTPacket(octets, at: reader.offset - 1)
                let became = try peel(packet, &direction, transport, isSent: isSent, &heard)
                if outcome != .crcFailed, became != .other { outcome = became }
            } catch { heard.append(error, in: frame) }
        }
        if isCut { direction.slip.forget() }
        return outcome
    }

    /// The whole record as a packet, if it is one to the octet.
    private static func barePacket(_ reader: ByteReader) throws(ParseError) -> UARTPacket? {
        guard reader.remaining >= 4, reader.remaining <= SLIPDecoder.longest, try reader.peek() != 0xC0 else {
            return nil
        }
        var reader = reader
        let octets = try reader.readOctets(reader.remaining)
        do { return try UARTPacket(octets, at: 0) } catch { return nil }
    }

    private mutating func peel(
        _ packet: UARTPacket, _ direction: inout UARTDirection, _ transport: UARTTransport, isSent: Bool,
        _ heard: inout HeardBatch
    ) throws(ParseError) -> FrameOutcome {
        guard packet.isIntact else { return .crcFailed }
        let content = transport.content(packet.type, isSent: isSent)
        if content == .linkControl, transport.isSync(packet.payload) { direction.restart() }
        guard direction.isNew(packet) else { return .other }
        var payload = ByteReader(packet.payload.span)
        if let indicator = content.indicator { collect(payload, indicator, isSent: isSent) }
        switch content {
        case .command: return try peelCommand(&payload, adapter: 0, &heard)
        case .event: return try peelEvent(&payload, adapter: 0, &heard)
        case .acl: return try peelACL(&payload, adapter: 0, isSent: isSent, &heard)
        case .linkControl, .other: return .other
        }
    }
}
