/// The index by which a network knows a NetKey or an AppKey, 12 bits: Mesh Protocol 1.1, "Global key indexes".
public struct KeyIndex: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// 0…0xFFF.
    public let value: UInt16

    /// The primary subnet's.
    public static let primary = KeyIndex(truncating: 0)

    /// `nil` beyond 12 bits.
    public init?(_ value: some BinaryInteger) {
        guard let value = UInt16(exactly: value), value <= 0xFFF else { return nil }
        self.value = value
    }

    /// The low 12 bits, as a message has them beside four that are reserved.
    public init(truncating value: UInt16) {
        self.value = value & 0xFFF
    }

    /// The index in decimal.
    public var description: String { "\(value)" }

    /// In the order of the numbers.
    public static func < (left: Self, right: Self) -> Bool { left.value < right.value }
}

/// A number, 0 to 4095.
extension KeyIndex: Codable {
    /// - Throws: `DecodingError` for what is no number of 12 bits.
    public init(from decoder: any Decoder) throws {
        self = try decoder.decodeNumber { (number: UInt16) in KeyIndex(number) }
    }

    /// - Throws: What the encoder throws.
    public func encode(to encoder: any Encoder) throws { try encoder.encodeNumber(value) }
}
