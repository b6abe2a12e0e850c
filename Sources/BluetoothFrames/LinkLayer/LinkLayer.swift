import ByteParsing

/// What a sniffer says of a frame beside its octets.
struct SnifferVerdict {
    enum CRC { case valid, failed, notChecked }

    var crc = CRC.notChecked
    /// LE Coded PHY: a coding indicator follows the access address.
    var isCoded = false
    /// The direction of a data channel PDU; `nil` where the sniffer does not tell it.
    var isFromCentral: Bool?
    /// 2402 MHz and 2 MHz for each, where the sniffer tells it, and whether it says that it took the whitening off.
    var rfChannel: UInt8?
    var isDewhitened = true
    /// The channel index, where it is known.
    var channel: UInt8? { rfChannel.flatMap(Whitening.channelIndex) }
}

/// The advertising physical channel of the LE link layer: Bluetooth Core, "Link Layer specification".
///
///     access address 4 · [coding indicator 1] · PDU header 2 · payload · CRC 3
extension FramePeeler {
    static let advertisingAccessAddress: UInt32 = 0x8E89_BED6
    static let advertisingCRCInit: UInt32 = 0x555555

    mutating func peelLinkLayer(
        _ reader: inout ByteReader, _ verdict: SnifferVerdict, isCut: Bool,
        _ heard: inout HeardBatch
    ) throws(ParseError) -> FrameOutcome {
        guard verdict.crc != .failed || verdict.channel != nil else { return .crcFailed }
        let accessAddress = try reader.readUInt32LittleEndian()
        if verdict.isCoded { try reader.skip(1) }
        guard accessAddress == Self.advertisingAccessAddress else {
            return try peelDataChannel(&reader, accessAddress: accessAddress, verdict, &heard)
        }
        guard verdict.crc != .valid else { return try peelAdvertising(&reader, isCut: isCut, &heard) }
        return try peelUnchecked(&reader, verdict, isCut: isCut, &heard)
    }

    /// What the sniffer found damaged, or did not check, may still be whitened.
    private mutating func peelUnchecked(
        _ reader: inout ByteReader, _ verdict: SnifferVerdict, isCut: Bool, _ heard: inout HeardBatch
    ) throws(ParseError) -> FrameOutcome {
        let check = verdict.crc == .failed ? .wrong : try Self.check(reader)
        guard check != .right else {
            whitening.plain += 1
            return try peelAdvertising(&reader, isCut: isCut, &heard)
        }
        let octets = try Self.dewhitened(reader, verdict)
        var dewhitened = ByteReader(octets.span)
        if !octets.isEmpty, try Self.check(dewhitened) == .right {
            whitening.whitened += 1
            if verdict.isDewhitened { whitening.untold += 1 }
            return try peelAdvertising(&dewhitened, isCut: false, &heard)
        }
        return check == .wrong ? .crcFailed : try peelAdvertising(&reader, isCut: isCut, &heard)
    }

    private enum Check { case right, wrong, impossible }

    private static func check(_ reader: ByteReader) throws(ParseError) -> Check {
        guard reader.remaining >= 2 else { return .impossible }
        let length = Int(try reader.peek(1))
        guard reader.remaining >= 2 + length + CRC24.size else { return .impossible }
        var checked = reader
        let pdu = try checked.readPiece(2 + length)
        let crc = UInt32(try checked.readLittleEndian(CRC24.size))
        // Zeros stand for "no CRC" in what btlejack writes; what such a frame holds is authenticated all the same.
        return try CRC24.compute(pdu, from: advertisingCRCInit) == crc || crc == 0 ? .right : .wrong
    }

    /// What follows the access address without whitening; nothing where the channel is not known.
    static func dewhitened(_ reader: ByteReader, _ verdict: SnifferVerdict) throws(ParseError) -> [UInt8] {
        guard let channel = verdict.channel else { return [] }
        var reader = reader
        var octets = try reader.readOctets(reader.remaining)
        Whitening.apply(to: &octets, channel: channel)
        return octets
    }

    private mutating func peelAdvertising(
        _ reader: inout ByteReader, isCut: Bool, _ heard: inout HeardBatch
    ) throws(ParseError) -> FrameOutcome {
        let type = try reader.peek() & 0x0F
        let length = Int(try reader.peek(1))
        try reader.skip(2)
        let payload = try reader.readPiece(isCut ? min(length, reader.remaining) : length)
        switch type {
        case 0, 2, 4, 6: try Self.peelLegacy(payload, frame, &heard)
        case 5: try peelConnect(payload)
        case 7: try Self.peelExtended(payload, frame, &heard)
        default: return .other
        }
        return .peeled
    }

    /// ADV_IND, ADV_NONCONN_IND, SCAN_RSP, ADV_SCAN_IND.
    ///
    ///     AdvA 6 · AdvData 0…31
    @inline(__always)
    private static func peelLegacy(_ payload: ByteReader, _ frame: FrameStamp, _ heard: inout HeardBatch)
        throws(ParseError)
    {
        var payload = payload
        let address = try payload.readUInt48LittleEndian()
        try heard.appendStructures(payload, of: Advertisement(direction: .heard, address: address), in: frame)
    }

    /// ADV_EXT_IND, AUX_ADV_IND, AUX_SCAN_RSP, AUX_CHAIN_IND: as far as one frame tells.
    ///
    ///     extended header length 6 bits · AdvMode 2 bits · extended header · AdvData
    ///     header: flags 1 · [AdvA 6] · [TargetA 6] · [CTEInfo 1] · [ADI 2] · [AuxPtr 3] · …
    ///
    /// Data that goes on in another frame, or came from one, may begin or end within a structure: that is no error.
    private static func peelExtended(_ payload: ByteReader, _ frame: FrameStamp, _ heard: inout HeardBatch)
        throws(ParseError)
    {
        var payload = payload
        let headerLength = Int(try payload.readUInt8() & 0x3F)
        var header = try payload.readPiece(headerLength)
        let flags = headerLength > 0 ? try header.readUInt8() : 0
        let address = flags & 0x01 != 0 ? try header.readUInt48LittleEndian() : nil
        let isWhole = address != nil && flags & 0x10 == 0
        do {
            let isCertain = address != nil
            let advertisement = Advertisement(direction: .heard, address: address, isCertain: isCertain)
            try heard.appendStructures(payload, of: advertisement, in: frame)
        } catch {
            if isWhole { throw error }
        }
    }
}
