/// A cursor over the borrowed bytes of one frame.
///
/// A reader holds the whole frame, an offset and an end, so that an error in a nested piece still points into
/// the frame. Reading beyond the end throws and leaves the cursor where it was.
public struct ByteReader: ~Escapable {
    @usableFromInline let bytes: Span<UInt8>
    /// The offset of the next octet, from the beginning of the frame.
    public private(set) var offset: Int
    /// The offset behind the last octet of this piece.
    public let end: Int

    @inlinable
    @_lifetime(copy bytes)
    public init(_ bytes: Span<UInt8>) {
        self.init(bytes, from: 0, to: bytes.count)
    }

    @usableFromInline
    @_lifetime(copy bytes)
    init(_ bytes: Span<UInt8>, from offset: Int, to end: Int) {
        self.bytes = bytes
        self.offset = offset
        self.end = end
    }

    public var remaining: Int { end - offset }
    public var isAtEnd: Bool { offset == end }

    /// The octet `distance` octets ahead of the cursor, which does not move.
    public func peek(_ distance: Int = 0) throws(ParseError) -> UInt8 {
        guard distance >= 0, distance < remaining else {
            throw ParseError(.truncated(needed: distance + 1, available: remaining), at: offset)
        }
        return bytes[offset + distance]
    }

    public mutating func readUInt8() throws(ParseError) -> UInt8 {
        try require(1)
        let value = bytes[offset]
        offset += 1
        return value
    }

    public mutating func readUInt16BigEndian() throws(ParseError) -> UInt16 {
        UInt16(truncatingIfNeeded: try readBigEndian(2))
    }

    public mutating func readUInt16LittleEndian() throws(ParseError) -> UInt16 {
        UInt16(truncatingIfNeeded: try readLittleEndian(2))
    }

    public mutating func readUInt32BigEndian() throws(ParseError) -> UInt32 {
        UInt32(truncatingIfNeeded: try readBigEndian(4))
    }

    public mutating func readUInt32LittleEndian() throws(ParseError) -> UInt32 {
        UInt32(truncatingIfNeeded: try readLittleEndian(4))
    }

    /// An unsigned number of 1 to 8 octets, most significant octet first.
    public mutating func readBigEndian(_ count: Int) throws(ParseError) -> UInt64 {
        precondition((1...8).contains(count))
        try require(count)
        var value: UInt64 = 0
        for index in 0..<count { value = value << 8 | UInt64(bytes[offset + index]) }
        offset += count
        return value
    }

    /// An unsigned number of 1 to 8 octets, least significant octet first.
    public mutating func readLittleEndian(_ count: Int) throws(ParseError) -> UInt64 {
        precondition((1...8).contains(count))
        try require(count)
        var value: UInt64 = 0
        for index in 0..<count { value |= UInt64(bytes[offset + index]) << UInt64(8 * index) }
        offset += count
        return value
    }

    /// Up to 16 octets, the first one most significant, the value left-aligned and filled up with zeros.
    public mutating func readLeftAligned(_ count: Int) throws(ParseError) -> UInt128 {
        precondition((0...16).contains(count))
        try require(count)
        var high: UInt64 = 0
        var low: UInt64 = 0
        for index in 0..<min(count, 8) { high |= UInt64(bytes[offset + index]) << UInt64(56 - 8 * index) }
        if count > 8 {
            for index in 8..<count { low |= UInt64(bytes[offset + index]) << UInt64(120 - 8 * index) }
        }
        offset += count
        return UInt128(high) << 64 | UInt128(low)
    }

    public mutating func readOctets(_ count: Int) throws(ParseError) -> [UInt8] {
        try require(count)
        var octets: [UInt8] = []
        octets.reserveCapacity(count)
        for index in 0..<count { octets.append(bytes[offset + index]) }
        offset += count
        return octets
    }

    public mutating func skip(_ count: Int) throws(ParseError) {
        try require(count)
        offset += count
    }

    /// The next `count` octets as a reader of their own, which still counts offsets from the frame's beginning.
    @_lifetime(copy self)
    public mutating func readPiece(_ count: Int) throws(ParseError) -> ByteReader {
        guard count >= 0, count <= remaining else {
            throw ParseError(.lengthBeyondEnd(length: count, available: remaining), at: offset)
        }
        let piece = ByteReader(bytes, from: offset, to: offset + count)
        offset += count
        return piece
    }

    /// Throws if octets are left.
    public func requireEnd() throws(ParseError) {
        guard isAtEnd else { throw ParseError(.trailingOctets(remaining), at: offset) }
    }

    private func require(_ count: Int) throws(ParseError) {
        guard count >= 0, count <= remaining else {
            throw ParseError(.truncated(needed: count, available: remaining), at: offset)
        }
    }
}
