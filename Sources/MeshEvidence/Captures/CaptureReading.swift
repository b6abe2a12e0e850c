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
    /// With two or more, one thread reads and peels while the one that asks opens what was heard; the outcome is the same.
    public var threads = 1
    /// How many things that were heard make a batch full. One thread has them in its nearest cache; two wait for each other the
    /// less, the more they are.
    var most: Int?
    private static let mostOfOneThread = 256
    private static let mostOfTwoThreads = 2048
    /// Batches between two threads.
    private static let batches = 4

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
        read { heard in
            stream.take(heard)
            stream.removeObserved(receive)
            if let reached = heard.progress { progress(reached) }
        }
        let frames = inputs.frames
        stream.settle { progress(ReadingProgress(frames: frames, octets: nil, search: $0)) }
        stream.removeObserved(receive)
        let refusals = inputs.refusals
        unusable += refusals.errors
        if refusals.areAll, let error = unusable.first { throw error }
    }

    /// Hands each batch to `open`, in this thread and in its order.
    private func read(_ open: (HeardFrames) -> Void) {
        guard threads > 1 else {
            var heard = HeardFrames(most: most ?? Self.mostOfOneThread)
            while inputs.fill(&heard) {
                open(heard)
                heard.removeAll()
            }
            return
        }
        let most = most ?? Self.mostOfTwoThreads
        let ring = BatchRing(batches: Self.batches, most: most)
        // A queue of its own has a thread of its own.
        DispatchQueue(label: "reading").async { [inputs] in
            var heard = HeardFrames(most: most)
            while inputs.fill(&heard) { ring.handOn(&heard) }
            ring.end()
        }
        while let heard = ring.next() {
            open(heard)
            ring.takeBack(heard)
        }
    }
}
