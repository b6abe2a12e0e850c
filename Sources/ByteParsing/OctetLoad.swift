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

extension MutableSpan where Element == UInt8 {
    /// Puts the octets of a number at `offset`, least significant first; there must be room for all of them.
    @inlinable @inline(__always)
    @_lifetime(self: copy self)
    public mutating func storeLittleEndian<Number: FixedWidthInteger & BitwiseCopyable>(
        _ number: Number, at offset: Int
    ) {
        precondition(offset >= 0 && offset <= count &- MemoryLayout<Number>.size)
        unsafe withUnsafeMutableBufferPointer { octets in
            unsafe UnsafeMutableRawBufferPointer(octets).storeBytes(
                of: number.littleEndian, toByteOffset: offset, as: Number.self)
        }
    }

    /// Copies borrowed octets to `offset`; there must be room for all of them.
    @inlinable @inline(__always)
    @_lifetime(self: copy self)
    public mutating func store(_ octets: Span<UInt8>, at offset: Int) {
        precondition(offset >= 0 && offset <= count &- octets.count)
        unsafe withUnsafeMutableBufferPointer { room in
            unsafe octets.withUnsafeBufferPointer { octets in
                unsafe UnsafeMutableRawBufferPointer(rebasing: UnsafeMutableRawBufferPointer(room)[offset...])
                    .copyMemory(from: UnsafeRawBufferPointer(octets))
            }
        }
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
