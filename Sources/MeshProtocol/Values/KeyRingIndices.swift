/// A place in a list of a key ring, counted from 0. Each list has a type of its own for it, so that no place of one
/// list is taken for another one's.
public protocol KeyRingPlace: Hashable, Comparable, Sendable, Codable {
    /// From 0 on.
    var value: Int { get }

    /// The place that is `value` places behind the first.
    init(_ value: Int)
}

extension KeyRingPlace {
    /// In the order of the list.
    public static func < (left: Self, right: Self) -> Bool { left.value < right.value }

    /// A number from 0 on.
    ///
    /// - Throws: `DecodingError` for a number below 0, and for what is no number.
    public init(from decoder: any Decoder) throws {
        self = try decoder.decodeNumber { (number: Int) in number >= 0 ? Self(number) : nil }
    }

    /// - Throws: What the encoder throws.
    public func encode(to encoder: any Encoder) throws { try encoder.encodeNumber(value) }
}

/// The place of a network in `KeyRing.networks`.
public struct NetworkIndex: KeyRingPlace {
    /// From 0 on.
    public let value: Int

    /// The place that is `value` places behind the first.
    public init(_ value: Int) {
        self.value = value
    }
}

/// The place of a subnet in `KeyRing.Network.subnets`, which has nothing to do with its key index.
public struct SubnetIndex: KeyRingPlace {
    /// From 0 on.
    public let value: Int

    /// The place that is `value` places behind the first.
    public init(_ value: Int) {
        self.value = value
    }
}

/// The place of a NetKey in a network's list of keys: those of its subnets in their order, the old key of a subnet before
/// the new one, and behind them the keys that were learned, in the order in which they were.
public struct KeyPlace: KeyRingPlace {
    /// From 0 on.
    public let value: Int

    /// The place that is `value` places behind the first.
    public init(_ value: Int) {
        self.value = value
    }
}

extension KeyRing {
    /// The network at this place, which must be one of `networks`.
    public subscript(index: NetworkIndex) -> Network { networks[index.value] }
}

extension KeyRing.Network {
    /// The subnet at this place, which must be one of `subnets`.
    public subscript(index: SubnetIndex) -> KeyRing.Subnet { subnets[index.value] }
}
