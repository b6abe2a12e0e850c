import ByteParsing
public import MeshCrypto

/// Mesh Protocol 1.1, "Mesh Private beacon".
///
///     Random 13 · obfuscated (flags 1 · IV Index 4) · Authentication Tag 8
///
/// It carries no Network ID, so that every key has to be tried. Its protection is AES-CCM with the Random as nonce.
public struct MeshPrivateBeacon: Hashable, Sendable {
    let random: UInt128
    let sealed: UInt128

    init(parsing reader: inout ByteReader) throws(ParseError) {
        random = try reader.readLeftAligned(13)
        sealed = try reader.readLeftAligned(13)
    }

    /// As parsed, without the type.
    var octets: [UInt8] { Array(random.octets.prefix(13) + sealed.octets.prefix(13)) }

    /// What the beacon says, if the tag is the one of this key.
    public func authenticate(withPrivateBeaconKey key: UInt128) -> NetworkBeaconStatement? {
        let plaintext = AESCCM.open(
            Array(sealed.octets.prefix(13)), key: key, nonce: Array(random.octets.prefix(13)), tagLength: 8)
        guard let plaintext, let flags = plaintext.first else { return nil }
        let ivIndex = plaintext.dropFirst().reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
        return NetworkBeaconStatement(flags: flags, ivIndex: ivIndex)
    }

    /// The octets of a beacon, type included, as a node sends it.
    ///
    /// `random`: 13 octets.
    public static func seal(_ statement: NetworkBeaconStatement, random: [UInt8], with keys: NetworkKeys) -> [UInt8] {
        let plaintext = [statement.flags] + UInt128(statement.state.index.value).octets.suffix(4)
        return [0x02] + random + AESCCM.seal(plaintext, key: keys.privateBeaconKey, nonce: random, tagLength: 8)
    }
}

/// The octets as heard, without the type, in hexadecimal digits.
extension MeshPrivateBeacon: Codable {
    /// - Throws: `DecodingError` for octets that break the format, and for what is no hexadecimal text.
    public init(from decoder: any Decoder) throws {
        self = try decoder.parseOctets { reader throws(ParseError) in try MeshPrivateBeacon(parsing: &reader) }
    }

    /// - Throws: What the encoder throws.
    public func encode(to encoder: any Encoder) throws { try encoder.encodeOctets(octets) }
}
