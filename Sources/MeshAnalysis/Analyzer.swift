import BluetoothFrames
public import CaptureFiles
public import MeshProtocol
public import MeshStacks

/// What the user says beside keys and captures.
public struct AnalysisOptions: Sendable {
    /// A hint for opening PDUs, never evidence.
    public var givenIVIndex: IVIndex?
    /// How far to search where no beacon tells the IV Index.
    public var ivSearch = IVSearchExtent.bounded
    /// The address of the failed device.
    public var master: UnicastAddress?
    /// The IV Index that a replacement starts with, to tell what it would do by itself.
    public var replacementIVIndex: IVIndex?
    /// When the device failed; the end of the captures if it is not known.
    public var failedAt: CaptureTime?
    /// When the replacement is to take over.
    public var takeoverAt: CaptureTime?
    /// What the failed device ran, and how many elements it had.
    public var stack: Stack?
    public var elements: Int?

    public init(givenIVIndex: IVIndex? = nil, master: UnicastAddress? = nil) {
        self.givenIVIndex = givenIVIndex
        self.master = master
    }
}

/// How far a read has come, over all captures.
public struct AnalysisProgress: Sendable {
    public let frames: Int
    /// Octets read and octets in all; `nil` where a pipe hides its end.
    public let octets: (read: Int64, size: Int64)?
    /// Share of an IV Index search, 0 to 1, once the captures are read.
    public var search: Double?
}

/// Runs the stages over captures: frames, structures, authenticated evidence, timelines, verdicts.
public struct Analyzer {
    private let keyRing: KeyRing
    private let options: AnalysisOptions
    private let observer: ((Observation) -> Void)?

    /// - Parameters:
    ///   - keys: the networks that the question is about.
    ///   - options: what the user says beside keys and captures.
    ///   - observer: is shown every authenticated statement as it is taken.
    public init(
        keys: KeyRing, options: AnalysisOptions = AnalysisOptions(), observer: ((Observation) -> Void)? = nil
    ) {
        keyRing = keys
        self.options = options
        self.observer = observer
    }

    /// One analysis of all captures, their frames in the order of time.
    ///
    /// - Throws: if no capture can be used. Of several the usable ones are analysed, and the analysis names the others; one
    ///   that breaks off is analysed up to there.
    public func analyze(
        _ paths: [String], progress: (AnalysisProgress) -> Void = { _ in }
    ) throws(CaptureError) -> Analysis {
        var collector = EvidenceCollector(
            keyRing, given: options.givenIVIndex, search: options.ivSearch, observer: observer)
        var captures = try CaptureMerge(paths)
        try captures.run(into: &collector, progress)
        let frames = captures.summaries.reduce(0) { $0 + $1.frames }
        collector.finish { share in
            progress(AnalysisProgress(frames: frames, octets: nil, search: share))
        }
        return AnalysisBuilder(
            options: options, collector: collector, captures: captures.summaries,
            unusable: captures.unusable
        )
        .build()
    }
}
