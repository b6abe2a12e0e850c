public import CaptureFiles
public import MeshEvidence
public import MeshProtocol

/// All that is kept of what was observed: a fold over observations.
///
/// It needs no end, can be judged at any time, and can be saved, read back and continued. It never holds a key.
public struct MeshState: Hashable, Sendable {
    /// The version of the encoded form; a state of another version is refused.
    public static let version = 3

    /// The captures, in the order of their index.
    public private(set) var captures: [CaptureSummary] = []
    /// The networks, in the order of the keys.
    public private(set) var networks: [NetworkState]
    /// When it was, by what is authentic.
    public private(set) var clocks = AuthenticClocks()
    /// What nobody authenticated; it moves nothing else.
    public private(set) var surroundings = Surroundings()

    /// - Parameter keys: the networks that observations may be of.
    public init(_ keys: KeyRing) {
        networks = keys.networks.enumerated().map { NetworkState(NetworkIndex($0), keys: $1) }
    }

    /// Takes one observation; returns how a PDU relates to what was heard before, and `new` for all else.
    @discardableResult
    @inline(__always)
    public mutating func apply(_ observation: Observation) -> Novelty {
        guard case .authentic(let network, .networkPDU(let opened)) = observation.statement,
            networks.indices.contains(network.value)
        else {
            applyOther(observation)
            return .new
        }
        return apply(opened, of: network, at: observation.origin.frame)
    }

    @inline(__always)
    private mutating func apply(_ opened: OpenedPDU, of network: NetworkIndex, at frame: FrameReference) -> Novelty {
        let novelty = networks[network.value].apply(opened, at: clocks.timed(frame))
        if novelty == .new || novelty == .conflict, opened.credentials != .friendship { clocks.note(frame) }
        return novelty
    }

    /// Whether nothing authentic was heard.
    public var isEmpty: Bool { networks.allSatisfy { $0.iv.current == nil && $0.sources.isEmpty } }

    /// Gives each network these sources, in place of those that it had.
    public mutating func replaceSources(_ sources: (NetworkIndex) -> [SourceTimeline]) {
        for place in networks.indices { networks[place].replaceSources(sources(networks[place].index)) }
    }

    mutating func carry(_ network: NetworkState, to place: Int) { networks[place].carry(network) }

    mutating func carrySurroundings(of state: MeshState) {
        (captures, clocks) = (state.captures, state.clocks)
    }

    /// Takes observations in their order.
    public mutating func apply(_ observations: [Observation]) {
        let observations = observations.span
        for index in observations.indices {
            // Nearly every one is a PDU, of which nothing else is to be copied.
            if case .authentic(let network, .networkPDU(let opened)) = observations[index].statement,
                networks.indices.contains(network.value)
            {
                _ = apply(opened, of: network, at: observations[index].origin.frame)
            } else {
                applyOther(observations[index])
            }
        }
    }

    private mutating func applyOther(_ observation: Observation) {
        switch observation.statement {
        case .authentic(let network, let statement):
            guard networks.indices.contains(network.value) else { return }
            let origin = observation.origin.at(clocks.timed(observation.origin.frame))
            networks[network.value].apply(statement, from: origin)
            if case .beacon(let beacon) = statement, networks[network.value].isUpToDate(beacon) {
                clocks.note(observation.origin.frame)
            }
        case .unauthenticated(let statement): surroundings.apply(statement, from: observation.origin)
        case .capture(.read(let summary)): apply(summary)
        case .capture(let statement): surroundings.apply(statement, at: observation.origin.frame)
        }
    }

    /// Of several captures any may be told of first.
    private mutating func apply(_ summary: CaptureSummary) {
        guard let place = captures.firstIndex(where: { $0.index >= summary.index }) else {
            captures.append(summary)
            return
        }
        if captures[place].index == summary.index {
            captures[place] = summary
        } else {
            captures.insert(summary, at: place)
        }
    }

    /// The time of the last frame of all captures, whatever it holds; `nil` where they hold no frame.
    public var lastTime: CaptureTime? { captures.compactMap(\.lastTime).max() }

    /// The facts of all networks and of what surrounds them; changes nothing, and can be asked at any time.
    public func judge() -> [Finding] {
        var copy = self
        return copy.settleAndJudge()
    }

    /// The same, without a copy: the state then stands as if nothing more were heard.
    public mutating func settleAndJudge() -> [Finding] {
        var log = FactLog()
        log.add(surroundings.judge(networks))
        clocks.judge(captureEnd: lastTime, into: &log)
        for capture in captures {
            for notice in CaptureNotice.allCases {
                guard let count = capture.notices[notice] else { continue }
                log.record(.ofCapture(notice, capture: capture.index), count: count)
            }
            guard let alignment = capture.alignment, alignment.isDoubted else { continue }
            log.record(.captureAligned(capture: capture.index, by: alignment.offset))
        }
        KeyRules.judge(self, into: &log)
        judgeClosedTraffic(into: &log)
        for index in networks.indices { log.add(networks[index].settleAndJudge()) }
        return log.sorted
    }

    /// So many closed PDUs speak against what is known.
    private static let enoughClosed = 10

    /// A state that opens nothing, while PDUs with the network's NID are heard: what said it may be a recording.
    private func judgeClosedTraffic(into log: inout FactLog) {
        for network in networks where network.iv.current != nil && network.opened == 0 {
            let closed = notOpened(network.index)
            guard closed >= Self.enoughClosed else { continue }
            log.record(.trafficStaysClosed(pdus: closed), network: network.index)
        }
    }

    /// PDUs with a NID of a network's credentials that nothing opened.
    public func notOpened(_ network: NetworkIndex) -> Int { surroundings.closed(of: network) }
}

extension MeshState: Codable {
    private enum CodingKeys: String, CodingKey { case version, captures, networks, clocks, surroundings }

    /// - Throws: `DecodingError`, also for a state of another version.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        let version = try container.decode(Int.self, forKey: .version)
        guard version == Self.version else {
            throw DecodingError.dataCorruptedError(
                forKey: .version, in: container,
                debugDescription: "a state of version \(version); this program knows version \(Self.version)")
        }
        captures = try container.decode([CaptureSummary].self, forKey: .captures)
        networks = try container.decode([NetworkState].self, forKey: .networks)
        clocks = try container.decode(AuthenticClocks.self, forKey: .clocks)
        surroundings = try container.decode(Surroundings.self, forKey: .surroundings)
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(Self.version, forKey: .version)
        try container.encode(captures, forKey: .captures)
        try container.encode(networks, forKey: .networks)
        try container.encode(clocks, forKey: .clocks)
        try container.encode(surroundings, forKey: .surroundings)
    }
}
