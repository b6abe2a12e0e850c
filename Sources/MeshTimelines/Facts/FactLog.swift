public import MeshEvidence
public import MeshProtocol

/// A fact as a report shows it: of which network and source, how often, and in which frames.
public struct Finding: Hashable, Codable, Sendable {
    /// What was found, the first time.
    public let fact: Fact
    /// The network that it is about; `nil` where it is about none.
    public let network: NetworkIndex?
    /// The source that it is about; `nil` where it is about no single one.
    public let source: UnicastAddress?
    /// How often it was seen.
    public internal(set) var count: Int
    /// The frames where it was seen: the first few, in the order of hearing.
    public internal(set) var frames: [FrameReference]

    /// How many frames a finding names at most.
    public static let mostFrames = 8

    /// - Parameters:
    ///   - fact: the first one, where equal ones are counted together.
    ///   - network: of which network.
    ///   - source: of which source.
    ///   - count: how often it was seen.
    ///   - frames: the first few.
    public init(
        _ fact: Fact, network: NetworkIndex? = nil, source: UnicastAddress? = nil, count: Int = 1,
        frames: [FrameReference] = []
    ) {
        self.fact = fact
        self.network = network
        self.source = source
        self.count = count
        self.frames = frames
    }

    /// Of the fact.
    public var kind: Fact.Kind { fact.kind }
    /// Of the fact.
    public var severity: Fact.Severity { fact.severity }
}

/// Gathers facts: equal ones are counted, and the first frames of each are kept. Bounded: beyond a thousand subjects, those of
/// one kind are counted together.
public struct FactLog: Hashable, Sendable {
    private struct Key: Hashable {
        let kind: Fact.Kind
        let network: NetworkIndex?
        let source: UnicastAddress?
        let subject: UInt64

        init(_ finding: Finding) {
            kind = finding.kind
            network = finding.network
            source = finding.source
            subject = finding.fact.subject
        }
    }

    private var findings: [Key: Finding] = [:]
    private static let mostSubjects = 1024

    /// Nothing was found yet.
    public init() {}

    /// Records a fact.
    ///
    /// - Parameters:
    ///   - fact: what was found.
    ///   - frame: where it is seen.
    ///   - network: of which network.
    ///   - source: of which source.
    ///   - count: how often.
    public mutating func record(
        _ fact: Fact, at frame: FrameReference? = nil, network: NetworkIndex? = nil, source: UnicastAddress? = nil,
        count: Int = 1
    ) {
        add(Finding(fact, network: network, source: source, count: count, frames: frame.map { [$0] } ?? []))
    }

    /// Adds what another log gathered.
    public mutating func add(_ more: [Finding]) {
        for finding in more { add(finding) }
    }

    private mutating func add(_ finding: Finding) {
        guard findings.count >= Self.mostSubjects, findings[Key(finding)] == nil else {
            keep(finding, as: finding)
            return
        }
        // Of no single source: there may be thousands.
        keep(finding, as: Finding(.further(finding.kind), network: finding.network))
    }

    /// Counts a finding under the subject of another one.
    private mutating func keep(_ finding: Finding, as subject: Finding) {
        let key = Key(subject)
        var known =
            findings[key]
            ?? Finding(subject.fact, network: subject.network, source: subject.source, count: 0, frames: [])
        known.count += finding.count
        known.frames += finding.frames.prefix(Finding.mostFrames - known.frames.count)
        findings[key] = known
    }

    /// The facts of a network, in any order.
    public func facts(of network: NetworkIndex) -> [Fact] {
        findings.values.compactMap { $0.network == network ? $0.fact : nil }
    }

    /// In an order that depends on nothing but the findings: the gravest first, then by kind, network, source, subject.
    public var sorted: [Finding] {
        func rank(_ finding: Finding) -> (Fact.Severity, Int, Int, UInt16, UInt64) {
            (
                finding.severity, finding.kind.rank, finding.network?.value ?? -1, finding.source?.value ?? 0,
                finding.fact.subject
            )
        }
        return findings.values.sorted { rank($0) < rank($1) }
    }
}

extension FactLog: Codable {
    public init(from decoder: any Decoder) throws {
        // Whatever was kept is kept: what is counted together stands among the others.
        for finding in try decoder.singleValueContainer().decode([Finding].self) { keep(finding, as: finding) }
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(sorted)
    }
}

extension Fact.Kind {
    private static let ranks = Dictionary(uniqueKeysWithValues: allCases.enumerated().map { ($1, $0) })

    fileprivate var rank: Int { Self.ranks[self] ?? 0 }
}
