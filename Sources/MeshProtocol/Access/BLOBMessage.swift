import ByteParsing

/// The messages that tell of a BLOB transfer in flight: Mesh Binary Large Object Transfer Model 1.0, and the Firmware Update messages of
/// Mesh Device Firmware Update Model 1.0 that begin and end one. Numbers of several octets are little endian.
public enum BLOBMessage: Hashable, Sendable {
    ///     BLOB Transfer Start: mode 2 bits · RFU 6 · BLOB ID 8 · BLOB size 4 · block size log 1 · client MTU 2
    ///
    /// `size`: octets. `blockSizeLog`: a block has 2^n octets.
    case transferStart(id: UInt64, size: UInt32, blockSizeLog: UInt8)
    ///     BLOB Transfer Cancel: BLOB ID 8
    case transferCancel(id: UInt64)
    ///     BLOB Transfer Status: status 4 bits · RFU 2 · mode 2 · phase 1 · [BLOB ID 8 · [size 4 · block size log 1 · MTU 2 · blocks …]]
    ///
    /// `phase`: 0 inactive, 1 waiting for the start, 2 for the next block, 3 for chunks, 4 complete, 5 suspended.
    case transferStatus(status: UInt8, phase: UInt8, id: UInt64?)
    ///     BLOB Block Start: block number 2 · chunk size 2
    case blockStart(block: UInt16)
    ///     BLOB Chunk Transfer: chunk number 2 · data
    case chunkTransfer(chunk: UInt16)
    ///     BLOB Block Status: status 4 bits · RFU 2 · format 2 · block number 2 · chunk size 2 · …
    ///
    /// `isComplete`: the server misses no chunk of the block.
    case blockStatus(block: UInt16, isComplete: Bool)
    /// A server asks for chunks, or says that it has all of them.
    case partialBlockReport
    ///     Firmware Update Start: TTL 1 · timeout base 2 · BLOB ID 8 · image index 1 · metadata
    ///
    /// `timeoutBase`: units of 10 s, of the BLOB transfer that follows.
    case updateStart(ttl: UInt8, timeoutBase: UInt16, id: UInt64)
    /// A Firmware Update Cancel.
    case updateCancel
    /// A Firmware Update Apply: the transfer is over.
    case updateApply

    /// Seconds that a timeout base stands for: how long a server waits for its client.
    public static func timeout(base: UInt16) -> Int { 10 * (Int(base) + 1) }

    /// `nil` for any other message, and for one that breaks its format.
    public init?(_ message: AccessMessage) {
        guard let known = message.read(Self.parse) else { return nil }
        self = known
    }

    private static func parse(_ opcode: UInt16, _ reader: inout ByteReader) throws(ParseError) -> Self? {
        switch opcode {
        case 0x8301:
            _ = try reader.readUInt8()
            let id = try reader.readLittleEndian(8)
            let size = UInt32(truncatingIfNeeded: try reader.readLittleEndian(4))
            return .transferStart(id: id, size: size, blockSizeLog: try reader.readUInt8())
        case 0x8302: return .transferCancel(id: try reader.readLittleEndian(8))
        case 0x8303:
            let status = try reader.readUInt8() & 0x0F
            let phase = try reader.readUInt8()
            return .transferStatus(
                status: status, phase: phase, id: reader.isAtEnd ? nil : try reader.readLittleEndian(8))
        case 0x8304: return .blockStart(block: try reader.readUInt16LittleEndian())
        case 0x66: return .chunkTransfer(chunk: try reader.readUInt16LittleEndian())
        case 0x67:
            let format = try reader.readUInt8() >> 6
            return .blockStatus(block: try reader.readUInt16LittleEndian(), isComplete: format == 1)
        case 0x68: return .partialBlockReport
        case 0x830D:
            let ttl = try reader.readUInt8()
            let timeout = try reader.readUInt16LittleEndian()
            return .updateStart(ttl: ttl, timeoutBase: timeout, id: try reader.readLittleEndian(8))
        case 0x830E: return .updateCancel
        case 0x830F: return .updateApply
        default: return nil
        }
    }
}
