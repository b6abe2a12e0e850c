import CZlib

/// A gzip decompressor; this file is the only one that imports zlib.
@safe final class GzipDecompressor: Decompressor {
    /// zlib keeps its address.
    private let stream: UnsafeMutablePointer<z_stream>
    /// A window of 32 KiB, the largest there is, and gzip's header.
    private static let windowBits: Int32 = 15 + 16

    init?() {
        unsafe stream = .allocate(capacity: 1)
        unsafe stream.initialize(to: z_stream())
        let size = unsafe Int32(MemoryLayout<z_stream>.size)
        guard unsafe inflateInit2_(stream, Self.windowBits, ZLIB_VERSION, size) == Z_OK else { return nil }
    }

    deinit {
        unsafe inflateEnd(stream)
        unsafe stream.deallocate()
    }

    func restart() -> Bool { unsafe inflateReset(stream) == Z_OK }

    @unsafe func decode(
        _ input: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer
    ) -> DecodingStep {
        let given = UInt32(clamping: input.count)
        let room = UInt32(clamping: output.count)
        unsafe stream.pointee.next_in = UnsafeMutablePointer(
            mutating: input.assumingMemoryBound(to: UInt8.self).baseAddress)
        unsafe stream.pointee.avail_in = given
        unsafe stream.pointee.next_out = output.assumingMemoryBound(to: UInt8.self).baseAddress
        unsafe stream.pointee.avail_out = room
        let result = unsafe inflate(stream, Z_NO_FLUSH)
        return unsafe DecodingStep(
            consumed: Int(given - stream.pointee.avail_in), produced: Int(room - stream.pointee.avail_out),
            outcome: outcome(result))
    }

    private func outcome(_ result: Int32) -> DecodingStep.Outcome {
        switch result {
        case Z_OK, Z_BUF_ERROR: .goesOn
        case Z_STREAM_END: .ended
        case Z_MEM_ERROR: .failed("out of memory")
        default: .failed(unsafe stream.pointee.msg.map { unsafe String(cString: $0) } ?? "the octets are damaged")
        }
    }
}

/// gzip for written captures. The header holds no name and no time, so that the same octets give the same file.
public enum Gzip {
    /// The octets as a gzip file.
    public static func compress(_ octets: [UInt8]) -> [UInt8] {
        var stream = unsafe z_stream()
        let size = unsafe Int32(MemoryLayout<z_stream>.size)
        let ready = unsafe deflateInit2_(&stream, 9, Z_DEFLATED, 15 + 16, 9, Z_DEFAULT_STRATEGY, ZLIB_VERSION, size)
        precondition(ready == Z_OK, "zlib has no memory")
        var input = octets
        var output = [UInt8](repeating: 0, count: unsafe Int(deflateBound(&stream, UInt(octets.count))))
        let written = unsafe input.withUnsafeMutableBufferPointer { input in
            unsafe output.withUnsafeMutableBufferPointer { output in
                unsafe stream.next_in = input.baseAddress
                unsafe stream.avail_in = UInt32(input.count)
                unsafe stream.next_out = output.baseAddress
                unsafe stream.avail_out = UInt32(output.count)
                unsafe deflate(&stream, Z_FINISH)
                return unsafe Int(stream.total_out)
            }
        }
        unsafe deflateEnd(&stream)
        return Array(output.prefix(written))
    }
}
