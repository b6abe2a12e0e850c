public import ByteParsing

/// A Network PDU as heard: Mesh Protocol 1.1, "Network PDU".
///
///     IVI 1 bit · NID 7 bits · obfuscated (CTL 1 bit · TTL 7 bits · SEQ 3 · SRC 2) ·
///     encrypted (DST 2 · TransportPDU 1…16) · NetMIC 4 or 8
///
/// The octets are kept left-aligned in two blocks, so that a PDU is a plain value of 32 octets.
public struct ObfuscatedNetworkPDU: Hashable, Sendable {
    /// Octets 0…15.
    public let first: UInt128
    /// Octets 16…28, and behind them, where no PDU has an octet, the length.
    @usableFromInline let rest: UInt128

    /// Room for an empty payload: bluetooth-meshd 5.66 cuts what it relays, sometimes into the DST, and such copies are
    /// authentic. The specification's shortest PDU has 14 octets.
    public static let minimumLength = 11
    /// What a PDU with 16 octets of TransportPDU has.
    public static let maximumLength = 29

    /// All octets of `reader`.
    ///
    /// - Throws: `ParseError` where there are fewer or more octets than a Network PDU can have.
    public init(parsing reader: inout ByteReader) throws(ParseError) {
        let (start, length) = (reader.offset, reader.remaining)
        let octets = length <= 32 ? try reader.readTwoLeftAligned(length) : (0, 0)
        guard let pdu = ObfuscatedNetworkPDU(octets, length: length) else {
            throw ParseError(.invalidLength(length), at: start)
        }
        self = pdu
    }

    /// `octets`: left-aligned, and zeros behind the last one.
    /// `length`: how many; `nil` where a Network PDU cannot have as many.
    @inlinable @inline(__always)
    public init?(_ octets: (first: UInt128, second: UInt128), length: Int) {
        guard (Self.minimumLength...Self.maximumLength).contains(length) else { return nil }
        first = octets.first
        rest = octets.second | UInt128(truncatingIfNeeded: length)
    }

    /// No PDU at all: what an empty place in a table holds.
    public static let none = ObfuscatedNetworkPDU(octets: [])

    init(octets: [UInt8]) {
        first = UInt128(leftAligned: octets.prefix(16))
        rest = UInt128(leftAligned: octets.dropFirst(16)) | UInt128(octets.count)
    }

    /// Octets 16…31.
    @inlinable public var second: UInt128 { rest & ~0xFF }
    /// Octets of the PDU, NetMIC included: 11 to 29.
    @inlinable public var length: Int { Int(truncatingIfNeeded: rest & 0xFF) }
    /// The least significant bit of the IV Index.
    @inlinable public var ivi: UInt8 { UInt8(truncatingIfNeeded: first >> 127) }
    /// 7 bits that a key derives, by which the keys to try are found.
    @inlinable public var nid: UInt8 { UInt8(truncatingIfNeeded: first >> 120) & 0x7F }
    /// IVI and NID.
    @inlinable public var firstOctet: Int { Int(truncatingIfNeeded: first >> 120) }
    /// All octets as heard.
    public var octets: [UInt8] { Array((first.octets + second.octets).prefix(length)) }

    /// The obfuscated CTL, TTL, SEQ and SRC, 48 bits.
    var obfuscatedHeader: UInt64 { UInt64(truncatingIfNeeded: first >> 72) & 0xFFFF_FFFF_FFFF }
    /// The first 7 octets of the encrypted part.
    var privacyRandom: UInt128 { (first >> 16) & ((1 << 56) - 1) }
    /// The encrypted part and the NetMIC, left-aligned.
    var encrypted: (UInt128, UInt128) { (first << 56 | second >> 72, second << 56) }
    var encryptedLength: Int { length - 7 }

    /// A spread of all octets, for tables; not secret.
    @inlinable @inline(__always)
    public var fingerprint: UInt64 {
        var mix = UInt64(truncatingIfNeeded: first) ^ 0x9E37_79B9_7F4A_7C15
        mix = (mix ^ (mix >> 32)) &* 0xD6E8_FEB8_6659_FD93
        mix ^= UInt64(truncatingIfNeeded: first >> 64)
        mix = (mix ^ (mix >> 32)) &* 0xD6E8_FEB8_6659_FD93
        mix ^= UInt64(truncatingIfNeeded: second >> 64) ^ UInt64(truncatingIfNeeded: second)
        mix = (mix ^ (mix >> 32)) &* 0xD6E8_FEB8_6659_FD93
        return mix ^ (mix >> 32)
    }
}

/// The octets as heard, in hexadecimal digits. `none` has no octets and is not read again.
extension ObfuscatedNetworkPDU: Codable {
    /// - Throws: `DecodingError` for octets that break the format, and for what is no hexadecimal text.
    public init(from decoder: any Decoder) throws {
        self = try decoder.parseOctets { reader throws(ParseError) in try ObfuscatedNetworkPDU(parsing: &reader) }
    }

    /// - Throws: What the encoder throws.
    public func encode(to encoder: any Encoder) throws { try encoder.encodeOctets(octets) }
}
