import ByteParsing

/// A 16-bit mesh address of any kind: Mesh Protocol 1.1, "Addresses".
public struct MeshAddress: Hashable, Comparable, Sendable, CustomStringConvertible {
    public let value: UInt16

    public init(_ value: UInt16) {
        self.value = value
    }

    public var isUnicast: Bool { (0x0001...0x7FFF).contains(value) }
    public var isVirtual: Bool { (0x8000...0xBFFF).contains(value) }

    public var description: String { Hexadecimal.prefixed(value, digits: 4) }

    public static func < (left: Self, right: Self) -> Bool { left.value < right.value }
}

/// The address of one element of one node: 0x0001 to 0x7FFF.
public struct UnicastAddress: Hashable, Comparable, Sendable, CustomStringConvertible {
    public let value: UInt16

    public init?(_ value: UInt16) {
        guard MeshAddress(value).isUnicast else { return nil }
        self.value = value
    }

    public var description: String { Hexadecimal.prefixed(value, digits: 4) }

    public static func < (left: Self, right: Self) -> Bool { left.value < right.value }
}
