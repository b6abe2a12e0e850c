import ByteParsing

/// LE meta events that bring advertising: Bluetooth Core, "LE Advertising Report event" and
/// "LE Extended Advertising Report event". An event holds several reports, one behind the other.
///
///     event code 1 · length 1 · subevent 1 · number of reports 1 · reports
extension FramePeeler {
    mutating func peelEvent(_ reader: inout ByteReader, adapter: UInt16, _ heard: inout HeardBatch)
        throws(ParseError) -> FrameOutcome
    {
        let code = try reader.readUInt8()
        guard code == 0x3E || code == 0x05 else { return .other }
        var event = try reader.readPiece(Int(try reader.readUInt8()))
        guard code == 0x3E else {
            try forgetConnection(&event, adapter: adapter)
            return .other
        }
        switch try event.readUInt8() {
        case 0x01, 0x0A, 0x29: try forgetConnection(&event, adapter: adapter)
        case 0x02:
            for _ in 0..<(try event.readUInt8()) { try peelReport(&event, &heard) }
        case 0x0D:
            for _ in 0..<(try event.readUInt8()) { try peelExtendedReport(&event, adapter: adapter, &heard) }
        default:
            return .other
        }
        return .peeled
    }

    /// Disconnection Complete and LE (Enhanced) Connection Complete: status 1 · handle 2 · …
    private mutating func forgetConnection(_ event: inout ByteReader, adapter: UInt16) throws(ParseError) {
        part = .connection
        try event.skip(1)
        connections.forget(Self.connection(adapter: adapter, handle: try event.readUInt16LittleEndian()))
    }

    ///     event type 1 · address type 1 · address 6 · length 1 · data · RSSI 1
    private mutating func peelReport(_ event: inout ByteReader, _ heard: inout HeardBatch) throws(ParseError) {
        try event.skip(2)
        let address = try event.readUInt48LittleEndian()
        let data = try event.readPiece(Int(try event.readUInt8()))
        peelData(data, Advertisement(direction: .heard, address: address), &heard)
        try event.skip(1)
    }

    ///     event type 2 · address type 1 · address 6 · PHYs 2 · SID 1 · TX power 1 · RSSI 1 · interval 2 ·
    ///     direct address type 1 · direct address 6 · length 1 · data
    ///
    /// Bits 5 and 6 of the event type: 0 the data is complete, 1 more comes in another event, 2 it is cut off.
    private mutating func peelExtendedReport(
        _ event: inout ByteReader, adapter: UInt16, _ heard: inout HeardBatch
    ) throws(ParseError) {
        let type = try event.readUInt16LittleEndian()
        let status = type >> 5 & 3
        try event.skip(1)
        let address = try event.readUInt48LittleEndian()
        try event.skip(2)
        let set = try event.readUInt8()
        try event.skip(11)
        var data = try event.readPiece(Int(try event.readUInt8()))
        let advertisement = Advertisement(direction: .heard, address: address)
        let key = FragmentStore.Key(adapter: adapter, advertiser: address, set: set)
        let isLegacy = type & 0x10 != 0
        guard !isLegacy, status == 1 || receivedFragments.holds(key) else {
            if status == 0 {
                peelData(data, advertisement, &heard)
            } else {
                // Data that the controller cut off ends within a structure: that is no error.
                try? heard.appendStructures(data, of: advertisement, in: frame)
            }
            return
        }
        part = .advertisingData
        if !receivedFragments.holds(key) { receivedFragments.begin(key) }
        let last = data
        receivedFragments.append(try data.readSpan(data.remaining), to: key)
        guard status != 1 else { return }
        guard let joined = receivedFragments.end(key) else {
            try? heard.appendStructures(last, of: advertisement, in: frame)
            return
        }
        do {
            try heard.appendStructures(ByteReader(joined.span), of: advertisement, in: frame)
        } catch {
            guard status == 0 else { return }
            // The end of an earlier set was lost, and this report is whole by itself.
            peelData(last, advertisement, &heard)
        }
    }
}
