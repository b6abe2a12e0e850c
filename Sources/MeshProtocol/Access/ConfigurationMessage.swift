import ByteParsing
public import MeshCrypto

/// The configuration messages that matter to a recovery, with their fields: Mesh Protocol 1.1, "Foundation models".
///
/// Numbers of several octets are little endian.
public enum ConfigurationMessage: Hashable, Sendable {
    /// A Config NetKey Add: a key for a subnet that the node does not know yet.
    case netKeyAdd(index: KeyIndex, NetKey)
    /// A Config NetKey Update: a Key Refresh of this subnet begins.
    case netKeyUpdate(index: KeyIndex, NetKey)
    /// A Config NetKey Delete.
    case netKeyDelete(index: KeyIndex)
    /// A Config NetKey Status, the answer to the three before.
    case netKeyStatus(FoundationStatus, index: KeyIndex)
    /// A Config AppKey Add.
    case appKeyAdd(KeyIndexes, AppKey)
    /// A Config AppKey Update, during a Key Refresh.
    case appKeyUpdate(KeyIndexes, AppKey)
    /// A Config AppKey Delete.
    case appKeyDelete(KeyIndexes)
    /// A Config AppKey Status, the answer to the three before.
    case appKeyStatus(FoundationStatus, KeyIndexes)
    /// A Config Key Refresh Phase Get.
    case keyRefreshPhaseGet(index: KeyIndex)
    /// `transition`: 2 to phase 2, 3 to the end.
    case keyRefreshPhaseSet(index: KeyIndex, transition: UInt8)
    /// `phase`: 0 none, 1 the new key is known, 2 it is in use.
    case keyRefreshPhaseStatus(FoundationStatus, index: KeyIndex, phase: UInt8)
    /// A Config Beacon Set or Status: whether the node sends Secure Network beacons, 0 or 1.
    case beacon(isStatus: Bool, UInt8)
    /// `updateInterval`: units of 10 s; a Set may leave it out.
    case privateBeacon(isStatus: Bool, UInt8, updateInterval: UInt8?)
    /// A Config Node Reset or its Status: the node leaves the network.
    case nodeReset(isStatus: Bool)
    /// A Config Heartbeat Publication Set, or its Status with a status code.
    case heartbeatPublication(FoundationStatus?, HeartbeatPublication)
    /// A Config Heartbeat Subscription Set, or its Status with a status code.
    case heartbeatSubscription(FoundationStatus?, HeartbeatSubscription)

    /// NetKeyIndex and AppKeyIndex: two times 12 bits in three octets.
    public struct KeyIndexes: Hashable, Sendable {
        /// The key index of the subnet to which the application key is bound.
        public let net: KeyIndex
        /// The key index of the application key.
        public let app: KeyIndex
    }

    ///     destination 2 · CountLog 1 · PeriodLog 1 · TTL 1 · features 2 · NetKeyIndex 2
    public struct HeartbeatPublication: Hashable, Sendable {
        /// Where the node sends its Heartbeats; 0x0000 for nowhere.
        public let destination: MeshAddress
        /// How many follow, as 2^(n-1); 0 none, 0xFF without end.
        public let countLog: UInt8
        /// Seconds between them, as 2^(n-1).
        public let periodLog: UInt8
        /// 0…127, of the Heartbeats.
        public let ttl: UInt8
        /// Bits: a Heartbeat is sent where one of these features changes.
        public let features: UInt16
        /// The key index of the subnet in which they are sent.
        public let netKeyIndex: KeyIndex
    }

    ///     source 2 · destination 2 · PeriodLog 1 · [CountLog 1 · MinHops 1 · MaxHops 1, in a Status]
    public struct HeartbeatSubscription: Hashable, Sendable {
        /// The source whose Heartbeats the node counts; 0x0000 if it counts none.
        public let source: MeshAddress
        /// Under which address it hears them.
        public let destination: MeshAddress
        /// Seconds for which it still counts, as 2^(n-1).
        public let periodLog: UInt8
        /// How many it counted, as 2^(n-1); `nil` in a Set.
        public let countLog: UInt8?
        /// The fewest and the most hops that it saw; `nil` in a Set, and where the fewest are more than the most.
        public let hops: ClosedRange<UInt8>?
    }

    /// `nil` for any other message, and for one that breaks its format.
    public init?(_ message: AccessMessage) {
        guard let known = message.read(isWhole: true, Self.parse) else { return nil }
        self = known
    }

    private static func parse(_ opcode: UInt16, _ reader: inout ByteReader) throws(ParseError) -> Self? {
        switch opcode {
        case 0x00: return .appKeyAdd(try KeyIndexes(parsing: &reader), try AppKey(parsing: &reader))
        case 0x01: return .appKeyUpdate(try KeyIndexes(parsing: &reader), try AppKey(parsing: &reader))
        case 0x8000: return .appKeyDelete(try KeyIndexes(parsing: &reader))
        case 0x8003: return .appKeyStatus(try FoundationStatus(parsing: &reader), try KeyIndexes(parsing: &reader))
        case 0x8040: return .netKeyAdd(index: try index(&reader), try NetKey(parsing: &reader))
        case 0x8045: return .netKeyUpdate(index: try index(&reader), try NetKey(parsing: &reader))
        case 0x8041: return .netKeyDelete(index: try index(&reader))
        case 0x8044: return .netKeyStatus(try FoundationStatus(parsing: &reader), index: try index(&reader))
        case 0x8015: return .keyRefreshPhaseGet(index: try index(&reader))
        case 0x8016: return .keyRefreshPhaseSet(index: try index(&reader), transition: try reader.readUInt8())
        case 0x8017:
            let status = try FoundationStatus(parsing: &reader)
            return .keyRefreshPhaseStatus(status, index: try index(&reader), phase: try reader.readUInt8())
        case 0x800A, 0x800B: return .beacon(isStatus: opcode == 0x800B, try reader.readUInt8())
        case 0x8061, 0x8062:
            let state = try reader.readUInt8()
            let interval = reader.isAtEnd ? nil : try reader.readUInt8()
            return .privateBeacon(isStatus: opcode == 0x8062, state, updateInterval: interval)
        case 0x8049, 0x804A: return .nodeReset(isStatus: opcode == 0x804A)
        case 0x8039: return .heartbeatPublication(nil, try HeartbeatPublication(parsing: &reader))
        case 0x06:
            let status = try FoundationStatus(parsing: &reader)
            return .heartbeatPublication(status, try HeartbeatPublication(parsing: &reader))
        case 0x803B: return .heartbeatSubscription(nil, try HeartbeatSubscription(parsing: &reader))
        case 0x803C:
            let status = try FoundationStatus(parsing: &reader)
            return .heartbeatSubscription(status, try HeartbeatSubscription(parsing: &reader))
        default: return nil
        }
    }

    private static func index(_ reader: inout ByteReader) throws(ParseError) -> KeyIndex {
        KeyIndex(truncating: try reader.readUInt16LittleEndian())
    }
}

extension AccessMessage {
    /// Whether the message hands out a key, also where it breaks its format: its parameters are nothing to be shown.
    public var handsOutKey: Bool {
        guard case .sig(let opcode) = opcode else { return false }
        return [0x00, 0x01, 0x8040, 0x8045].contains(opcode)
    }
}

/// Mesh Protocol 1.1, "Status codes" of the foundation models.
public struct FoundationStatus: RawRepresentable, Hashable, Sendable {
    /// The code as sent; 0 is success.
    public let rawValue: UInt8

    /// A status of any code, reserved ones included.
    public init(rawValue: UInt8) {
        self.rawValue = rawValue
    }

    init(parsing reader: inout ByteReader) throws(ParseError) {
        rawValue = try reader.readUInt8()
    }

    /// Whether the node did what it was told.
    public var isSuccess: Bool { rawValue == 0 }

    /// In the specification's words; a reserved code as a number.
    public var name: String {
        let names = [
            "Success", "Invalid Address", "Invalid Model", "Invalid AppKey Index", "Invalid NetKey Index",
            "Insufficient Resources", "Key Index Already Stored", "Invalid Publish Parameters", "Not a Subscribe Model",
            "Storage Failure", "Feature Not Supported", "Cannot Update", "Cannot Remove", "Cannot Bind",
            "Temporarily Unable to Change State", "Cannot Set", "Unspecified Error", "Invalid Binding",
        ]
        return rawValue < names.count ? names[Int(rawValue)] : "status \(Hexadecimal.prefixed(rawValue, digits: 2))"
    }
}

extension ConfigurationMessage.KeyIndexes {
    init(parsing reader: inout ByteReader) throws(ParseError) {
        let both = try reader.readLittleEndian(3)
        net = KeyIndex(truncating: UInt16(both & 0xFFF))
        app = KeyIndex(truncating: UInt16(both >> 12))
    }
}

extension ConfigurationMessage.HeartbeatPublication {
    init(parsing reader: inout ByteReader) throws(ParseError) {
        destination = MeshAddress(try reader.readUInt16LittleEndian())
        countLog = try reader.readUInt8()
        periodLog = try reader.readUInt8()
        ttl = try reader.readUInt8()
        features = try reader.readUInt16LittleEndian()
        netKeyIndex = KeyIndex(truncating: try reader.readUInt16LittleEndian())
    }
}

extension ConfigurationMessage.HeartbeatSubscription {
    init(parsing reader: inout ByteReader) throws(ParseError) {
        source = MeshAddress(try reader.readUInt16LittleEndian())
        destination = MeshAddress(try reader.readUInt16LittleEndian())
        periodLog = try reader.readUInt8()
        guard !reader.isAtEnd else {
            countLog = nil
            hops = nil
            return
        }
        countLog = try reader.readUInt8()
        let (least, most) = (try reader.readUInt8(), try reader.readUInt8())
        hops = least <= most ? least...most : nil
    }
}

extension SecretKey {
    init(parsing reader: inout ByteReader) throws(ParseError) {
        self.init(value: try reader.readLeftAligned(16))
    }
}
