/// SEQ: 24 bits that a source never uses twice under one IV Index.
public struct SequenceNumber: Hashable, Comparable, Sendable {
    public let value: UInt32

    public static let last = SequenceNumber(truncating: 0xFF_FFFF)

    /// `nil` beyond 24 bits.
    public init?(_ value: some BinaryInteger) {
        guard let value = UInt32(exactly: value), value <= 0xFF_FFFF else { return nil }
        self.value = value
    }

    public init(truncating value: UInt32) {
        self.value = value & 0xFF_FFFF
    }

    public static func < (left: Self, right: Self) -> Bool { left.value < right.value }
}

/// IV Index and SEQ of one source: the pair that must never repeat.
public struct SequencePosition: Hashable, Comparable, Sendable {
    /// The IV Index that the PDU was sent with.
    public let ivIndex: IVIndex
    public let sequence: SequenceNumber

    public init(_ ivIndex: IVIndex, _ sequence: SequenceNumber) {
        self.ivIndex = ivIndex
        self.sequence = sequence
    }

    public static func < (left: Self, right: Self) -> Bool {
        (left.ivIndex, left.sequence) < (right.ivIndex, right.sequence)
    }
}
