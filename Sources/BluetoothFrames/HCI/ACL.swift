import ByteParsing

/// ACL data: Bluetooth Core, "HCI ACL Data packets".
///
///     handle 12 bits · packet boundary 2 · broadcast 2 · length 2 · fragment
extension FramePeeler {
    /// A number for a connection that no access address has.
    static func connection(adapter: UInt16, handle: UInt16) -> UInt64 {
        1 << 48 | UInt64(adapter) << 16 | UInt64(handle & 0x0FFF)
    }

    /// `isSent`: from host to controller, where the log tells it.
    mutating func peelACL(
        _ reader: inout ByteReader, adapter: UInt16, isSent: Bool?, _ heard: inout HeardBatch
    ) throws(ParseError) -> FrameOutcome {
        part = .connection
        let field = try reader.readUInt16LittleEndian()
        let length = Int(try reader.readUInt16LittleEndian())
        var fragment = try reader.readPiece(length)
        let boundary = field >> 12 & 3
        let connection = Self.connection(adapter: adapter, handle: field)
        let stream = Connections.Stream(connection: connection, isFromCentral: isSent)
        peelL2CAP(try fragment.readOctets(length), of: stream, isStart: boundary != 1, &heard)
        return .peeled
    }
}
