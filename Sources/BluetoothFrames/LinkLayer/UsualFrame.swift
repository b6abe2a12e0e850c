import ByteParsing

/// The way of nearly every frame that a sniffer hears of a mesh: a legacy advertisement whose CRC is right, and in it a single AD
/// structure.
extension FramePeeler {
    /// Peels a whole frame of link type 256 where it is such a one; false, with nothing done, where it is not.
    ///
    ///     pseudo header 10 · access address 4 · PDU header 2 · AdvA 6 · length 1 · AD type 1 · value · CRC 3
    @inline(__always)
    mutating func peelUsualAdvertisement(
        _ bytes: Span<UInt8>, of frame: FrameStamp, _ heard: inout HeardBatch
    ) -> Bool {
        guard bytes.count >= 24 else { return false }
        // Dewhitened, not coded, and "CRC valid" whatever "CRC checked" says; or neither of the two.
        let flags = bytes.loadLittleEndian(UInt16.self, at: 8)
        let isValid = flags & 0x0800 != 0
        guard flags & 0x8001 == 0x0001, isValid || flags & 0x0400 == 0,
            bytes.loadLittleEndian(UInt32.self, at: 10) == Self.advertisingAccessAddress
        else { return false }
        // ADV_IND, ADV_NONCONN_IND, SCAN_RSP, ADV_SCAN_IND.
        let (type, length) = (bytes[14] & 0x0F, Int(bytes[15]))
        let end = 16 &+ length
        guard type & 9 == 0, length >= 8, end <= bytes.count, Int(bytes[22]) == end &- 23,
            isValid || Self.isRight(bytes, end)
        else { return false }
        var reader = ByteReader(bytes)
        do throws(ParseError) {
            try reader.skip(16)
            let address = try reader.readUInt48LittleEndian()
            try reader.skip(2)
            try heard.append(
                bytes[23], try reader.readPiece(end &- 24), of: Advertisement(direction: .heard, address: address),
                in: frame)
        } catch {
            return false
        }
        if !isValid { whitening.plain += 1 }
        return true
    }

    /// Whether the CRC of the PDU that ends there is right.
    private static func isRight(_ bytes: Span<UInt8>, _ end: Int) -> Bool {
        guard bytes.count &- end >= CRC24.size else { return false }
        let crc = bytes.loadLittleEndian(UInt32.self, at: end &- 1) >> 8
        return CRC24.compute(bytes.extracting(14..<end), from: advertisingCRCInit) == crc
    }
}
