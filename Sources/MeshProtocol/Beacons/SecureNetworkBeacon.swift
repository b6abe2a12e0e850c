import ByteParsing
public import MeshCrypto

/// Mesh Protocol 1.1, "Secure Network beacon".
///
///     flags 1 · Network ID 8 · IV Index 4 · Authentication Value 8
public struct SecureNetworkBeacon: Hashable, Sendable {
    /// Bit 0 Key Refresh, bit 1 IV Update.
    public let flags: UInt8
    /// Tells which NetKey may authenticate it.
    public let networkID: UInt64
    /// As claimed: only authentication makes a statement of it.
    public let ivIndex: UInt32
    /// The first 8 octets of a CMAC under the BeaconKey.
    public let authenticationValue: UInt64

    init(parsing reader: inout ByteReader) throws(ParseError) {
        flags = try reader.readUInt8()
        networkID = try reader.readBigEndian(8)
        ivIndex = try reader.readUInt32BigEndian()
        authenticationValue = try reader.readBigEndian(8)
    }

    /// As parsed, without the type.
    var octets: [UInt8] { Self.message(flags, networkID, ivIndex) + authenticationValue.octets }

    /// What the beacon says, if the Authentication Value is the one of this key.
    ///
    /// `beaconKey`: a CMAC under the BeaconKey.
    public func authenticate(with beaconKey: AESCMAC) -> NetworkBeaconStatement? {
        guard Self.value(flags, networkID, ivIndex, beaconKey) == authenticationValue else { return nil }
        return NetworkBeaconStatement(flags: flags, ivIndex: ivIndex)
    }

    /// The octets of a beacon, type included, as a node sends it.
    public static func seal(_ statement: NetworkBeaconStatement, with keys: NetworkKeys) -> [UInt8] {
        let (flags, ivIndex) = (statement.flags, statement.state.index.value)
        let value = Self.value(flags, keys.networkID, ivIndex, AESCMAC(key: keys.beaconKey))
        return [0x01] + message(flags, keys.networkID, ivIndex) + UInt128(value).octets.suffix(8)
    }

    private static func value(_ flags: UInt8, _ networkID: UInt64, _ ivIndex: UInt32, _ key: AESCMAC) -> UInt64 {
        UInt64(truncatingIfNeeded: key.authenticate(message(flags, networkID, ivIndex)) >> 64)
    }

    private static func message(_ flags: UInt8, _ networkID: UInt64, _ ivIndex: UInt32) -> [UInt8] {
        [flags] + UInt128(networkID).octets.suffix(8) + UInt128(ivIndex).octets.suffix(4)
    }
}

/// The octets as heard, without the type, in hexadecimal digits.
extension SecureNetworkBeacon: Codable {
    /// - Throws: `DecodingError` for octets that break the format, and for what is no hexadecimal text.
    public init(from decoder: any Decoder) throws {
        self = try decoder.parseOctets { reader throws(ParseError) in try SecureNetworkBeacon(parsing: &reader) }
    }

    /// - Throws: What the encoder throws.
    public func encode(to encoder: any Encoder) throws { try encoder.encodeOctets(octets) }
}
