/// Bytes that break a format: what is wrong, and where in the frame.
///
/// A frame with such an error becomes a finding, and the next frame is read.
@frozen
public struct ParseError: Error, Hashable, Sendable, CustomStringConvertible {
    /// In which way the bytes break their format.
    @frozen
    public enum Reason: Hashable, Sendable {
        /// A field needs more octets than its enclosing structure has left.
        case truncated(needed: Int, available: Int)
        /// A length field leads beyond the end of its enclosing structure.
        case lengthBeyondEnd(length: Int, available: Int)
        /// A structure has a length that its format does not allow.
        case invalidLength(Int)
        /// A field has a value that its format does not allow.
        case invalidValue(UInt64)
        /// Octets are left where a format says that none follow.
        case trailingOctets(Int)
    }

    /// What is wrong.
    public let reason: Reason
    /// Octets from the beginning of the frame.
    public let offset: Int

    /// An error at `offset` octets from the beginning of the frame.
    @inlinable
    public init(_ reason: Reason, at offset: Int) {
        self.reason = reason
        self.offset = offset
    }

    /// What is wrong and where, as part of a sentence.
    public var description: String {
        switch reason {
        case .truncated(let needed, let available):
            "\(needed) octets needed at offset \(offset), \(available) available"
        case .lengthBeyondEnd(let length, let available):
            "length \(length) at offset \(offset) leads beyond the end, \(available) available"
        case .invalidLength(let length):
            "a structure of \(length) octets at offset \(offset) has no valid length"
        case .invalidValue(let value):
            "value \(value) at offset \(offset) is not allowed"
        case .trailingOctets(let count):
            "\(count) octets left over at offset \(offset)"
        }
    }
}
