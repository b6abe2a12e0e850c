import CLZMA

/// An xz decompressor; the only file that imports liblzma.
@safe final class XZDecompressor: Decompressor {
    /// liblzma keeps its address.
    private let stream: UnsafeMutablePointer<lzma_stream>

    init?() {
        unsafe stream = .allocate(capacity: 1)
        unsafe stream.initialize(to: lzma_stream())
        guard restart() else { return nil }
    }

    deinit {
        unsafe lzma_end(stream)
        unsafe stream.deallocate()
    }

    func restart() -> Bool {
        unsafe lzma_stream_decoder(stream, UInt64(Compression.mostMemory), 0) == LZMA_OK
    }

    @unsafe func decode(
        _ input: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer
    ) -> DecodingStep {
        unsafe stream.pointee.next_in = input.assumingMemoryBound(to: UInt8.self).baseAddress
        unsafe stream.pointee.avail_in = input.count
        unsafe stream.pointee.next_out = output.assumingMemoryBound(to: UInt8.self).baseAddress
        unsafe stream.pointee.avail_out = output.count
        let result = unsafe lzma_code(stream, LZMA_RUN)
        return unsafe DecodingStep(
            consumed: input.count - stream.pointee.avail_in, produced: output.count - stream.pointee.avail_out,
            outcome: outcome(result))
    }

    private func outcome(_ result: lzma_ret) -> DecodingStep.Outcome {
        switch result {
        case LZMA_OK, LZMA_BUF_ERROR: .goesOn
        case LZMA_STREAM_END: .ended
        case LZMA_MEMLIMIT_ERROR:
            .failed(
                "it needs \(unsafe lzma_memusage(stream) >> 20) MiB of memory to be read, and may have "
                    + "\(Compression.mostMemory >> 20) here: 'xz -dc FILE | meshscope analyze -' decompresses it before"
            )
        case LZMA_DATA_ERROR: .failed("the octets are damaged")
        case LZMA_FORMAT_ERROR: .failed("no such stream begins here")
        case LZMA_OPTIONS_ERROR: .failed("it was written with options that liblzma does not know")
        case LZMA_MEM_ERROR: .failed("out of memory")
        default: .failed("liblzma gives up with error \(result.rawValue)")
        }
    }
}
