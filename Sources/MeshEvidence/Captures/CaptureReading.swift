public import CaptureFiles
import Dispatch
public import MeshProtocol

/// How far a read has come, over all captures.
public struct ReadingProgress: Sendable {
    /// How many frames were read.
    public let frames: Int
    /// Octets read and octets in all; `nil` where a pipe hides its end.
    public let octets: (read: Int64, size: Int64)?
    /// Share of a search, 0 to 1, once the captures are read.
    public var search: Double?

    /// A search among what was read.
    public static func searching(_ share: Double) -> ReadingProgress {
        ReadingProgress(frames: 0, octets: nil, search: share)
    }
}

/// Reads the frames of several captures in the order of time, each peeled by its own peeler, into one stream.
public struct CaptureReading {
    private let inputs: CaptureInputs
    /// Captures that could not be used at all; the others are analysed.
    public private(set) var unusable: [CaptureError]
    /// With two or more, one reads and peels while another one opens what was heard, and what was observed is received; the outcome is
    /// the same.
    public var threads = 1
    /// How many things that were heard make a batch full. One thread has them in its nearest cache; several wait for each other the
    /// less, the more they are.
    var most: Int?
    private static let mostOfOneThread = 256
    private static let mostOfSeveralThreads = 2048
    /// Batches that several threads share.
    private static let batches = 6

    /// One capture by itself, as it stands.
    ///
    /// - Throws: if it cannot be opened.
    init(apart path: String, _ clock: ClockSetting) throws(CaptureError) {
        inputs = try CaptureInputs(apart: path, clock)
        unusable = []
    }

    /// - Parameters:
    ///   - paths: of the captures; `-` is standard input.
    ///   - keys: by which the clocks of several captures are aligned; without keys they stay as they are.
    ///   - given: an IV Index to open with where nothing tells it.
    ///   - clocks: what the user says of them.
    ///   - kept: captures of an earlier run, behind which these are counted.
    /// - Throws: if no capture can be opened.
    public init(
        _ paths: [String], keys: KeyRing = KeyRing(networks: []), given: IVIndex? = nil,
        clocks: ClockSettings = ClockSettings(), behind kept: [CaptureSummary] = []
    ) throws(CaptureError) {
        let first = (kept.map(\.index).max() ?? -1) + 1
        inputs = try CaptureInputs(paths, ClockAlignment(paths, keys, given: given, clocks), clocks, first: first)
        unusable = inputs.unopened
    }

    /// Reads to the end.
    ///
    /// - Parameters:
    ///   - stream: takes what the frames hold.
    ///   - receive: is handed what the stream observes, in batches.
    ///   - progress: is told now and then how far it has come.
    /// - Throws: if no capture holds anything that can be peeled.
    public mutating func run(
        into stream: inout EvidenceStream, _ receive: ([Observation]) -> Void,
        _ progress: (ReadingProgress) -> Void = { _ in }
    ) throws(CaptureError) {
        let lent = Guarded(inPlaceOf: EvidenceStream(KeyRing(networks: [])))
        lent.exchange(with: &stream)
        read(into: lent, receive, progress)
        lent.exchange(with: &stream)
        let frames = inputs.frames
        stream.settle { progress(ReadingProgress(frames: frames, octets: nil, search: $0)) }
        stream.removeObserved(receive)
        let refusals = inputs.refusals
        unusable += refusals.errors
        if refusals.areAll, let error = unusable.first { throw error }
    }

    /// Works at all stages; only this thread hands on.
    private func read(
        into stream: Guarded<EvidenceStream>, _ receive: ([Observation]) -> Void, _ progress: (ReadingProgress) -> Void
    ) {
        let isAlone = threads < 2
        let stages = ReadingStages(
            batches: isAlone ? 1 : Self.batches,
            most: most ?? (isAlone ? Self.mostOfOneThread : Self.mostOfSeveralThreads))
        var filled = 0
        while let step = stages.next(for: 0) {
            if case .handOn(let batch) = step {
                receive(batch.observed)
                if let reached = batch.heard.progress { progress(reached) }
            }
            let isLast = Self.work(at: step, of: stages, inputs, stream)
            guard case .read = step, !isLast else { continue }
            filled += 1
            // What fits into a batch is read before another thread has begun.
            if filled == 2, !isAlone { callHelpers(stages, stream) }
        }
    }

    /// Has other threads work at the stages as well.
    private func callHelpers(_ stages: ReadingStages, _ stream: Guarded<EvidenceStream>) {
        let all = min(threads, ReadingStages.mostThreads)
        stages.share(among: all)
        for helper in 1..<all {
            // A queue of its own has a thread of its own.
            DispatchQueue(label: "reading").async { [inputs] in
                while let step = stages.next(for: helper) { _ = Self.work(at: step, of: stages, inputs, stream) }
            }
        }
    }

    /// Does a step; true where there was nothing more to read.
    private static func work(
        at step: ReadingStages.Step, of stages: ReadingStages, _ inputs: CaptureInputs,
        _ stream: Guarded<EvidenceStream>
    ) -> Bool {
        var isLast = false
        switch step {
        case .read(let batch): isLast = !inputs.fill(&batch.heard)
        case .open(let batch):
            stream.withLock {
                $0.take(batch.heard)
                $0.removeObserved(into: &batch.observed)
            }
        case .handOn(let batch):
            batch.heard.removeAll()
            batch.observed.removeAll(keepingCapacity: true)
        }
        stages.finish(step, isLast: isLast)
        return isLast
    }
}
