import ByteParsing

/// The CRC of the link layer: Bluetooth Core, "CRC generation"; polynomial x²⁴+x¹⁰+x⁹+x⁶+x⁴+x³+x+1, least significant
/// bit first.
public enum CRC24 {
    /// Octets of the CRC behind a PDU.
    static let size = 3
    private static let polynomial: UInt32 = 0xDA_6000
    private static let table: [UInt32] = (0..<256).map { octet in
        (0..<8).reduce(UInt32(octet)) { value, _ in value & 1 == 1 ? value >> 1 ^ polynomial : value >> 1 }
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

    private static func step(_ crc: UInt32, _ octet: UInt8) -> UInt32 {
        crc >> 8 ^ table[Int(UInt8(truncatingIfNeeded: crc) ^ octet)]
    }

    private static func reversed(_ initial: UInt32) -> UInt32 {
        (0..<24).reduce(0) { $0 | (initial >> UInt32($1) & 1) << UInt32(23 - $1) }
    }
}
