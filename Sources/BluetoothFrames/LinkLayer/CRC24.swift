import ByteParsing

/// The CRC of the link layer: Bluetooth Core, "CRC generation"; polynomial x²⁴+x¹⁰+x⁹+x⁶+x⁴+x³+x+1, least significant
/// bit first.
public enum CRC24 {
    /// Octets of the CRC behind a PDU.
    static let size = 3
    private static let polynomial: UInt32 = 0xDA_6000
    /// What each value of an octet makes of the CRC; then what it makes of it with one, two and three octets of zeros behind it, so
    /// that four octets are taken at once.
    private static let tables: [UInt32] = {
        let first = (0..<256).map { octet in
            (0..<8).reduce(UInt32(octet)) { value, _ in value & 1 == 1 ? value >> 1 ^ polynomial : value >> 1 }
        }
        return (0..<3).reduce(into: first) { all, _ in all += all.suffix(256).map { $0 >> 8 ^ first[Int($0 & 0xFF)] } }
    }()

    static func compute(_ pdu: ByteReader, from initial: UInt32) throws(ParseError) -> UInt32 {
        var pdu = pdu
        return compute(try pdu.readSpan(pdu.remaining), from: initial)
    }

    static func compute(_ octets: Span<UInt8>, from initial: UInt32) -> UInt32 {
        let tables = tables.span
        var crc = reversed(initial)
        var place = 0
        while place &+ 4 <= octets.count {
            let mixed = crc ^ octets.loadLittleEndian(UInt32.self, at: place)
            crc = tables[768 &+ Int(mixed & 0xFF)] ^ tables[512 &+ Int(mixed >> 8 & 0xFF)]
            crc ^= tables[256 &+ Int(mixed >> 16 & 0xFF)] ^ tables[Int(mixed >> 24)]
            place &+= 4
        }
        while place < octets.count {
            crc = crc >> 8 ^ tables[Int(UInt8(truncatingIfNeeded: crc) ^ octets[place])]
            place &+= 1
        }
        return crc
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

    private static func reversed(_ initial: UInt32) -> UInt32 {
        (0..<24).reduce(0) { $0 | (initial >> UInt32($1) & 1) << UInt32(23 - $1) }
    }
}
