import ByteParsing

/// What a sniffer says of a frame beside its octets.
struct SnifferVerdict {
    enum CRC { case valid, failed, notChecked }

    var crc = CRC.notChecked
    /// LE Coded PHY: a coding indicator follows the access address.
    var isCoded = false
    /// The direction of a data channel PDU; `nil` where the sniffer does not tell it.
    var isFromCentral: Bool?
}

/// The advertising physical channel of the LE link layer: Bluetooth Core, "Link Layer specification".
///
///     access address 4 · [coding indicator 1] · PDU header 2 · payload · CRC 3
extension FramePeeler {
    static let advertisingAccessAddress: UInt32 = 0x8E89_BED6
    static let advertisingCRCInit: UInt32 = 0x555555

    mutating func peelLinkLayer(
        _ reader: inout ByteReader, _ verdict: SnifferVerdict, isCut: Bool,
        _ receiver: inout some FrameReceiver
    ) throws(ParseError) -> FrameOutcome {
        guard verdict.crc != .failed else { return .crcFailed }
        let accessAddress = try reader.readUInt32LittleEndian()
        if verdict.isCoded { try reader.skip(1) }
        guard accessAddress == Self.advertisingAccessAddress else {
            return try peelDataChannel(&reader, accessAddress: accessAddress, verdict, &receiver)
        }
        let type = try reader.peek() & 0x0F
        let length = Int(try reader.peek(1))
        if verdict.crc == .notChecked, reader.remaining >= 2 + length + 3 {
            var checked = reader
            let pdu = try checked.readPiece(2 + length)
            let crc = UInt32(try checked.readLittleEndian(3))
            // Zeros stand for "no CRC" in what btlejack writes; what such a frame holds is authenticated all the same.
            guard try CRC24.compute(pdu, from: Self.advertisingCRCInit) == crc || crc == 0 else { return .crcFailed }
        }
        try reader.skip(2)
        let payload = try reader.readPiece(isCut ? min(length, reader.remaining) : length)
        switch type {
        case 0, 2, 4, 6: try peelLegacy(payload, &receiver)
        case 5: try peelConnect(payload)
        case 7: try peelExtended(payload, &receiver)
        default: return .other
        }
        return .peeled
    }

    /// ADV_IND, ADV_NONCONN_IND, SCAN_RSP, ADV_SCAN_IND.
    ///
    ///     AdvA 6 · AdvData 0…31
    @inline(__always)
    private func peelLegacy(_ payload: ByteReader, _ receiver: inout some FrameReceiver) throws(ParseError) {
        var payload = payload
        let address = try payload.readUInt48LittleEndian()
        try peelStructures(payload, Advertisement(direction: .heard, address: address), &receiver)
    }

    /// ADV_EXT_IND, AUX_ADV_IND, AUX_SCAN_RSP, AUX_CHAIN_IND: as far as one frame tells.
    ///
    ///     extended header length 6 bits · AdvMode 2 bits · extended header · AdvData
    ///     header: flags 1 · [AdvA 6] · [TargetA 6] · [CTEInfo 1] · [ADI 2] · [AuxPtr 3] · …
    ///
    /// Data that goes on in another frame, or came from one, may begin or end within a structure: that is no error.
    private func peelExtended(_ payload: ByteReader, _ receiver: inout some FrameReceiver) throws(ParseError) {
        var payload = payload
        let headerLength = Int(try payload.readUInt8() & 0x3F)
        var header = try payload.readPiece(headerLength)
        let flags = headerLength > 0 ? try header.readUInt8() : 0
        let address = flags & 0x01 != 0 ? try header.readUInt48LittleEndian() : nil
        let isWhole = address != nil && flags & 0x10 == 0
        do {
            let isCertain = address != nil
            let advertisement = Advertisement(direction: .heard, address: address, isCertain: isCertain)
            try peelStructures(payload, advertisement, &receiver)
        } catch {
            if isWhole { throw error }
        }
    }
}

/// The CRC of the link layer: Bluetooth Core, "CRC generation"; polynomial x²⁴+x¹⁰+x⁹+x⁶+x⁴+x³+x+1, least significant
/// bit first.
public enum CRC24 {
    private static let table: [UInt32] = (0..<256).map { octet in
        (0..<8).reduce(UInt32(octet)) { value, _ in value & 1 == 1 ? value >> 1 ^ 0xDA_6000 : value >> 1 }
    }

    static func compute(_ pdu: ByteReader, from initial: UInt32) throws(ParseError) -> UInt32 {
        var pdu = pdu
        var crc = reversed(initial)
        while !pdu.isAtEnd { crc = step(crc, try pdu.readUInt8()) }
        return crc
    }

    /// The CRC of PDU header and payload, as the three octets that follow them, least significant first.
    public static func compute(_ octets: [UInt8], from initial: UInt32 = 0x555555) -> UInt32 {
        octets.reduce(reversed(initial), step)
    }

    private static func step(_ crc: UInt32, _ octet: UInt8) -> UInt32 {
        crc >> 8 ^ table[Int(UInt8(truncatingIfNeeded: crc) ^ octet)]
    }

    private static func reversed(_ initial: UInt32) -> UInt32 {
        (0..<24).reduce(0) { $0 | (initial >> UInt32($1) & 1) << UInt32(23 - $1) }
    }
}
