/// Numbers of several octets, each in one load, and octets in one copy: the optimiser merges loads of single octets only now and
/// then, and frames are read by the million. The only file of this target that says `unsafe`; every load is checked.
extension Span where Element == UInt8 {
    /// The number that begins at `offset`, least significant octet first; all of its octets must be there.
    @inlinable @inline(__always)
    public func loadLittleEndian<Number: FixedWidthInteger & BitwiseCopyable>(_ type: Number.Type, at offset: Int)
        -> Number
    {
        precondition(offset >= 0 && offset <= count &- MemoryLayout<Number>.size)
        return unsafe Number(littleEndian: bytes.unsafeLoadUnaligned(fromByteOffset: offset, as: Number.self))
    }

    /// The number that begins at `offset`, most significant octet first; all of its octets must be there.
    @inlinable @inline(__always)
    public func loadBigEndian<Number: FixedWidthInteger & BitwiseCopyable>(_ type: Number.Type, at offset: Int)
        -> Number
    {
        loadLittleEndian(type, at: offset).byteSwapped
    }
}

extension [UInt8] {
    /// Appends a copy of borrowed octets.
    @inlinable
    public mutating func append(_ span: Span<UInt8>) {
        unsafe span.withUnsafeBufferPointer { octets in unsafe append(contentsOf: octets) }
    }

    /// Appends the octets of a number, least significant first.
    @inlinable @inline(__always)
    public mutating func appendLittleEndian(_ number: some FixedWidthInteger & BitwiseCopyable) {
        unsafe Swift.withUnsafeBytes(of: number.littleEndian) { octets in unsafe append(contentsOf: octets) }
    }
}
