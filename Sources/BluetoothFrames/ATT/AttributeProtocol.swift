import BoundedCollections
import ByteParsing

/// What is known of the attributes of one connection's server. Bounded: the oldest gives way.
struct AttributeServer {
    /// The longest attribute value of Bluetooth Core, "Attribute value".
    private static let longestWrite = 512

    /// Tells apart what had the same connection number, one after the other.
    let generation: UInt64
    /// UUIDs by value handle, from characteristic declarations that were read.
    private var uuids = BoundedStore<UInt16, UInt16>(capacity: 256)
    /// Parts of a long write, by handle.
    private var prepared = BoundedStore<UInt16, [UInt8]>(capacity: 16)

    init(generation: UInt64) {
        self.generation = generation
    }

    func uuid(at handle: UInt16) -> UInt16? { uuids[handle] }

    mutating func learn(_ uuid: UInt16, at handle: UInt16) {
        uuids[handle] = uuid
    }

    /// Keeps a part that goes on where the last one ended; any other one ends the write of this attribute.
    mutating func prepare(_ part: [UInt8], at handle: UInt16, offset: Int) {
        let known = prepared[handle]?.count ?? 0
        guard offset == known, known + part.count <= Self.longestWrite else {
            prepared[handle] = nil
            return
        }
        prepared[handle, default: []] += part
    }

    /// What was prepared, which is forgotten, in the order of its handles.
    mutating func endPreparation() -> [(handle: UInt16, octets: [UInt8])] {
        defer { prepared.removeAll() }
        return prepared.entries.map { ($0.key, $0.value) }.sorted { $0.handle < $1.handle }
    }
}

extension Connections {
    func characteristic(_ handle: UInt16, of connection: UInt64) -> AttributeValue.Characteristic {
        let server = self[server: connection]
        return .init(
            connection: connection, generation: server.generation, handle: handle, uuid: server.uuid(at: handle))
    }
}

/// The attribute protocol, as far as it moves values: Bluetooth Core, "Attribute Protocol".
extension FramePeeler {
    /// Takes a fragment of an L2CAP PDU.
    mutating func peelL2CAP(
        _ fragment: [UInt8], of stream: Connections.Stream, isStart: Bool, _ heard: inout HeardBatch
    ) {
        guard let pdu = connections.take(fragment, of: stream, isStart: isStart) else { return }
        // Octets that are no ATT PDU, or an encrypted one, break its format: they are passed over.
        do { try peelAttributePDU(pdu, connection: stream.connection, &heard) } catch {}
    }

    private mutating func peelAttributePDU(
        _ pdu: [UInt8], connection: UInt64, _ heard: inout HeardBatch
    ) throws(ParseError) {
        var reader = ByteReader(pdu.span)
        switch try reader.readUInt8() {
        case 0x12, 0x52: try handOut(&reader, .toServer, connection, &heard)
        case 0x1B, 0x1D: try handOut(&reader, .toClient, connection, &heard)
        case 0x09: try learn(&reader, connection)
        case 0x16:
            let handle = try reader.readUInt16LittleEndian()
            let offset = Int(try reader.readUInt16LittleEndian())
            let part = try reader.readOctets(reader.remaining)
            connections[server: connection].prepare(part, at: handle, offset: offset)
        case 0x18: try execute(&reader, connection, &heard)
        default: return
        }
    }

    ///     handle 2 · value
    private func handOut(
        _ reader: inout ByteReader, _ direction: AttributeValue.Direction, _ connection: UInt64,
        _ heard: inout HeardBatch
    ) throws(ParseError) {
        let handle = try reader.readUInt16LittleEndian()
        let characteristic = connections.characteristic(handle, of: connection)
        let octets = try reader.readOctets(reader.remaining)
        heard.append(AttributeValue(direction: direction, characteristic: characteristic, octets: octets), in: frame)
    }

    /// Read By Type Response with characteristic declarations.
    ///
    ///     length of each 1 · (handle 2 · properties 1 · value handle 2 · UUID 2) …
    private mutating func learn(_ reader: inout ByteReader, _ connection: UInt64) throws(ParseError) {
        guard try reader.readUInt8() == 7 else { return }
        while reader.remaining >= 7 {
            try reader.skip(3)
            let handle = try reader.readUInt16LittleEndian()
            let uuid = try reader.readUInt16LittleEndian()
            let isOfMesh = (GATTCharacteristic.provisioningDataIn...GATTCharacteristic.proxyDataOut).contains(uuid)
            if isOfMesh { connections[server: connection].learn(uuid, at: handle) }
        }
    }

    /// Execute Write Request: what was prepared becomes a value, or is dropped.
    private mutating func execute(
        _ reader: inout ByteReader, _ connection: UInt64, _ heard: inout HeardBatch
    ) throws(ParseError) {
        let isWritten = try reader.readUInt8() == 1
        let prepared = connections[server: connection].endPreparation()
        guard isWritten else { return }
        for (handle, octets) in prepared {
            let characteristic = connections.characteristic(handle, of: connection)
            heard.append(
                AttributeValue(direction: .toServer, characteristic: characteristic, octets: octets), in: frame)
        }
    }
}
