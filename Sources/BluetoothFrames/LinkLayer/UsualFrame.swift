import ByteParsing

/// The only AD structure of a frame of which there are many: where it stands, and whose it is.
///
///     length 1 · AD type 1 · value length − 1
struct UsualStructure {
    let range: Range<Int>
    /// The advertiser's device address, 48 bits.
    let address: UInt64
}

/// The way of nearly every frame that a sniffer hears of a mesh: a legacy advertisement whose CRC is right, and in it a single AD
/// structure.
extension FramePeeler {
    /// The structure of a whole frame of link type 256 that is such a one.
    ///
    ///     pseudo header 10 · access address 4 · PDU header 2 · AdvA 6 · length 1 · AD type 1 · value · CRC 3
    @inline(__always)
    mutating func usualAdvertisement(_ bytes: Span<UInt8>) -> UsualStructure? {
        guard bytes.count >= 24 else { return nil }
        // Dewhitened, not coded, and "CRC valid" whatever "CRC checked" says; or neither of the two.
        let flags = bytes.loadLittleEndian(UInt16.self, at: 8)
        let isValid = flags & 0x0800 != 0
        guard flags & 0x8001 == 0x0001, isValid || flags & 0x0400 == 0,
            bytes.loadLittleEndian(UInt32.self, at: 10) == Self.advertisingAccessAddress
        else { return nil }
        // ADV_IND, ADV_NONCONN_IND, SCAN_RSP, ADV_SCAN_IND.
        let (type, length) = (bytes[14] & 0x0F, Int(bytes[15]))
        let end = 16 &+ length
        guard type & 9 == 0, length >= 8, end <= bytes.count, Int(bytes[22]) == end &- 23,
            isValid || Self.isRight(bytes, end)
        else { return nil }
        if !isValid { whitening.plain += 1 }
        return UsualStructure(range: 22..<end, address: Self.address(bytes, at: 16))
    }

    @inline(__always)
    static func address(_ bytes: Span<UInt8>, at place: Int) -> UInt64 {
        UInt64(bytes.loadLittleEndian(UInt32.self, at: place))
            | UInt64(bytes.loadLittleEndian(UInt16.self, at: place &+ 4)) << 32
    }

    /// Whether the CRC of the PDU that ends there is right.
    private static func isRight(_ bytes: Span<UInt8>, _ end: Int) -> Bool {
        guard bytes.count &- end >= CRC24.size else { return false }
        let crc = bytes.loadLittleEndian(UInt32.self, at: end &- 1) >> 8
        return CRC24.compute(bytes.extracting(14..<end), from: advertisingCRCInit) == crc
    }
}
