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
    private let kept: KeptState?

    /// - Parameters:
    ///   - keys: the networks that the question is about.
    ///   - options: what the user says beside keys and captures.
    ///   - kept: what another run has heard, from which this one goes on; of the same keys.
    public init(keys: KeyRing, options: AnalysisOptions = AnalysisOptions(), continuing kept: KeptState? = nil) {
        self.kept = kept
        keyRing = keys
        self.options = options
    }

    /// One analysis of all captures, their frames in the order of time.
    ///
    /// - Parameters:
    ///   - paths: of the captures; `-` is standard input. None where what was kept is all there is.
    ///   - progress: is told now and then how far the reading has come.
    ///   - receive: is handed what is observed, in the order of hearing as far as the keys were known then.
    /// - Returns: the analysis of all that could be read.
    /// - Throws: if no capture can be used, or none holds a frame. Of several the usable ones are analysed, and the analysis names the others; one
    ///   that breaks off is analysed up to there.
    public func analyze(
        _ paths: [String], progress: (ReadingProgress) -> Void = { _ in }, receive: Receiver? = nil
    ) throws(CaptureError) -> Analysis {
        let (state, keys, unusable, messages) = try hear(paths, progress, receive)
        // Moved, since it may be large.
        return Analysis(consume state, keys: keys, options: options, unusable: unusable, auditing: (keyRing, messages))
    }

    private typealias Heard = (
        state: MeshState, keys: KeyRing, unusable: [CaptureError], messages: [MessageTally.Counts]
    )

    /// What captures tell, and a state that was kept.
    private func hear(
        _ paths: [String], _ progress: (ReadingProgress) -> Void, _ receive: Receiver?
    ) throws(CaptureError) -> Heard {
        var fold = Fold(state: MeshState(keyRing), messages: kept?.tallies(keyRing) ?? MessageTallies(keyRing))
        var stream = EvidenceStream(
            keyRing, given: options.givenIVIndex, search: options.ivSearch, threads: options.threads)
        if var kept {
            kept.resume(&stream, keyRing, lookBack: receive) { observation, novelty in
                fold.messages.apply(observation, novelty)
                receive?(observation, novelty)
            }
            fold.state = kept.state
        }
        guard kept == nil || !paths.isEmpty else {
            return (fold.state, stream.keyRing, [], fold.messages.counts)
        }
        var captures = try CaptureReading(
            paths, keys: keyRing, given: options.givenIVIndex, clocks: options.clocks, behind: fold.state.captures)
        captures.threads = options.threads
        try captures.run(into: &stream, { fold.take($0, receive) }, progress)
        if options.friendshipSearch == .full {
            let pairs = zip(fold.state.networks, keyRing.networks).flatMap {
                FriendshipCandidates(network: $0, keys: $1).pairs
            }
            stream.searchFriendships(pairs) { progress(.searching($0)) }
            stream.removeObserved { fold.take($0, receive) }
        }
        return (fold.state, stream.keyRing, captures.unusable, fold.messages.counts)
    }

    /// What is made of observations.
    private struct Fold {
        var state: MeshState
        var messages: MessageTallies

        mutating func take(_ observations: [Observation], _ receive: Receiver?) {
            guard let receive else { return messages.apply(observations, to: &state) }
            for observation in observations {
                let novelty = state.apply(observation)
                messages.apply(observation, novelty)
                receive(observation, novelty)
            }
        }
    }
}

extension Analysis {
    /// Holds the keys that the user gave against what was heard.
    mutating func audit(_ keys: KeyRing, _ state: MeshState, _ messages: [MessageTally.Counts]) {
        let silent = findings.compactMap { finding -> (NetworkIndex, KeyIndex)? in
            guard case .keyFellSilent(let key, _, _, _, _) = finding.fact, let network = finding.network else {
                return nil
            }
            return (network, key)
        }
        let rules = zip(keys.networks, messages).enumerated().map { place, given in
            KeyAuditRules(
                network: state.networks[place], keys: given.0, messages: given.1,
                stale: Set(silent.filter { $0.0.value == place }.map(\.1)), notOpened: networks[place].notOpened)
        }
        for place in rules.indices { networks[place].keyAudit = rules[place].audit() }
    }
}
