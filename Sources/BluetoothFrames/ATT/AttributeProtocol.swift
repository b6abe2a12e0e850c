import ByteParsing

/// What is known of the attributes of one connection's server.
struct AttributeServer {
    private static let mostHandles = 256
    private static let longestWrite = 512

    /// Tells apart what had the same connection number, one after the other.
    var generation: UInt64 = 0
    /// UUIDs by value handle, from characteristic declarations that were read.
    var uuids: [UInt16: UInt16] = [:]
    /// Parts of a long write, by handle.
    var prepared: [UInt16: [UInt8]] = [:]

    mutating func learn(_ uuid: UInt16, at handle: UInt16) {
        if uuids.count < Self.mostHandles { uuids[handle] = uuid }
    }

    mutating func prepare(_ part: [UInt8], at handle: UInt16, offset: Int) {
        let known = prepared[handle] ?? []
        guard offset == known.count, known.count + part.count <= Self.longestWrite, prepared.count < 16 else {
            prepared[handle] = nil
            return
        }
        prepared[handle] = known + part
    }
}

extension Connections {
    func characteristic(_ handle: UInt16, of connection: UInt64) -> AttributeValue.Characteristic {
        let server = self[server: connection]
        return .init(
            connection: connection, generation: server.generation, handle: handle, uuid: server.uuids[handle])
    }
}

/// The attribute protocol, as far as it moves values: Bluetooth Core, "Attribute Protocol".
extension FramePeeler {
    /// Takes a fragment of an L2CAP PDU.
    mutating func peelL2CAP(
        _ fragment: [UInt8], of stream: Connections.Stream, isStart: Bool, _ receiver: inout some FrameReceiver
    ) {
        guard let pdu = connections.take(fragment, of: stream, isStart: isStart) else { return }
        // What is no ATT PDU, or an encrypted one, breaks its format and is nothing to us.
        do { try peelAttributePDU(pdu, connection: stream.connection, &receiver) } catch {}
    }

    private mutating func peelAttributePDU(
        _ pdu: [UInt8], connection: UInt64, _ receiver: inout some FrameReceiver
    ) throws(ParseError) {
        var reader = ByteReader(pdu.span)
        switch try reader.readUInt8() {
        case 0x12, 0x52: try handOut(&reader, .toServer, connection, &receiver)
        case 0x1B, 0x1D: try handOut(&reader, .toClient, connection, &receiver)
        case 0x09: try learn(&reader, connection)
        case 0x16:
            let handle = try reader.readUInt16LittleEndian()
            let offset = Int(try reader.readUInt16LittleEndian())
            let part = try reader.readOctets(reader.remaining)
            connections[server: connection].prepare(part, at: handle, offset: offset)
        case 0x18: try execute(&reader, connection, &receiver)
        default: return
        }
    }

    ///     handle 2 · value
    private func handOut(
        _ reader: inout ByteReader, _ direction: AttributeValue.Direction, _ connection: UInt64,
        _ receiver: inout some FrameReceiver
    ) throws(ParseError) {
        let handle = try reader.readUInt16LittleEndian()
        let characteristic = connections.characteristic(handle, of: connection)
        receiver.take(AttributeValue(direction: direction, characteristic: characteristic, value: reader))
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
        _ reader: inout ByteReader, _ connection: UInt64, _ receiver: inout some FrameReceiver
    ) throws(ParseError) {
        let isWritten = try reader.readUInt8() == 1
        let prepared = connections[server: connection].prepared
        connections[server: connection].prepared = [:]
        guard isWritten else { return }
        for (handle, octets) in prepared.sorted(by: { $0.key < $1.key }) {
            let characteristic = connections.characteristic(handle, of: connection)
            let value = ByteReader(octets.span)
            receiver.take(AttributeValue(direction: .toServer, characteristic: characteristic, value: value))
        }
    }
}
