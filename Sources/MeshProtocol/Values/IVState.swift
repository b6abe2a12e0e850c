/// The IV Index of a network, 32 bits.
public struct IVIndex: Hashable, Comparable, Sendable {
    /// 0 when a network begins, one more with each update.
    public let value: UInt32

    /// Any 32 bits.
    public init(_ value: UInt32) {
        self.value = value
    }

    /// In the order of the numbers.
    public static func < (left: Self, right: Self) -> Bool { left.value < right.value }

    /// The least significant bit, which a Network PDU carries in clear.
    public var ivi: UInt8 { UInt8(value & 1) }

    /// The IV Index `distance` away; `nil` outside of 32 bits.
    public func advanced(by distance: Int64) -> IVIndex? {
        UInt32(exactly: Int64(value) + distance).map(IVIndex.init)
    }
}

/// IV Index and IV Update Flag, as beacons say them: Mesh Protocol 1.1, "IV Update procedure".
///
/// States are ordered as a network goes through them: (n, Normal) < (n+1, in progress) < (n+1, Normal).
public enum IVState: Hashable, Comparable, Sendable {
    /// IV Update Flag 0: nodes transmit with this IV Index.
    case normalOperation(IVIndex)
    /// IV Update Flag 1: nodes transmit with the IV Index before this one and accept both.
    case updateInProgress(IVIndex)

    /// As the fields of a beacon say it.
    public init(index: IVIndex, updateFlag: Bool) {
        self = updateFlag ? .updateInProgress(index) : .normalOperation(index)
    }

    /// As in the beacon.
    public var index: IVIndex {
        switch self {
        case .normalOperation(let index), .updateInProgress(let index): index
        }
    }

    /// The IV Update Flag.
    public var isUpdateInProgress: Bool {
        if case .updateInProgress = self { true } else { false }
    }

    /// The IV Index that nodes transmit with: one less while an update is in progress.
    public var transmitIndex: IVIndex {
        isUpdateInProgress ? index.advanced(by: -1) ?? index : index
    }

    /// Counts the states in their order, two for each IV Index.
    public var step: Int64 { Int64(index.value) * 2 + (isUpdateInProgress ? 0 : 1) }

    /// In the order in which a network goes through them.
    public static func < (left: Self, right: Self) -> Bool { left.step < right.step }
}

/// The numbers of the IV Update procedure and of IV Index Recovery: Mesh Protocol 1.1, "IV Update procedure" and
/// "IV Index Recovery procedure".
public enum IVUpdateRules {
    /// A node stays at least this long in Normal Operation, and at least this long in IV Update in Progress.
    public static let minimumStateDuration = Duration.seconds(96 * 3600)
    /// A node stays at most this long in IV Update in Progress.
    public static let maximumUpdateDuration = Duration.seconds(144 * 3600)
    /// A node recovers its IV Index at most once in this time.
    public static let minimumRecoveryInterval = Duration.seconds(192 * 3600)
    /// A node takes an IV Index from a beacon only if it is at most this far ahead of its own.
    public static let maximumAhead: UInt32 = 42
}

/// A number, 0 to 2³² - 1.
extension IVIndex: Codable {
    /// - Throws: `DecodingError` for any other value.
    public init(from decoder: any Decoder) throws {
        self = try decoder.decodeNumber { (number: UInt32) in IVIndex(number) }
    }

    /// - Throws: What the encoder throws.
    public func encode(to encoder: any Encoder) throws { try encoder.encodeNumber(value) }
}

/// The IV Index as beacons say it, and the flag beside it.
extension IVState: Codable {
    private enum CodingKeys: CodingKey {
        case ivIndex
        case isUpdateInProgress
    }

    /// - Throws: `DecodingError` where a member is missing or is none of its kind.
    public init(from decoder: any Decoder) throws {
        let members = try decoder.container(keyedBy: CodingKeys.self)
        self.init(
            index: try members.decode(IVIndex.self, forKey: .ivIndex),
            updateFlag: try members.decode(Bool.self, forKey: .isUpdateInProgress))
    }

    /// - Throws: What the encoder throws.
    public func encode(to encoder: any Encoder) throws {
        var members = encoder.container(keyedBy: CodingKeys.self)
        try members.encode(index, forKey: .ivIndex)
        try members.encode(isUpdateInProgress, forKey: .isUpdateInProgress)
    }
}
