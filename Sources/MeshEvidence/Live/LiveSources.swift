public import CaptureFiles
import DequeModule
import Dispatch
import Synchronization

/// How far a live source was read, so that another run goes on there.
public struct LivePosition: Hashable, Codable, Sendable {
    /// The source as a capture, all its files together; `nil` before the first one.
    public internal(set) var summary: CaptureSummary?
    /// The files that were read.
    public internal(set) var marks: [FileMark] = []

    /// Nothing was read.
    public init() {}
}

/// What was heard of a live source, and what it has to say.
public struct LiveBatch: Sendable {
    /// Its place among those that are read together.
    public let source: Int
    let heard: HeardFrames
    /// How far it was read with this batch.
    public let position: LivePosition
    /// Why it is not heard: it is waited for, has ended, cannot be read. For people.
    public let notice: String?
    let firstTime: CaptureTime?
}

extension EvidenceStream {
    /// Takes what a live source heard.
    public mutating func take(_ batch: LiveBatch) { take(batch.heard) }
}

/// Hands batches from the threads that read to the one that opens, and tells who has to say something now.
final class LiveQueue: Sendable {
    private struct Source {
        var batches: Deque<LiveBatch> = []
        /// Whether there may be more soon: it neither waits nor has ended.
        var isBusy = true
        var hasEnded = false

        var time: CaptureTime { batches.first?.firstTime ?? CaptureTime.unknown }
    }

    private static let mostBatches = 4

    private let sources: Guarded<[Source]>
    /// Asked for each frame that is read.
    private let stopped = Atomic(false)
    /// Counts what happened.
    private let news = DispatchSemaphore(value: 0)
    /// Of each source, counts the batches that there is room for.
    private let room: [DispatchSemaphore]
    let isOnlyWhatIsThere: Bool

    init(count: Int, isOnlyWhatIsThere: Bool) {
        sources = Guarded(Array(repeating: Source(), count: count))
        room = (0..<count).map { _ in DispatchSemaphore.room(Self.mostBatches) }
        self.isOnlyWhatIsThere = isOnlyWhatIsThere
    }

    var isStopped: Bool { stopped.load(ordering: .relaxed) }

    func stop() {
        stopped.store(true, ordering: .relaxed)
        news.signal()
    }

    func wake() { news.signal() }

    /// False where there was no room for it until the deadline.
    func handOn(_ batch: LiveBatch, until deadline: DispatchTime) -> Bool {
        guard room[batch.source].wait(timeout: deadline) == .success else { return false }
        sources.withLock {
            $0[batch.source].isBusy = true
            $0[batch.source].batches.append(batch)
        }
        news.signal()
        return true
    }

    /// Whether a batch of a source can be handed on now.
    func hasRoom(for source: Int) -> Bool {
        sources.withLock { $0[source].batches.count < Self.mostBatches }
    }

    func rest(_ source: Int) {
        let isNews = sources.withLock { sources in
            defer { sources[source].isBusy = false }
            return sources[source].isBusy
        }
        if isNews { news.signal() }
    }

    func end(_ source: Int) {
        sources.withLock { $0[source].hasEnded = true }
        news.signal()
    }

    /// The batch with the earliest time, once every source has one, or has none for now.
    func next(until deadline: DispatchTime) -> LiveSources.Next {
        while true {
            if let outcome = sources.withLock({ Self.take(from: &$0) }) {
                if case .batch(let batch) = outcome { room[batch.source].signal() }
                return outcome
            }
            if news.wait(timeout: deadline) == .timedOut { return .nothing }
        }
    }

    /// `nil` where one has to be waited for.
    private static func take(from sources: inout [Source]) -> LiveSources.Next? {
        if sources.contains(where: { $0.batches.isEmpty && $0.isBusy && !$0.hasEnded }) { return nil }
        let full = sources.indices.filter { !sources[$0].batches.isEmpty }
        let earliest = full.min { sources[$0].time < sources[$1].time }
        guard let earliest else { return sources.allSatisfy(\.hasEnded) ? .end : nil }
        guard let batch = sources[earliest].batches.popFirst() else { return nil }
        return .batch(batch)
    }
}

/// Live sources that are read together, each in a thread of its own.
public final class LiveSources: Sendable {
    /// What there is to do.
    public enum Next: Sendable {
        /// Something was heard.
        case batch(LiveBatch)
        /// Nothing was heard in time.
        case nothing
        /// All sources have ended.
        case end
    }

    private let queue: LiveQueue

    /// Begins to read.
    ///
    /// - Parameters:
    ///   - sources: with the index of the capture that each is, and how far it was read before.
    ///   - isOnlyWhatIsThere: ends with what is there now, and waits for nothing.
    public init(_ sources: [(source: LiveSource, index: Int, position: LivePosition)], isOnlyWhatIsThere: Bool) {
        queue = LiveQueue(count: sources.count, isOnlyWhatIsThere: isOnlyWhatIsThere)
        for (place, entry) in sources.enumerated() {
            let reading = LiveReading(
                entry.source, place: place, index: entry.index, from: entry.position, into: queue)
            // A queue of its own has a thread of its own.
            DispatchQueue(label: "live source \(place)").async { reading.run() }
        }
    }

    /// What is next, in the order of time as far as the sources are on time.
    ///
    /// `milliseconds`: how long it may be waited for.
    public func next(within milliseconds: Int) -> Next {
        queue.next(until: .now() + .milliseconds(milliseconds))
    }

    /// Asks the sources to end, and whoever waits to look up.
    public func stop() { queue.stop() }

    /// Asks whoever waits to look up.
    public func wake() { queue.wake() }
}
