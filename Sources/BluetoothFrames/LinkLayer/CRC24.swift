import ByteParsing

/// The CRC of the link layer: Bluetooth Core, "CRC generation"; polynomial x²⁴+x¹⁰+x⁹+x⁶+x⁴+x³+x+1, least significant
/// bit first.
public enum CRC24 {
    /// Octets of the CRC behind a PDU.
    static let size = 3
    private static let polynomial: UInt32 = 0xDA_6000
    /// What each value of an octet makes of the CRC; then what it makes of it with one, two, … seven octets of zeros behind it, so
    /// that eight octets are taken at once.
    private static let tables = InlineArray<2048, UInt32> { place in
        (0..<(8 * (1 + place / 256))).reduce(UInt32(place % 256)) { value, _ in step(value) }
    }

    private static func step(_ value: UInt32) -> UInt32 { value & 1 == 1 ? value >> 1 ^ polynomial : value >> 1 }

    static func compute(_ pdu: ByteReader, from initial: UInt32) throws(ParseError) -> UInt32 {
        var pdu = pdu
        return compute(try pdu.readSpan(pdu.remaining), from: initial)
    }

    static func compute(_ octets: Span<UInt8>, from initial: UInt32) -> UInt32 {
        var crc = reversed(initial)
        guard octets.count >= 8 else {
            for place in octets.indices { crc = crc >> 8 ^ tables[Int(UInt8(truncatingIfNeeded: crc) ^ octets[place])] }
            return crc
        }
        // What does not fill eight octets stands first, behind zeros, which change nothing.
        var place = octets.count & 7
        let first = octets.loadLittleEndian(UInt64.self, at: 0) ^ UInt64(crc)
        crc = take(first << UInt64(64 - 8 * place)) ^ crc >> UInt32(8 * place)
        while place < octets.count {
            crc = take(octets.loadLittleEndian(UInt64.self, at: place) ^ UInt64(crc))
            place &+= 8
        }
        return crc
    }

    /// What eight octets make of the CRC that is already mixed into them.
    @inline(__always)
    private static func take(_ mixed: UInt64) -> UInt32 {
        var crc = tables[1792 &+ Int(mixed & 0xFF)] ^ tables[1536 &+ Int(mixed >> 8 & 0xFF)]
        crc ^= tables[1280 &+ Int(mixed >> 16 & 0xFF)] ^ tables[1024 &+ Int(mixed >> 24 & 0xFF)]
        crc ^= tables[768 &+ Int(mixed >> 32 & 0xFF)] ^ tables[512 &+ Int(mixed >> 40 & 0xFF)]
        return crc ^ tables[256 &+ Int(mixed >> 48 & 0xFF)] ^ tables[Int(mixed >> 56)]
    }

    /// The CRC of PDU header and payload, as the three octets that follow them, least significant first.
    public static func compute(_ octets: [UInt8], from initial: UInt32 = 0x555555) -> UInt32 {
        compute(octets.span, from: initial)
    }

    /// The CRCInit from which the PDU has this CRC: the computation backwards.
    static func initial(of octets: some BidirectionalCollection<UInt8>, crc: UInt32) -> UInt32 {
        reversed(
            octets.reversed().reduce(crc) { crc, octet in
                // The polynomial's highest bit tells what each step took off.
                let before = (0..<8).reduce(crc) { value, _ in
                    value & 0x80_0000 == 0 ? value << 1 : (value ^ polynomial) << 1 | 1
                }
                return before ^ UInt32(octet)
            })
    }

    /// The 24 bits in the other order: those of each octet, and the octets.
    private static func reversed(_ initial: UInt32) -> UInt32 {
        var bits = initial
        bits = bits >> 1 & 0x55_5555 | (bits & 0x55_5555) << 1
        bits = bits >> 2 & 0x33_3333 | (bits & 0x33_3333) << 2
        bits = bits >> 4 & 0x0F_0F0F | (bits & 0x0F_0F0F) << 4
        return bits.byteSwapped >> 8
    }
}
