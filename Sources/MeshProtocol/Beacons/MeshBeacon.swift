public import ByteParsing

/// A mesh beacon as heard: Mesh Protocol 1.1, "Mesh beacons". Only authentication makes its statements evidence.
public enum MeshBeacon: Hashable, Sendable {
    /// Type 00; it carries nothing that could be authenticated.
    case unprovisionedDevice(UnprovisionedDeviceBeacon)
    /// Type 01.
    case secureNetwork(SecureNetworkBeacon)
    /// Type 02.
    case meshPrivate(MeshPrivateBeacon)

    ///     type 1 · the beacon
    ///
    /// - Throws: `ParseError` where the octets break the format.
    public init(parsing reader: inout ByteReader) throws(ParseError) {
        let start = reader.offset
        switch try reader.readUInt8() {
        case 0x00: self = .unprovisionedDevice(try UnprovisionedDeviceBeacon(parsing: &reader))
        case 0x01: self = .secureNetwork(try SecureNetworkBeacon(parsing: &reader))
        case 0x02: self = .meshPrivate(try MeshPrivateBeacon(parsing: &reader))
        case let type: throw ParseError(.invalidValue(UInt64(type)), at: start)
        }
        try reader.requireEnd()
    }

    /// As parsed: the type, and the beacon.
    public var octets: [UInt8] {
        switch self {
        case .unprovisionedDevice(let beacon): [0x00] + beacon.octets
        case .secureNetwork(let beacon): [0x01] + beacon.octets
        case .meshPrivate(let beacon): [0x02] + beacon.octets
        }
    }
}

/// The octets as heard, type included, in hexadecimal digits.
extension MeshBeacon: Codable {
    /// - Throws: `DecodingError` for octets that break the format, and for what is no hexadecimal text.
    public init(from decoder: any Decoder) throws {
        self = try decoder.parseOctets { reader throws(ParseError) in try MeshBeacon(parsing: &reader) }
    }

    /// - Throws: What the encoder throws.
    public func encode(to encoder: any Encoder) throws { try encoder.encodeOctets(octets) }
}

/// What an authenticated Secure Network or Mesh Private beacon says.
public struct NetworkBeaconStatement: Hashable, Sendable, Codable {
    /// IV Index and IV Update Flag.
    public let state: IVState
    /// The Key Refresh Flag: the network is in phase 2 of a Key Refresh.
    public let isKeyRefresh: Bool

    /// `flags`: bit 0 Key Refresh, bit 1 IV Update; the others are reserved.
    init(flags: UInt8, ivIndex: UInt32) {
        state = IVState(index: IVIndex(ivIndex), updateFlag: flags & 2 != 0)
        isKeyRefresh = flags & 1 != 0
    }

    /// What a node says that is in this state.
    public init(state: IVState, isKeyRefresh: Bool) {
        self.state = state
        self.isKeyRefresh = isKeyRefresh
    }

    var flags: UInt8 { (isKeyRefresh ? 1 : 0) | (state.isUpdateInProgress ? 2 : 0) }
}
