/// SEQ: 24 bits that a source never uses twice under one IV Index.
public struct SequenceNumber: Hashable, Comparable, Sendable {
    /// 24 bits.
    public let value: UInt32

    /// 0xFFFFFF, behind which a source needs another IV Index.
    public static let last = SequenceNumber(truncating: 0xFF_FFFF)

    /// `nil` beyond 24 bits.
    public init?(_ value: some BinaryInteger) {
        guard let value = UInt32(exactly: value), value <= 0xFF_FFFF else { return nil }
        self.value = value
    }

    /// The low 24 bits.
    public init(truncating value: UInt32) {
        self.value = value & 0xFF_FFFF
    }

    /// In the order of the numbers.
    public static func < (left: Self, right: Self) -> Bool { left.value < right.value }
}

/// IV Index and SEQ of one source: the pair that must never repeat.
public struct SequencePosition: Hashable, Comparable, Sendable {
    /// The IV Index that the PDU was sent with.
    public let ivIndex: IVIndex
    /// SEQ under this IV Index.
    public let sequence: SequenceNumber

    /// The pair.
    public init(_ ivIndex: IVIndex, _ sequence: SequenceNumber) {
        self.ivIndex = ivIndex
        self.sequence = sequence
    }

    /// By IV Index, and by SEQ under the same one.
    public static func < (left: Self, right: Self) -> Bool {
        (left.ivIndex, left.sequence) < (right.ivIndex, right.sequence)
    }
}

/// A number, 0 to 2²⁴ - 1.
extension SequenceNumber: Codable {
    /// - Throws: `DecodingError` for any other value.
    public init(from decoder: any Decoder) throws {
        self = try decoder.decodeNumber { (number: UInt32) in SequenceNumber(number) }
    }

    /// - Throws: What the encoder throws.
    public func encode(to encoder: any Encoder) throws { try encoder.encodeNumber(value) }
}

/// A number of 56 bits: the IV Index before SEQ, so that the numbers are ordered as the positions are.
extension SequencePosition: Codable {
    /// - Throws: `DecodingError` for any other value.
    public init(from decoder: any Decoder) throws {
        self = try decoder.decodeNumber { (number: UInt64) in
            guard let index = UInt32(exactly: number >> 24) else { return nil }
            return Self(IVIndex(index), SequenceNumber(truncating: UInt32(truncatingIfNeeded: number)))
        }
    }

    /// - Throws: What the encoder throws.
    public func encode(to encoder: any Encoder) throws {
        try encoder.encodeNumber(UInt64(ivIndex.value) << 24 | UInt64(sequence.value))
    }
}
