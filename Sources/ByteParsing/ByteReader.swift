/// A cursor over the borrowed bytes of one frame.
///
/// A reader holds the whole frame, an offset and an end, so that an error in a nested piece still points into
/// the frame. Reading beyond the end throws and leaves the cursor where it was.
@frozen
public struct ByteReader: ~Escapable {
    @usableFromInline let bytes: Span<UInt8>
    /// The offset of the next octet, from the beginning of the frame.
    @inlinable public var offset: Int { position }
    @usableFromInline var position: Int
    /// The offset behind the last octet of this piece.
    public let end: Int

    /// A cursor at the beginning of a whole frame.
    @inlinable
    @_lifetime(copy bytes)
    public init(_ bytes: Span<UInt8>) {
        self.init(bytes, from: 0, to: bytes.count)
    }

    @inlinable
    @_lifetime(copy bytes)
    init(_ bytes: Span<UInt8>, from offset: Int, to end: Int) {
        self.bytes = bytes
        self.position = offset
        self.end = end
    }

    /// Octets of this piece that were not read yet.
    @inlinable @inline(__always) public var remaining: Int { end &- position }
    /// Whether every octet of this piece was read.
    @inlinable @inline(__always) public var isAtEnd: Bool { position == end }

    /// The octet `distance` octets ahead of the cursor, which does not move.
    ///
    /// - Throws: `ParseError` where the piece has no octet there.
    @inlinable @inline(__always)
    public func peek(_ distance: Int = 0) throws(ParseError) -> UInt8 {
        guard distance >= 0, distance < remaining else {
            throw ParseError(.truncated(needed: distance + 1, available: remaining), at: offset)
        }
        return bytes[offset + distance]
    }

    /// The next octet.
    ///
    /// - Throws: `ParseError` where the piece has no octet left.
    @inlinable @inline(__always)
    public mutating func readUInt8() throws(ParseError) -> UInt8 {
        try require(1)
        let value = bytes[position]
        position &+= 1
        return value
    }

    /// A number of 2 octets, most significant octet first.
    ///
    /// - Throws: `ParseError` where the piece has fewer octets left.
    @inlinable @inline(__always)
    public mutating func readUInt16BigEndian() throws(ParseError) -> UInt16 {
        try readUInt16LittleEndian().byteSwapped
    }

    /// A number of 2 octets, least significant octet first.
    ///
    /// - Throws: `ParseError` where the piece has fewer octets left.
    @inlinable @inline(__always)
    public mutating func readUInt16LittleEndian() throws(ParseError) -> UInt16 {
        try require(2)
        let value = bytes.loadLittleEndian(UInt16.self, at: position)
        position &+= 2
        return value
    }

    /// A number of 4 octets, most significant octet first.
    ///
    /// - Throws: `ParseError` where the piece has fewer octets left.
    @inlinable @inline(__always)
    public mutating func readUInt32BigEndian() throws(ParseError) -> UInt32 {
        try readUInt32LittleEndian().byteSwapped
    }

    /// A number of 4 octets, least significant octet first.
    ///
    /// - Throws: `ParseError` where the piece has fewer octets left.
    @inlinable @inline(__always)
    public mutating func readUInt32LittleEndian() throws(ParseError) -> UInt32 {
        try require(4)
        let value = bytes.loadLittleEndian(UInt32.self, at: position)
        position &+= 4
        return value
    }

    /// A device address, 48 bits.
    ///
    /// - Throws: `ParseError` where the piece has fewer than 6 octets left.
    @inlinable @inline(__always)
    public mutating func readUInt48LittleEndian() throws(ParseError) -> UInt64 {
        try require(6)
        let low = try readUInt32LittleEndian()
        return UInt64(low) | UInt64(try readUInt16LittleEndian()) << 32
    }

    /// An unsigned number of 1 to 8 octets, most significant octet first.
    ///
    /// - Throws: `ParseError` where the piece has fewer than `count` octets left.
    @inlinable @inline(__always)
    public mutating func readBigEndian(_ count: Int) throws(ParseError) -> UInt64 {
        precondition((1...8).contains(count))
        try require(count)
        let start = position
        position &+= count
        return leading(at: start, count: count) &>> UInt64(truncatingIfNeeded: 64 &- 8 &* count)
    }

    /// An unsigned number of 1 to 8 octets, least significant octet first.
    ///
    /// - Throws: `ParseError` where the piece has fewer than `count` octets left.
    @inlinable @inline(__always)
    public mutating func readLittleEndian(_ count: Int) throws(ParseError) -> UInt64 {
        precondition((1...8).contains(count))
        try require(count)
        let start = position
        position &+= count
        return leading(at: start, count: count).byteSwapped
    }

    /// Up to 16 octets, the first one most significant, the value left-aligned and filled up with zeros.
    ///
    /// - Throws: `ParseError` where the piece has fewer than `count` octets left.
    @inlinable @inline(__always)
    public mutating func readLeftAligned(_ count: Int) throws(ParseError) -> UInt128 {
        precondition((0...16).contains(count))
        try require(count)
        let start = position
        position &+= count
        guard count < 16 else { return bytes.loadBigEndian(UInt128.self, at: start) }
        guard count >= 8 else { return UInt128(few(at: start, count: count)) << 64 }
        // The last eight octets, without those that are in the first eight already.
        let last = bytes.loadBigEndian(UInt64.self, at: start &+ count &- 8)
        let rest = last << UInt64(truncatingIfNeeded: 8 &* (16 &- count))
        return UInt128(bytes.loadBigEndian(UInt64.self, at: start)) << 64 | UInt128(rest)
    }

    /// Up to 32 octets, left-aligned in two numbers and filled up with zeros.
    ///
    /// - Throws: `ParseError` where the piece has fewer than `count` octets left.
    @inlinable @inline(__always)
    public mutating func readTwoLeftAligned(_ count: Int) throws(ParseError) -> (first: UInt128, second: UInt128) {
        precondition((0...32).contains(count))
        try require(count)
        guard count > 16 else { return (try readLeftAligned(count), 0) }
        var last = self
        let first = try readLeftAligned(16)
        try last.skip(count - 16)
        // The last sixteen octets, without those that are in `first` already.
        let second = try last.readLeftAligned(16) &<< UInt128(truncatingIfNeeded: 8 * (32 - count))
        self = last
        return (first, second)
    }

    /// One to eight octets, left-aligned and filled up with zeros: in a single load where eight are there.
    @inlinable @inline(__always)
    func leading(at offset: Int, count: Int) -> UInt64 {
        guard offset &+ 8 <= bytes.count else { return few(at: offset, count: count) }
        let unwanted = UInt64(truncatingIfNeeded: 64 &- 8 &* count)
        return (bytes.loadBigEndian(UInt64.self, at: offset) &>> unwanted) &<< unwanted
    }

    /// Likewise, octet by octet.
    @inlinable
    func few(at offset: Int, count: Int) -> UInt64 {
        var value: UInt64 = 0
        for index in 0..<count { value |= UInt64(bytes[offset + index]) << UInt64(56 - 8 * index) }
        return value
    }

    /// A copy of the next `count` octets.
    ///
    /// - Throws: `ParseError` where the piece has fewer octets left, or `count` is negative.
    @inlinable
    public mutating func readOctets(_ count: Int) throws(ParseError) -> [UInt8] {
        var octets: [UInt8] = []
        octets.append(try readSpan(count))
        return octets
    }

    /// The next `count` octets, as they are borrowed.
    ///
    /// - Throws: `ParseError` where the piece has fewer octets left, or `count` is negative.
    @inlinable @inline(__always)
    @_lifetime(copy self)
    public mutating func readSpan(_ count: Int) throws(ParseError) -> Span<UInt8> {
        try require(count)
        let start = position
        position &+= count
        return bytes.extracting(start..<position)
    }

    /// Passes over `count` octets.
    ///
    /// - Throws: `ParseError` where the piece has fewer octets left, or `count` is negative.
    @inlinable @inline(__always)
    public mutating func skip(_ count: Int) throws(ParseError) {
        try require(count)
        position &+= count
    }

    /// The next `count` octets as a reader of their own, which still counts offsets from the frame's beginning.
    ///
    /// - Throws: `ParseError` where the piece has fewer octets left, or `count` is negative.
    @inlinable @inline(__always)
    @_lifetime(copy self)
    public mutating func readPiece(_ count: Int) throws(ParseError) -> ByteReader {
        guard count >= 0, count <= remaining else {
            throw ParseError(.lengthBeyondEnd(length: count, available: remaining), at: offset)
        }
        let piece = ByteReader(bytes, from: offset, to: offset + count)
        position &+= count
        return piece
    }

    /// Requires that no octet is left.
    ///
    /// - Throws: `ParseError` that says how many.
    @inlinable
    public func requireEnd() throws(ParseError) {
        guard isAtEnd else { throw ParseError(.trailingOctets(remaining), at: offset) }
    }

    @inlinable @inline(__always)
    func require(_ count: Int) throws(ParseError) {
        guard count >= 0, count <= remaining else {
            throw ParseError(.truncated(needed: count, available: remaining), at: offset)
        }
    }
}
