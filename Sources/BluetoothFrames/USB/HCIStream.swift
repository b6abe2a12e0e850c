import ByteParsing

/// The HCI packets of one endpoint, which come in pieces: an event is often longer than what the endpoint hands over at once.
///
/// A packet whose rest is not in the capture gives way to the next one. Two things tell it: an endpoint hands over as much as it
/// can, so that a transfer that is shorter than others was the last one of its packet; and a packet ends within a transfer only
/// where a packet of the bus ends, of which the sizes are multiples of 8. Bounded: no packet is longer than `HCIExtent.longest`.
struct HCIStream {
    /// What a transfer brings.
    enum Arrival: Equatable {
        /// Packets that begin and end in the transfer, if any; what follows them was kept.
        case alone
        /// Octets that begin in an earlier transfer.
        case joined([UInt8])
        /// No packets.
        case nothing
    }

    private(set) var pending: [UInt8] = []
    /// Octets of the last transfer, and of the longest.
    private var last = 0
    private var longest = 0

    /// Takes a transfer, and tells how its packets are to be read. `isLost`: a packet that had begun will not end.
    mutating func take(_ data: ByteReader, as kind: HCIExtent.Kind) throws(ParseError) -> (
        arrival: Arrival, isLost: Bool
    ) {
        let wasLast = last < longest
        last = data.remaining
        longest = max(longest, last)
        let alone = try HCIExtent(of: data, as: kind)
        guard !pending.isEmpty else { return (try keep(data, alone), false) }
        var rest = data
        var joined = pending
        joined.append(try rest.readSpan(rest.remaining))
        let both = try HCIExtent(of: ByteReader(joined.span), as: kind)
        let endsOddly = both.first.map { $0 < joined.count && ($0 - pending.count) % 8 != 0 } ?? false
        if both.isBroken || (!alone.isBroken && (wasLast || endsOddly)) {
            pending = []
            return (try keep(data, alone), true)
        }
        pending = Array(joined[both.whole...])
        joined.removeLast(pending.count)
        return (joined.isEmpty ? .nothing : .joined(joined), false)
    }

    private mutating func keep(_ data: ByteReader, _ extent: HCIExtent) throws(ParseError) -> Arrival {
        guard !extent.isBroken else { return extent.whole > 0 ? .alone : .nothing }
        var data = data
        try data.skip(extent.whole)
        pending = try data.readOctets(data.remaining)
        return .alone
    }

    /// What comes next begins a packet.
    mutating func forget() { pending = [] }
}

/// How far octets are whole HCI packets, one behind the other: Bluetooth Core, "HCI packets".
///
///     event  code 1 · length 1 · parameters
///     ACL    handle 12 bits · packet boundary 2 · broadcast 2 · length 2 · fragment
struct HCIExtent {
    enum Kind { case event, acl }

    /// No ACL fragment of a controller is longer, and events are shorter.
    static let longest = 4096

    /// Octets of the packets that are whole.
    private(set) var whole = 0
    /// Octets of the first of them.
    private(set) var first: Int?
    /// What follows them begins no packet.
    private(set) var isBroken = false

    init(of reader: ByteReader, as kind: Kind) throws(ParseError) {
        var reader = reader
        while !reader.isAtEnd {
            guard let length = try kind == .event ? Self.event(reader) : Self.acl(reader) else {
                isBroken = true
                return
            }
            guard length <= reader.remaining else { return }
            whole += length
            first = first ?? length
            try reader.skip(length)
        }
    }

    /// The octets of the event that begins here, `Int.max` where too few of them are there to tell; `nil` if it is none.
    private static func event(_ reader: ByteReader) throws(ParseError) -> Int? {
        let code = try reader.peek()
        guard (0x01...0x59).contains(code) || code >= 0xFE else { return nil }
        guard reader.remaining >= 2 else { return .max }
        let length = try reader.peek(1)
        guard length > 0, (lengths[code] ?? length) == length else { return nil }
        return 2 + Int(length)
    }

    /// The length of the parameters of events that have but one: Bluetooth Core, "Events".
    private static let lengths: [UInt8: UInt8] = [
        0x01: 1, 0x03: 11, 0x04: 10, 0x05: 4, 0x06: 3, 0x07: 255, 0x08: 4, 0x0C: 8, 0x0F: 4, 0x10: 1, 0x11: 2, 0x12: 8,
        0x14: 6, 0x16: 6, 0x17: 6, 0x18: 23, 0x1A: 1, 0x1B: 3, 0x1C: 5, 0x1D: 5,
    ]

    /// Likewise for ACL data. A fragment that begins an L2CAP PDU is not longer than the PDU.
    private static func acl(_ reader: ByteReader) throws(ParseError) -> Int? {
        guard reader.remaining >= 2 else { return .max }
        let field = UInt16(try reader.peek()) | UInt16(try reader.peek(1)) << 8
        guard field & 0x0FFF <= 0x0EFF, field >> 12 & 3 != 3, field >> 14 != 3 else { return nil }
        guard reader.remaining >= 4 else { return .max }
        let length = Int(try reader.peek(2)) | Int(try reader.peek(3)) << 8
        guard length > 0, length + 4 <= longest else { return nil }
        guard field >> 12 & 3 != 1, length >= 4, reader.remaining >= 6 else { return 4 + length }
        let pdu = Int(try reader.peek(4)) | Int(try reader.peek(5)) << 8
        return length <= pdu + 4 ? 4 + length : nil
    }
}
