public import CaptureFiles
public import MeshEvidence
public import MeshProtocol

/// What a replacement of one source must be given. Each case carries the evidence that it rests on.
public enum RecoveryVerdict: Hashable, Sendable {
    /// The source was heard under the current transmit IV Index: go on behind its last SEQ.
    case resume(Recovery)
    /// The network has moved on since the source was last heard.
    case restart(Recovery)
    /// What the source may have spent leaves no SEQ under this IV Index that is sure: an IV Update must come first.
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
    /// How much of the source's life was heard, which tells what the number is worth.
    public let basis: RecoveryBasis
    /// Where the last position was first heard.
    public let lastHeard: FrameReference
    /// Until when the transmit IV Index surely stays what it is; `nil` if the evidence does not tell.
    public let validUntil: CaptureTime?
}
