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
    /// To read and peel, to open, and to receive.
    private static let stages = 3

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
        let lent = Guarded(lent: stream)
        read(into: lent, receive, progress)
        stream = lent.value
        let frames = inputs.frames
        stream.settle { progress(ReadingProgress(frames: frames, octets: nil, search: $0)) }
        stream.removeObserved(receive)
        let refusals = inputs.refusals
        unusable += refusals.errors
        if refusals.areAll, let error = unusable.first { throw error }
    }

    /// Works at all stages, with as many threads beside this one as there are stages for; only this one hands on.
    private func read(
        into stream: Guarded<EvidenceStream>, _ receive: ([Observation]) -> Void, _ progress: (ReadingProgress) -> Void
    ) {
        let helpers = min(max(threads, 1), Self.stages) - 1
        let stages = ReadingStages(
            threads: 1 + helpers, batches: helpers == 0 ? 1 : Self.batches,
            most: most ?? (helpers == 0 ? Self.mostOfOneThread : Self.mostOfSeveralThreads))
        for helper in 0..<helpers {
            // A queue of its own has a thread of its own.
            DispatchQueue(label: "reading").async { [inputs] in
                while let step = stages.next(for: 1 + helper) { Self.work(at: step, of: stages, inputs, stream) }
            }
        }
        while let step = stages.next(for: 0) {
            if case .handOn(let batch) = step {
                receive(batch.observed)
                if let reached = batch.heard.progress { progress(reached) }
            }
            Self.work(at: step, of: stages, inputs, stream)
        }
    }

    private static func work(
        at step: ReadingStages.Step, of stages: ReadingStages, _ inputs: CaptureInputs,
        _ stream: Guarded<EvidenceStream>
    ) {
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
    }
}
