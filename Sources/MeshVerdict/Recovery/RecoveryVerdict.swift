public import CaptureFiles
public import MeshEvidence
public import MeshProtocol
public import MeshStacks

/// What a replacement of one source must be given. Each case carries the evidence that it rests on.
public enum RecoveryVerdict: Hashable, Sendable {
    /// The source was heard under the current transmit IV Index: go on behind its last SEQ.
    case resume(Recovery)
    /// The network has moved on since the source was last heard.
    case restart(Recovery)
    /// No SEQ is left under this IV Index: an IV Update must come first.
    case exhausted(state: IVState, last: SequencePosition)
    /// No PDU of the source was heard; the IV state is all that is known.
    case notHeard(state: IVState)
    /// Nothing authentic tells the IV Index.
    case ivIndexUnknown

    /// The name in the JSON; stable.
    public var name: String {
        switch self {
        case .resume: "resume"
        case .restart: "restart"
        case .exhausted: "exhausted"
        case .notHeard: "not_heard"
        case .ivIndexUnknown: "iv_index_unknown"
        }
    }

    /// The verdict of a node from those of its elements, whichever SEQ counters they have: the one that no element may fall
    /// below.
    static func highest(of verdicts: [RecoveryVerdict]) -> RecoveryVerdict {
        func rank(_ verdict: RecoveryVerdict) -> (Int, UInt32) {
            switch verdict {
            case .exhausted: (4, 0)
            case .resume(let recovery): (3, recovery.recommended.value)
            case .restart(let recovery): (2, recovery.recommended.value)
            case .notHeard: (1, 0)
            case .ivIndexUnknown: (0, 0)
            }
        }
        return verdicts.max { rank($0) < rank($1) } ?? .ivIndexUnknown
    }

    /// The numbers to configure, where there are any.
    public var recovery: Recovery? {
        switch self {
        case .resume(let recovery), .restart(let recovery): recovery
        case .exhausted, .notHeard, .ivIndexUnknown: nil
        }
    }
}

/// The triple to configure, and how it came about.
public struct Recovery: Hashable, Sendable {
    /// SEQ left free above the last one heard: a few thousand cost nothing but an earlier IV Update.
    public static let allowance: UInt32 = 4096

    /// As a beacon says it: what every stack stores.
    public let state: IVState
    /// The highest position heard of the source.
    public let last: SequencePosition
    /// The lower bound: the first SEQ that no evidence forbids.
    public let minimum: SequenceNumber
    /// The first SEQ to configure.
    public let recommended: SequenceNumber
    /// The terms that lead from `minimum` to `recommended`.
    public let margin: [MarginTerm]
    /// Where the last position was first heard.
    public let lastHeard: FrameReference
    /// Until when the transmit IV Index surely stays what it is; `nil` if the evidence does not tell.
    public let validUntil: CaptureTime?
}

/// One reason why the recommended SEQ is above the minimum.
public struct MarginTerm: Hashable, Sendable {
    /// What a term is for; the names are those of the JSON.
    public enum Term: String, Hashable, Sendable {
        /// PDUs directly behind the last one heard, as many as the capture missed elsewhere.
        case unheardAfterLast = "unheard_after_last"
        /// PDUs that may have been sent unheard until the end of the capture, at the source's own busiest rate.
        case unheardAtBusiestRate = "unheard_at_busiest_rate"
        /// The same, at an assumed rate: the source was heard too briefly to have one of its own.
        case unheardAtAssumedRate = "unheard_at_assumed_rate"
        /// The captures' clocks disagree, so that nothing tells for how long the source may have gone on.
        case clocksDisagree = "clocks_disagree"
        /// A restart that was not heard may have skipped what the stack reserves.
        case reservedBlock = "reserved_block"
        /// A fixed number, for what no other term foresees.
        case allowance
    }

    /// What it is for.
    public let term: Term
    /// How many SEQ it adds.
    public let value: UInt32
    /// SEQ a second, where the term comes from one.
    public let rate: Double?
    /// Until when the source may have sent, where the term comes from a rate.
    public let until: CaptureTime?
    /// Whether `until` is the user's word, and not the end of the captures.
    public let isFailureGiven: Bool
    /// The stacks that reserve such a block; empty for any other term.
    public let stacks: [Stack]

    init(
        _ term: Term, _ value: UInt32, rate: Double? = nil, until: CaptureTime? = nil, isFailureGiven: Bool = false,
        stacks: [Stack] = []
    ) {
        self.term = term
        self.value = value
        self.rate = rate
        self.until = until
        self.isFailureGiven = isFailureGiven
        self.stacks = stacks
    }
}
