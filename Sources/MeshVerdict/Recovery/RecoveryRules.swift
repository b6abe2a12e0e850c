import CaptureFiles
import MeshEvidence
import MeshProtocol
import MeshStacks
import MeshTimelines

/// The rules that lead from the state of a network to the verdict of one source.
struct RecoveryRules {
    /// Stacks ask for an IV Update between 0x700000 and 0x800000.
    static let usualEnd: UInt32 = 0x80_0000
    private static let updateSeconds = IVUpdateRules.maximumUpdateDuration.inSeconds
    /// Where the captures' clocks disagree, no time can be turned into a number of PDUs.
    static let unknownTimeAllowance: UInt32 = 0x1_0000

    /// A chance of less than one in a million that so many PDUs in a row were missed, if each is missed by itself.
    private static let rareEvent = 1e-6

    let network: NetworkState
    let captureEnd: CaptureTime?
    let clocksAgree: Bool
    let options: AnalysisOptions
    /// SEQ a second of the busiest source of the network, for all that is known.
    let networkRate: Double?

    init(_ network: NetworkState, captureEnd: CaptureTime?, clocksAgree: Bool, options: AnalysisOptions) {
        self.network = network
        self.captureEnd = captureEnd
        self.clocksAgree = clocksAgree
        self.options = options
        networkRate = network.sources.filter { $0.busiestRate != nil }.map(\.rateBound).max()
    }

    func judge(_ source: SourceTimeline, _ epochs: [Epoch]) -> RecoveryVerdict {
        guard let current = network.iv.current else { return .ivIndexUnknown }
        guard let newest = epochs.last else { return .notHeard(state: current.state) }
        let last = newest.lastPosition
        // A subnet that is ahead of the primary one is judged by what its own sources prove.
        let state = last.ivIndex > current.state.index ? .normalOperation(last.ivIndex) : current.state
        let isCurrent = last.ivIndex >= state.transmitIndex
        let minimum = isCurrent ? UInt64(last.sequence.value) + 1 : 0
        guard let lowest = SequenceNumber(minimum), minimum + UInt64(Recovery.allowance) <= SequenceNumber.last.value
        else {
            return .exhausted(state: state, last: last)
        }
        let margin = margin(of: source, newest, isCurrent: isCurrent, minimum: lowest)
        let recommended = margin.reduce(UInt64(lowest.value)) { $0 + UInt64($1.value) }
        guard let first = SequenceNumber(recommended) else { return .exhausted(state: state, last: last) }
        let recovery = Recovery(
            state: state, last: last, minimum: lowest, recommended: first, margin: margin, lastHeard: newest.lastFrame,
            validUntil: state == current.state ? validUntil() : nil)
        return isCurrent ? .resume(recovery) : .restart(recovery)
    }

    /// The terms of the margin; a term that is nothing is left out.
    private func margin(
        of source: SourceTimeline, _ newest: Epoch, isCurrent: Bool, minimum: SequenceNumber
    ) -> [MarginTerm] {
        var terms = [isCurrent ? unheardAfterLast(source, newest) : nil, reservedBlock(source)].compactMap(\.self)
        let others = terms.reduce(Recovery.allowance) { $0 + $1.value }
        let room = SequenceNumber.last.value - minimum.value
        if let unheard = unheardTerm(
            source, newest, isCurrent: isCurrent, minimum: minimum, room: room > others ? room - others : 0)
        {
            terms.append(unheard)
        }
        return terms + [MarginTerm(.allowance, Recovery.allowance)]
    }

    /// As many PDUs in a row as the capture missed elsewhere, or as it could miss by its coverage.
    private func unheardAfterLast(_ source: SourceTimeline, _ newest: Epoch) -> MarginTerm? {
        let missing = 1 - newest.coverage
        var (byChance, chance) = (0.0, 1.0)
        while missing > 0, chance > Self.rareEvent, byChance < Double(Recovery.allowance) {
            byChance += 1
            chance *= missing
        }
        let isRegular = source.watches.last.map { $0.watch.isRegular } ?? true
        let longest = isRegular ? Double(newest.longestMissedRun) : 0
        let value = min(max(byChance, longest), Double(Recovery.allowance))
        return value > 0 ? MarginTerm(.unheardAfterLast, UInt32(value)) : nil
    }

    /// What the stack skips at a restart: the one that the user names, or those that a jump in the capture points to.
    private func reservedBlock(_ source: SourceTimeline) -> MarginTerm? {
        let jumps = source.watches.flatMap(\.watch.jumps)
        let inferred = jumps.flatMap { Stack.explaining(from: $0.from, to: $0.to) }
        let stacks = options.stack.map { [$0] } ?? Stack.all.filter(inferred.contains)
        guard let block = stacks.map(\.reservation.mostSkipped).max(), block > 0 else { return nil }
        return MarginTerm(.reservedBlock, block, stacks: stacks)
    }

    /// What the source may have sent between its last PDU and its failure, under the IV Index in question.
    private func unheardTerm(
        _ source: SourceTimeline, _ newest: Epoch, isCurrent: Bool, minimum: SequenceNumber, room: UInt32
    ) -> MarginTerm? {
        guard clocksAgree else {
            return MarginTerm(.clocksDisagree, min(Self.unknownTimeAllowance, room))
        }
        var start = newest.lastFrame.time
        if !isCurrent { start = max(start, lastTimeBeforeMove() ?? start) }
        let until = options.failedAt ?? captureEnd ?? start
        let silent = until.since(start).inSeconds
        let (rate, isMeasured) = rate(of: source)
        // A source that has spent what stacks allow asks for an IV Update, which takes up to 144 h.
        let latest = Double(max(Self.usualEnd, minimum.value) - minimum.value) + rate * Self.updateSeconds
        let sent = min((rate * max(0, silent)).rounded(.up), latest.rounded(.up), Double(room))
        guard sent > 0 else { return nil }
        return MarginTerm(
            isMeasured ? .unheardAtBusiestRate : .unheardAtAssumedRate, UInt32(sent), rate: rate, until: until,
            isFailureGiven: options.failedAt != nil)
    }

    /// What the source's own rate may be; of one that was heard too briefly, at least the busiest source's.
    private func rate(of source: SourceTimeline) -> (rate: Double, isMeasured: Bool) {
        if source.busiestRate != nil {
            // After one quiet minute the next may be busy; after ten of them that is unlikely. So the assumed rate counts
            // for less.
            return (max(source.rateBound, RateMeter.assumedRate / Double(source.stretches)), true)
        }
        return (max(networkRate ?? 0, RateMeter.assumedRate, source.rateBound), false)
    }

    /// The last time that the network was heard to transmit with an older IV Index.
    private func lastTimeBeforeMove() -> CaptureTime? {
        guard let current = network.iv.current else { return nil }
        return network.iv.records.last { $0.state.transmitIndex < current.state.transmitIndex }?.lastTimeAsCurrent
    }

    /// A network stays 96 h in IV Update in Progress before its transmit IV Index changes.
    private func validUntil() -> CaptureTime? {
        let timeline = network.iv
        guard clocksAgree, let current = timeline.current, current.evidence.isStatement else { return nil }
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
