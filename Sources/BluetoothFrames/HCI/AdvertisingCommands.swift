import ByteParsing

/// What the host itself sends: Bluetooth Core, "LE Set Advertising Data command" and its relatives. A log taken on the
/// master's own host shows the master's PDUs only here.
///
///     opcode 2 · length 1 · parameters
extension FramePeeler {
    mutating func peelCommand(_ reader: inout ByteReader, adapter: UInt16, _ heard: inout HeardBatch)
        throws(ParseError) -> FrameOutcome
    {
        let opcode = try reader.readUInt16LittleEndian()
        var parameters = try reader.readPiece(Int(try reader.readUInt8()))
        switch opcode {
        case 0x2008, 0x2009: try peelSetData(&parameters, &heard)
        case 0x2037: try peelSetExtendedData(&parameters, adapter: adapter, isScanResponse: false, &heard)
        case 0x2038: try peelSetExtendedData(&parameters, adapter: adapter, isScanResponse: true, &heard)
        // Reset, LE Set Scan Enable, LE Set Extended Scan Enable: what was received in part will not be completed.
        case 0x0C03, 0x200C, 0x2042:
            receivedFragments = FragmentStore()
            return .other
        default: return .other
        }
        return .peeled
    }

    ///     length 1 · data, filled up to 31
    private mutating func peelSetData(_ parameters: inout ByteReader, _ heard: inout HeardBatch)
        throws(ParseError)
    {
        let data = try parameters.readPiece(Int(try parameters.readUInt8()))
        peelData(data, Advertisement(direction: .sent, address: nil), &heard)
    }

    ///     handle 1 · operation 1 · fragment preference 1 · length 1 · data
    ///
    /// Operations: 0 intermediate fragment, 1 first, 2 last, 3 complete, 4 unchanged.
    private mutating func peelSetExtendedData(
        _ parameters: inout ByteReader, adapter: UInt16, isScanResponse: Bool,
        _ heard: inout HeardBatch
    ) throws(ParseError) {
        let handle = try parameters.readUInt8()
        let start = parameters.offset
        let operation = try parameters.readUInt8()
        try parameters.skip(1)
        var data = try parameters.readPiece(Int(try parameters.readUInt8()))
        let advertisement = Advertisement(direction: .sent, address: nil)
        let key = FragmentStore.Key(adapter: adapter, advertiser: UInt64(handle), set: isScanResponse ? 1 : 0)
        switch operation {
        case 0, 1:
            part = .advertisingData
            if operation == 1 { sentFragments.begin(key) }
            sentFragments.append(try data.readSpan(data.remaining), to: key)
        case 2:
            part = .advertisingData
            sentFragments.append(try data.readSpan(data.remaining), to: key)
            guard let joined = sentFragments.end(key) else { return }
            peelData(ByteReader(joined.span), advertisement, &heard)
        case 3: peelData(data, advertisement, &heard)
        case 4: break
        default: throw ParseError(.invalidValue(UInt64(operation)), at: start)
        }
    }
}
