import BoundedCollections

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

/// The connections of a capture, each with its directions and its server. Bounded: the oldest gives way.
struct Connections {
    /// A connection, and who speaks: the host or central (true), or the other side.
    struct Stream: Hashable {
        var connection: UInt64
        var isFromCentral: Bool?
    }

    private struct Connection {
        var server: AttributeServer
        var streams: [Bool?: L2CAPReassembly] = [:]
    }

    private var connections = BoundedStore<UInt64, Connection>(capacity: 128)
    /// Grows with each connection that begins or ends.
    private var generation: UInt64 = 0

    /// The payload of an ATT PDU, when this fragment completes one.
    mutating func take(_ fragment: [UInt8], of stream: Stream, isStart: Bool) -> [UInt8]? {
        let new = Connection(server: AttributeServer(generation: generation))
        return connections[stream.connection, default: new]
            .streams[stream.isFromCentral, default: L2CAPReassembly()].take(fragment, isStart: isStart)
    }

    /// The server of a connection of which a fragment was taken.
    subscript(server connection: UInt64) -> AttributeServer {
        get { connections[connection]?.server ?? AttributeServer(generation: generation) }
        set { connections[connection]?.server = newValue }
    }

    /// A connection has begun anew under this number: what was known of it is another one's.
    mutating func forget(_ connection: UInt64) {
        connections[connection] = nil
        generation += 1
    }

    var count: Int { connections.count }
}
