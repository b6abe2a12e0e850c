public import CaptureFiles
public import MeshProtocol

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

    public var name: String {
        switch self {
        case .resume: "resume"
        case .restart: "restart"
        case .exhausted: "exhausted"
        case .notHeard: "not_heard"
        case .ivIndexUnknown: "iv_index_unknown"
        }
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
    public let state: IVState
    /// The highest position heard of the source.
    public let last: SequencePosition
    /// The lower bound: the first SEQ that no evidence forbids.
    public let minimum: SequenceNumber
    public let recommended: SequenceNumber
    /// The terms that lead from `minimum` to `recommended`.
    public let margin: [MarginTerm]
    /// Until when the transmit IV Index surely stays what it is; `nil` if the evidence does not tell.
    public let validUntil: CaptureTime?
}

/// One reason why the recommended SEQ is above the minimum.
public struct MarginTerm: Hashable, Sendable {
    public enum Term: String, Hashable, Sendable {
        /// PDUs that were sent behind the last one heard, and not heard.
        case unheardAfterLast = "unheard_after_last"
        /// PDUs that may have been sent under an IV Index with which the source was never heard.
        case unheardUnderIVIndex = "unheard_under_iv_index"
    }

    public let term: Term
    /// In SEQ.
    public let value: UInt32
}

/// Rules from finished timelines to the verdict of one source.
enum RecoveryRules {
    /// SEQ left free above the last one heard: a few thousand cost nothing but an earlier IV Update.
    static let allowance: UInt32 = 4096
    /// Every stack has asked for an IV Update long before (they differ between 0x700000 and 0x800000).
    static let nearExhaustion: UInt32 = 0xC0_0000

    static func judge(_ epochs: [Epoch], in timeline: NetworkTimeline, captureEnd: CaptureTime?) -> RecoveryVerdict {
        guard let current = timeline.current else { return .ivIndexUnknown }
        let state = current.state
        guard let newest = epochs.last else { return .notHeard(state: state) }
        let last = SequencePosition(newest.ivIndex, newest.lastSequence)
        let isCurrent = last.ivIndex >= state.transmitIndex
        var margin = [MarginTerm(term: .unheardAfterLast, value: allowance)]
        if !isCurrent, let captureEnd {
            margin.insert(MarginTerm(term: .unheardUnderIVIndex, value: possiblySent(newest, until: captureEnd)), at: 0)
        }
        let minimum = isCurrent ? UInt64(last.sequence.value) + 1 : 0
        let recommended = margin.reduce(minimum) { $0 + UInt64($1.value) }
        guard let minimum = SequenceNumber(minimum), let recommended = SequenceNumber(recommended) else {
            return .exhausted(state: state, last: last)
        }
        let recovery = Recovery(
            state: state, last: last, minimum: minimum, recommended: recommended, margin: margin,
            validUntil: validUntil(timeline))
        return isCurrent ? .resume(recovery) : .restart(recovery)
    }

    /// What the source would have sent, at its own mean rate, between its last PDU and the end of the capture.
    private static func possiblySent(_ epoch: Epoch, until end: CaptureTime) -> UInt32 {
        let heardFor = seconds(epoch.lastFrame.time.since(epoch.firstTime))
        let silentFor = max(0, seconds(end.since(epoch.lastFrame.time)))
        let spent = Double(epoch.lastSequence.value - epoch.firstSequence.value)
        let rate = heardFor > 0 ? spent / heardFor : 0
        return UInt32(min((rate * silentFor).rounded(.up), Double(SequenceNumber.last.value)))
    }

    /// A network stays 96 h in IV Update in Progress before its transmit IV Index changes.
    private static func validUntil(_ timeline: NetworkTimeline) -> CaptureTime? {
        guard let current = timeline.current, current.evidence != .networkPDU else { return nil }
        guard current.state.isUpdateInProgress else {
            return current.lastTime.advanced(by: IVUpdateRules.minimumStateDuration)
        }
        guard let before = timeline.records.dropLast().last, before.state.step == current.state.step - 1 else {
            return nil
        }
        return before.lastTime.advanced(by: IVUpdateRules.minimumStateDuration)
    }

    private static func seconds(_ duration: Duration) -> Double {
        Double(duration.components.seconds) + Double(duration.components.attoseconds) * 1e-18
    }
}
