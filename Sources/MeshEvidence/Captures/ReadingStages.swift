import DequeModule
import Dispatch

/// What goes through the stages of a reading together: what was heard, and then what was observed of it.
final class ReadingBatch: @unchecked Sendable {
    // Only who works at the batch touches these.
    var heard: HeardFrames
    var observed: [Observation] = []

    init(most: Int) {
        heard = HeardFrames(most: most)
    }
}

/// Which batch stands where, for the threads that share a reading. Each stage is worked at by one thread at a time, and has the
/// batches in the order of hearing, so that nothing depends on who does what.
///
/// A batch is free, is filled with what is read and peeled, opened, handed on, and free again; as many as there are bound how far
/// one stage runs ahead of the next.
final class ReadingStages: Sendable {
    /// What a thread is to do.
    enum Step {
        case read(ReadingBatch)
        case open(ReadingBatch)
        case handOn(ReadingBatch)
    }

    private struct Board {
        var free: [ReadingBatch]
        var heard: Deque<ReadingBatch> = []
        var observed: Deque<ReadingBatch> = []
        var isReading = false
        var isOpening = false
        /// Whether all was read.
        var hasEnded = false
        /// How many threads work at it.
        var threads = 1
        /// Which of them wait for something to do.
        var idle: [Int] = []

        mutating func beginReading() -> Step? {
            guard !isReading, !hasEnded, let batch = free.popLast() else { return nil }
            isReading = true
            return .read(batch)
        }

        mutating func beginOpening() -> Step? {
            guard !isOpening, let batch = heard.popFirst() else { return nil }
            isOpening = true
            return .open(batch)
        }
    }

    private enum Next {
        case step(Step)
        case wait
        case end
    }

    private let board: Guarded<Board>
    private let count: Int
    /// Wakes each thread that waits, and no other one in its place.
    private let news: [DispatchSemaphore]

    /// More threads than there are stages would have nothing to do.
    static let mostThreads = 3
    /// How many batches are to wait for being opened: with fewer, one thread would find nothing to do while the other one reads.
    private static let enoughHeard = 3

    /// `batches`: how many there are.
    /// `most`: how many things that were heard make one full.
    init(batches: Int, most: Int) {
        news = (0..<Self.mostThreads).map { _ in DispatchSemaphore(value: 0) }
        count = batches
        board = Guarded(Board(free: (0..<batches).map { _ in ReadingBatch(most: most) }))
    }

    /// So many threads work at it from now on, at most `mostThreads`; before that, thread 0 alone.
    func share(among threads: Int) { board.withLock { $0.threads = threads } }

    /// What a thread can do next, once there is something; `nil` when there is nothing any more.
    ///
    /// Only thread 0 hands on. Two threads do whatever there is to do; three have a stage each, whose memory stays in the cache of
    /// their processor.
    func next(for thread: Int) -> Step? {
        while true {
            switch board.withLock({ next(of: &$0, for: thread) }) {
            case .step(let step): return step
            case .wait: news[thread].wait()
            case .end: return nil
            }
        }
    }

    /// What is furthest on its way goes first, so that little waits and what was read is still at hand; but enough is read ahead.
    private func next(of board: inout Board, for thread: Int) -> Next {
        let hasStage = board.threads > 2
        if thread == 0, let batch = board.observed.popFirst() { return .step(.handOn(batch)) }
        let (mayOpen, mayRead) = (!hasStage || thread == 1, !hasStage || thread == 2)
        if mayRead, board.heard.count < Self.enoughHeard, let step = board.beginReading() { return .step(step) }
        if mayOpen, let step = board.beginOpening() { return .step(step) }
        if mayRead, let step = board.beginReading() { return .step(step) }
        guard !board.hasEnded || board.isReading || board.free.count < count else { return .end }
        board.idle.append(thread)
        return .wait
    }

    /// A step was done. `isLast`: there is nothing more to read, and the batch that was to be filled stayed empty.
    func finish(_ step: Step, isLast: Bool = false) {
        let idle = board.withLock { board in
            switch step {
            case .read(let batch):
                board.isReading = false
                if isLast {
                    board.hasEnded = true
                    board.free.append(batch)
                } else {
                    board.heard.append(batch)
                }
            case .open(let batch):
                board.isOpening = false
                board.observed.append(batch)
            case .handOn(let batch): board.free.append(batch)
            }
            defer { board.idle = [] }
            return board.idle
        }
        for thread in idle { news[thread].signal() }
    }
}
