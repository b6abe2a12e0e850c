/// One library's decompressor of one stream, and of another one behind it.
protocol Decompressor: AnyObject {
    /// Decodes as much of `input` as `output` has room for; neither is kept.
    @unsafe func decode(_ input: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer) -> DecodingStep

    /// Makes ready for another stream; false if there is no memory for it.
    func restart() -> Bool
}

/// What a decompressor did with the octets that it was given.
struct DecodingStep {
    enum Outcome {
        case goesOn
        /// The stream ended; what follows is none of it.
        case ended
        /// The stream cannot be decoded on, for this reason.
        case failed(String)
    }

    var consumed: Int
    var produced: Int
    var outcome: Outcome
}

/// The octets of a compressed file: those of all its streams, one behind another, as `cat` joins them.
final class DecompressedOctets {
    private let stored: StoredOctets
    private let compression: Compression
    private let decompressor: any Decompressor
    /// Stored octets that are not decoded yet lie in `waiting`.
    private var input = [UInt8](repeating: 0, count: 128 << 10)
    private var waiting = 0..<0
    private var isAtEnd = false
    /// A stream has ended, and whether another one follows was not looked at.
    private var isBetweenStreams = false
    private(set) var failure: String?

    /// `nil` if there is no memory for the decompressor.
    init?(_ stored: StoredOctets, _ compression: Compression) {
        guard let decompressor = compression.makeDecompressor() else { return nil }
        self.stored = stored
        self.compression = compression
        self.decompressor = decompressor
    }

    /// Stored octets that were decoded so far.
    var position: Int64 { stored.position - Int64(waiting.count) }

    /// Decodes until `target` is full or the end is reached, and returns the number of octets decoded; of what is live, what there is.
    @unsafe func read(into target: UnsafeMutableRawBufferPointer) -> Int {
        var total = 0
        while total < target.count, !isAtEnd {
            if isBetweenStreams {
                isBetweenStreams = false
                beginNextStream()
                continue
            }
            let step = unsafe decode(into: UnsafeMutableRawBufferPointer(rebasing: target[total...]))
            waiting = (waiting.lowerBound + step.consumed)..<waiting.upperBound
            total += step.produced
            switch step.outcome {
            case .goesOn:
                guard step.consumed == 0, step.produced == 0 else { continue }
                if total > 0, stored.isLive { return total }
                needMore()
            case .ended:
                isBetweenStreams = true
                if total > 0, stored.isLive { return total }
            case .failed(let reason): fail(reason)
            }
        }
        return total
    }

    @unsafe private func decode(into output: UnsafeMutableRawBufferPointer) -> DecodingStep {
        unsafe input.withUnsafeBytes { all in
            unsafe decompressor.decode(UnsafeRawBufferPointer(rebasing: all[waiting]), into: output)
        }
    }

    private func needMore() {
        guard waiting.isEmpty else { return fail("it cannot be decoded on") }
        if !refill() { fail(stored.failure ?? "unexpected end of file") }
    }

    private func fail(_ reason: String) {
        failure = "\(reason) (compressed with \(compression.rawValue))"
        isAtEnd = true
    }

    /// Puts more stored octets behind those that wait; false if there are none, or no room.
    private func refill() -> Bool {
        let kept = Array(input[waiting])
        input.replaceSubrange(0..<kept.count, with: kept)
        let count = unsafe input.withUnsafeMutableBytes {
            unsafe stored.read(into: UnsafeMutableRawBufferPointer(rebasing: $0[kept.count...]))
        }
        waiting = 0..<(kept.count + count)
        return count > 0
    }

    /// Goes on where another stream follows; zeros behind the last one are padding.
    private func beginNextStream() {
        repeat {
            let padding = input[waiting].prefix { $0 == 0 }.count
            waiting = (waiting.lowerBound + padding)..<waiting.upperBound
        } while waiting.isEmpty && refill()
        if waiting.count < Compression.beginning { _ = refill() }
        guard !waiting.isEmpty else {
            if let failure = stored.failure { return fail(failure) }
            isAtEnd = true
            return
        }
        guard compression.isBeginning(input[waiting]) else {
            return fail("other octets follow behind the end of the last stream")
        }
        if !decompressor.restart() { fail("out of memory") }
    }
}
