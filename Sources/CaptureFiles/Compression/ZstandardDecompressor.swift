import CZstd

/// A zstd decompressor; the only file that imports libzstd.
@safe final class ZstandardDecompressor: Decompressor {
    private let context: OpaquePointer
    /// Binary logarithm of the largest window, which is what `zstd -22 --ultra` needs.
    private static let largestWindow = Int32(Compression.mostMemory.trailingZeroBitCount)

    init?() {
        guard let created = unsafe ZSTD_createDCtx() else { return nil }
        unsafe context = created
        _ = unsafe ZSTD_DCtx_setParameter(created, ZSTD_d_windowLogMax, Self.largestWindow)
    }

    deinit {
        unsafe ZSTD_freeDCtx(context)
    }

    func restart() -> Bool {
        unsafe ZSTD_isError(ZSTD_DCtx_reset(context, ZSTD_reset_session_only)) == 0
    }

    @unsafe func decode(
        _ input: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer
    ) -> DecodingStep {
        var source = unsafe ZSTD_inBuffer(src: input.baseAddress, size: input.count, pos: 0)
        var target = unsafe ZSTD_outBuffer(dst: output.baseAddress, size: output.count, pos: 0)
        let result = unsafe ZSTD_decompressStream(context, &target, &source)
        let outcome: DecodingStep.Outcome =
            ZSTD_isError(result) != 0 ? .failed(Self.explain(result)) : result == 0 ? .ended : .goesOn
        return unsafe DecodingStep(consumed: source.pos, produced: target.pos, outcome: outcome)
    }

    private static func explain(_ result: Int) -> String {
        guard ZSTD_getErrorCode(result) != ZSTD_error_frameParameter_windowTooLarge else {
            return "it needs more than \(Compression.mostMemory >> 20) MiB of memory to be read here: "
                + "'zstd -dc --long=31 FILE | meshscope analyze -' decompresses it before"
        }
        return unsafe String(cString: ZSTD_getErrorName(result))
    }
}
