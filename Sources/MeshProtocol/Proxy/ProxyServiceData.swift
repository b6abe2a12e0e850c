public import ByteParsing
public import MeshCrypto

/// What a proxy server advertises of itself: Mesh Protocol 1.1, "Mesh Proxy Service advertising".
///
///     00 · Network ID 8                  Network ID
///     01 · hash 8 · random 8             Node Identity
///     02 · hash 8 · random 8             Private Network Identity
///     03 · hash 8 · random 8             Private Node Identity
public enum ProxyServiceData: Hashable, Sendable {
    /// The network's Network ID, in clear.
    case networkID(UInt64)
    /// 64 bits each: a hash of the address and of `random`.
    case nodeIdentity(hash: UInt64, random: UInt64)
    /// A hash of the Network ID and of `random`, so that it changes.
    case privateNetworkIdentity(hash: UInt64, random: UInt64)
    /// As a node identity, with another padding.
    case privateNodeIdentity(hash: UInt64, random: UInt64)

    /// The 16-bit UUID of the Mesh Proxy Service.
    public static let serviceUUID: UInt16 = 0x1828

    /// `reader`: what follows the service's UUID.
    ///
    /// - Throws: `ParseError` where the octets break the format.
    public init(parsing reader: inout ByteReader) throws(ParseError) {
        let start = reader.offset
        let type = try reader.readUInt8()
        let first = try reader.readBigEndian(8)
        guard type != 0 else {
            self = .networkID(first)
            try reader.requireEnd()
            return
        }
        let random = try reader.readBigEndian(8)
        switch type {
        case 1: self = .nodeIdentity(hash: first, random: random)
        case 2: self = .privateNetworkIdentity(hash: first, random: random)
        case 3: self = .privateNodeIdentity(hash: first, random: random)
        default: throw ParseError(.invalidValue(UInt64(type)), at: start)
        }
        try reader.requireEnd()
    }

    /// Whether it tells which node it is, by a hash of its address.
    public var isOfNode: Bool {
        switch self {
        case .nodeIdentity, .privateNodeIdentity: true
        case .networkID, .privateNetworkIdentity: false
        }
    }

    /// As parsed, without the service's UUID.
    var octets: [UInt8] {
        switch self {
        case .networkID(let id): [0x00] + id.octets
        case .nodeIdentity(let hash, let random): [0x01] + hash.octets + random.octets
        case .privateNetworkIdentity(let hash, let random): [0x02] + hash.octets + random.octets
        case .privateNodeIdentity(let hash, let random): [0x03] + hash.octets + random.octets
        }
    }

    /// Who advertises, if these keys tell.
    public enum Identity: Hashable, Sendable {
        /// Some node of the network.
        case network
        /// The node whose first element has this address.
        case node(UnicastAddress)
    }

    /// Resolves an identity by trying every unicast address: 32,767 blocks in one call.
    public func resolve(with keys: NetworkKeys) -> Identity? {
        switch self {
        case .networkID(let id): return id == keys.networkID ? .network : nil
        case .privateNetworkIdentity(let hash, let random):
            let block = UInt128(keys.networkID) << 64 | UInt128(random)
            return UInt64(truncatingIfNeeded: AESCipher(key: keys.identityKey).encrypt(block)) == hash ? .network : nil
        case .nodeIdentity(let hash, let random): return Self.node(hash, random, pad: 0x00, keys)
        case .privateNodeIdentity(let hash, let random): return Self.node(hash, random, pad: 0x03, keys)
        }
    }

    ///     padding 6 (the last octet 03 for the private kind) · random 8 · address 2
    private static func node(_ hash: UInt64, _ random: UInt64, pad: UInt128, _ keys: NetworkKeys) -> Identity? {
        let head = pad << 80 | UInt128(random) << 16
        var blocks = (UInt16(1)...0x7FFF).map { head | UInt128($0) }
        AESCipher(key: keys.identityKey).encrypt(&blocks)
        guard let index = blocks.firstIndex(where: { UInt64(truncatingIfNeeded: $0) == hash }) else { return nil }
        return UnicastAddress(UInt16(index + 1)).map(Identity.node)
    }
}

/// The octets as heard, without the service's UUID, in hexadecimal digits.
extension ProxyServiceData: Codable {
    /// - Throws: `DecodingError` for octets that break the format, and for what is no hexadecimal text.
    public init(from decoder: any Decoder) throws {
        self = try decoder.parseOctets { reader throws(ParseError) in try ProxyServiceData(parsing: &reader) }
    }

    /// - Throws: What the encoder throws.
    public func encode(to encoder: any Encoder) throws { try encoder.encodeOctets(octets) }
}
