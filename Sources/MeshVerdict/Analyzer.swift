public import CaptureFiles
public import MeshEvidence
public import MeshProtocol
public import MeshTimelines

/// Runs the stages over captures: frames, observations, states, verdicts.
///
///     let analysis = try Analyzer(keys: keys).analyze(["capture.pcap"])
public struct Analyzer {
    /// Is handed each observation behind the state that took it, and what the state made of it.
    public typealias Receiver = (Observation, Novelty) -> Void

    private let keyRing: KeyRing
    private let options: AnalysisOptions

    /// - Parameters:
    ///   - keys: the networks that the question is about.
    ///   - options: what the user says beside keys and captures.
    public init(keys: KeyRing, options: AnalysisOptions = AnalysisOptions()) {
        keyRing = keys
        self.options = options
    }

    /// One analysis of all captures, their frames in the order of time.
    ///
    /// - Parameters:
    ///   - paths: of the captures; `-` is standard input.
    ///   - progress: is told now and then how far the reading has come.
    ///   - receive: is handed what is observed, in the order of hearing as far as the keys were known then.
    /// - Returns: the analysis of all that could be read.
    /// - Throws: if no capture can be used. Of several the usable ones are analysed, and the analysis names the others; one
    ///   that breaks off is analysed up to there.
    public func analyze(
        _ paths: [String], progress: (ReadingProgress) -> Void = { _ in }, receive: Receiver? = nil
    ) throws(CaptureError) -> Analysis {
        var state = MeshState(keyRing)
        var stream = EvidenceStream(keyRing, given: options.givenIVIndex, search: options.ivSearch)
        var captures = try CaptureReading(paths)
        try captures.run(
            into: &stream,
            { observations in
                guard let receive else {
                    state.apply(observations)
                    return
                }
                for observation in observations { receive(observation, state.apply(observation)) }
            }, progress)
        return Analysis(state, keys: stream.keyRing, options: options, unusable: captures.unusable)
    }
}
