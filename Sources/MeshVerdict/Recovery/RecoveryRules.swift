import CaptureFiles
import MeshEvidence
import MeshProtocol
import MeshTimelines

/// The rules that lead from the state of a network to the verdict of one source.
struct RecoveryRules {
    let network: NetworkState
    let clocks: CaptureClocks
    var options: AnalysisOptions
    /// SEQ a second of a source that was heard too briefly to have a rate of its own: the busiest other source's.
    private let calmRate: Double
    private let lastTimeBeforeMove: CaptureTime?

    init(network: NetworkState, clocks: CaptureClocks, options: AnalysisOptions) {
        self.network = network
        self.clocks = clocks
        self.options = options
        let others = network.sources.filter { $0.busiestRate != nil }.map(\.rateBound).max() ?? 0
        calmRate = min(max(others, RateMeter.assumedRate), TrafficRules.mostPerSecond)
        lastTimeBeforeMove = network.lastTimeBeforeMove
    }

    /// `unheardElements`: how many elements of the same node were not heard, and may have counters of their own.
    func judge(_ source: SourceTimeline, _ epochs: [Epoch], unheardElements: Int = 0) -> RecoveryVerdict {
        guard let current = network.iv.current else { return .ivIndexUnknown }
        guard let newest = epochs.last else { return .notHeard(state: current.state) }
        let last = newest.lastPosition
        // A subnet that is ahead of the primary one is judged by what its own sources prove.
        let state = last.ivIndex > current.state.index ? .normalOperation(last.ivIndex) : current.state
        let isCurrent = last.ivIndex >= state.transmitIndex
        let minimum = isCurrent ? UInt64(last.sequence.value) + 1 : 0
        let rules = MarginRules(
            source: source, newest: newest, isCurrent: isCurrent, lastTimeBeforeMove: lastTimeBeforeMove,
            hasForgotten: network.hasForgotten,
            clocks: clocks,
            options: options, calmRate: calmRate, unheardElements: unheardElements)
        guard let lowest = SequenceNumber(minimum), let margin = rules.terms(above: lowest),
            let first = SequenceNumber(margin.reduce(minimum) { $0 + UInt64($1.value) })
        else {
            return .exhausted(state: state, last: last)
        }
        let recovery = Recovery(
            state: state, last: last, minimum: lowest, recommended: first, margin: margin,
            basis: rules.basis(of: margin),
            lastHeard: newest.lastFrame, validUntil: state == current.state ? validUntil() : nil)
        return isCurrent ? .resume(recovery) : .restart(recovery)
    }

    /// A network stays 96 h in IV Update in Progress before its transmit IV Index changes.
    private func validUntil() -> CaptureTime? {
        let timeline = network.iv
        guard clocks.agree, let current = timeline.current, current.evidence.isStatement else { return nil }
        guard current.state.isUpdateInProgress else {
            return current.lastTime.advanced(by: IVUpdateRules.minimumStateDuration)
        }
        guard let before = timeline.records.dropLast().last, before.evidence.isStatement,
            before.state.step == current.state.step - 1
        else {
            return nil
        }
        let entered = min(before.lastTimeAsCurrent, current.firstTime)
        return entered.advanced(by: IVUpdateRules.minimumStateDuration)
    }
}
