import ByteParsing

/// A 16-bit mesh address of any kind: Mesh Protocol 1.1, "Addresses".
public struct MeshAddress: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// 16 bits; 0x0000 is the unassigned address.
    public let value: UInt16

    /// An address of any kind.
    public init(_ value: UInt16) {
        self.value = value
    }

    /// 0x0001…0x7FFF: of one element.
    public var isUnicast: Bool { (0x0001...0x7FFF).contains(value) }
    /// 0x8000…0xBFFF: a hash of a Label UUID.
    public var isVirtual: Bool { (0x8000...0xBFFF).contains(value) }

    /// `0x` and four digits.
    public var description: String { Hexadecimal.prefixed(value, digits: 4) }

    /// In the order of the numbers.
    public static func < (left: Self, right: Self) -> Bool { left.value < right.value }
}

/// The address of one element of one node: 0x0001 to 0x7FFF.
public struct UnicastAddress: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// 0x0001…0x7FFF.
    public let value: UInt16

    /// `nil` for an address of another kind.
    public init?(_ value: UInt16) {
        guard MeshAddress(value).isUnicast else { return nil }
        self.value = value
    }

    /// Of what was a unicast address already.
    @inline(__always)
    init(known value: UInt16) { self.value = value }

    /// `0x` and four digits.
    public var description: String { Hexadecimal.prefixed(value, digits: 4) }

    /// In the order of the numbers.
    public static func < (left: Self, right: Self) -> Bool { left.value < right.value }
}

/// A number, 0 to 65535.
extension MeshAddress: Codable {
    /// - Throws: `DecodingError` for any other value.
    public init(from decoder: any Decoder) throws {
        self = try decoder.decodeNumber { (number: UInt16) in MeshAddress(number) }
    }

    /// - Throws: What the encoder throws.
    public func encode(to encoder: any Encoder) throws { try encoder.encodeNumber(value) }
}

/// A number, 1 to 32767.
extension UnicastAddress: Codable {
    /// - Throws: `DecodingError` for any other value.
    public init(from decoder: any Decoder) throws {
        self = try decoder.decodeNumber { (number: UInt16) in UnicastAddress(number) }
    }

    /// - Throws: What the encoder throws.
    public func encode(to encoder: any Encoder) throws { try encoder.encodeNumber(value) }
}
