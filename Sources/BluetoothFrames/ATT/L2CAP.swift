import ByteParsing

/// Joins the fragments of L2CAP PDUs of one direction of one connection: Bluetooth Core, "Basic information frame".
///
///     length 2 · channel 2 · payload
struct L2CAPReassembly {
    static let attributeChannel: UInt16 = 4
    /// Longer than any ATT PDU that mesh uses; longer ones are passed over.
    private static let longest = 1024

    private var octets: [UInt8] = []
    private var isOpen = false

    /// The payload of a PDU on the ATT channel, when this fragment completes one.
    mutating func take(_ fragment: [UInt8], isStart: Bool) -> [UInt8]? {
        if isStart {
            octets = fragment
            isOpen = true
        } else if isOpen {
            octets += fragment
        }
        guard isOpen, octets.count >= 4 else { return nil }
        let length = Int(octets[0]) | Int(octets[1]) << 8
        let channel = UInt16(octets[2]) | UInt16(octets[3]) << 8
        guard channel == Self.attributeChannel, length <= Self.longest, octets.count <= length + 4 else {
            isOpen = false
            return nil
        }
        guard octets.count == length + 4 else { return nil }
        isOpen = false
        return Array(octets.dropFirst(4))
    }
}

/// The connections of a capture, each with its two directions. Bounded: the oldest gives way.
struct Connections {
    /// A connection, and who speaks: the host or central (true), or the other side.
    struct Stream: Hashable {
        var connection: UInt64
        var isFromCentral: Bool?
    }

    private static let most = 128

    private var streams: [Stream: L2CAPReassembly] = [:]
    private var order: [Stream] = []
    private var servers: [UInt64: AttributeServer] = [:]
    private var generation: UInt64 = 0

    /// The payload of an ATT PDU, when this fragment completes one.
    mutating func take(_ fragment: [UInt8], of stream: Stream, isStart: Bool) -> [UInt8]? {
        if streams[stream] == nil {
            order.append(stream)
            streams[stream] = L2CAPReassembly()
            if order.count > Self.most {
                let oldest = order.removeFirst()
                streams[oldest] = nil
                if !order.contains(where: { $0.connection == oldest.connection }) { servers[oldest.connection] = nil }
            }
        }
        return streams[stream]?.take(fragment, isStart: isStart)
    }

    subscript(server connection: UInt64) -> AttributeServer {
        get { servers[connection] ?? AttributeServer() }
        set { servers[connection] = newValue }
    }

    /// A connection has begun anew under this number: what was known of it is another one's.
    mutating func forget(_ connection: UInt64) {
        for stream in order where stream.connection == connection { streams[stream] = nil }
        order.removeAll { $0.connection == connection }
        generation += 1
        if servers.count < 4 * Self.most || servers[connection] != nil {
            servers[connection] = AttributeServer(generation: generation)
        }
    }

    var count: Int { streams.count }
}
