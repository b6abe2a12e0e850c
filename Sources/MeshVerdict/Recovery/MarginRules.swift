import CaptureFiles
import MeshEvidence
import MeshProtocol
import MeshStacks
import MeshTimelines

/// The margin of one source: from the lowest SEQ that the evidence leaves to the one that is recommended, term by term.
///
/// The first terms continue what was heard. No estimate from what was heard can know traffic that was not, such as a firmware
/// update at night: by the order of blocks alone, the next one exceeds N others with a probability of 1 ÷ (N + 1). So the safe
/// margin leaves room for it, which costs an IV Update that comes earlier, once.
struct MarginRules {
    let source: SourceTimeline
    let newest: Epoch
    /// Whether the source was heard under the network's transmit IV Index.
    let isCurrent: Bool
    /// The last time that the network was heard to transmit with an older IV Index.
    let lastTimeBeforeMove: CaptureTime?
    let hasForgotten: Bool
    let clocks: CaptureClocks
    let options: AnalysisOptions
    /// SEQ a second that is assumed of a source that was heard too briefly, in the long run.
    let calmRate: Double
    /// Elements of the same node that were not heard.
    let unheardElements: Int

    /// Room for traffic that was not heard, for each day, and for the first one at least: five hours at what a node can send.
    static let unheardDay: UInt32 = 1 << 18
    /// Room up to which all that a node can send in the unheard time is affordable.
    static let mostAffordable: UInt32 = 1 << 19
    /// The least room where the SEQ near their end.
    static let leastRoom: UInt32 = 1 << 16
    /// Above it, the replacement itself would soon ask for an IV Update: Silicon Labs' component does so at 0x700000.
    static let comfortableEnd: UInt32 = 0x6F_0000
    private static let day = 86_400.0
    /// Where the captures' clocks disagree, the unheard time counts for at least as many SEQ.
    static let leastClockDoubt: UInt32 = 0x1_0000
    /// A chance of less than one in a million that so many PDUs in a row were missed, if each is missed by itself.
    private static let rareEvent = 1e-6
    /// From the SEQ on at which a stack asks for an IV Update, it goes on until the network may begin one and has completed it.
    private static let longestUpdate =
        (IVUpdateRules.minimumStateDuration + IVUpdateRules.maximumUpdateDuration).inSeconds

    /// All terms, those that are nothing left out; `nil` where they leave no SEQ.
    func terms(above minimum: SequenceNumber) -> [MarginTerm]? {
        var terms = [
            isCurrent ? unheardAfterLast : nil, hasForgotten ? MarginTerm(.forgotten, Self.unheardDay) : nil,
            reservedBlock, unheardTime(above: minimum),
            MarginTerm(.allowance, Recovery.allowance),
        ].compactMap(\.self)
        guard options.margin == .safe else { return terms }
        let base = terms.reduce(UInt64(minimum.value)) { $0 + UInt64($1.value) }
        guard let room = room(above: base) else { return nil }
        if unheardElements > 0 {
            terms.append(MarginTerm(.unheardElements, min(Self.unheardDay, room)))
        }
        terms.append(MarginTerm(.busierThanHeard, room))
        return terms
    }

    /// How much of the source was heard, and what the number leaves out.
    func basis(of margin: [MarginTerm]) -> RecoveryBasis {
        RecoveryBasis(
            heard: source.heardDuration, unheard: unheardTime,
            assumesNoRestart: !margin.contains { $0.term == .reservedBlock } && options.stack?.reservation.block != 0)
    }

    // MARK: What was heard goes on

    /// As many PDUs in a row as the capture missed elsewhere, or as it could miss by its coverage.
    private var unheardAfterLast: MarginTerm? {
        let missing = 1 - newest.coverage
        var (byChance, chance) = (0.0, 1.0)
        while missing > 0, chance > Self.rareEvent, byChance < Double(Recovery.allowance) {
            byChance += 1
            chance *= missing
        }
        let isRegular = source.watches.last.map { $0.watch.isRegular } ?? true
        let longest = isRegular ? Double(newest.longestMissedRun) : 0
        return MarginTerm(.unheardAfterLast, min(max(byChance, longest), Double(Recovery.allowance)))
    }

    /// The longest time in which the source may have sent unheard, under the IV Index in question.
    private var unheardTime: Duration {
        let last = newest.lastFrame
        var start = last.time
        if !isCurrent { start = max(start, lastTimeBeforeMove ?? start) }
        let end = options.failedAt?.moment(clocks.end) ?? clocks.end ?? start
        return clocks.agree ? max(.zero, end.since(start)) : clocks.longestTime(from: last, start, to: end)
    }

    /// What the source may have sent between its last PDU and its failure.
    private func unheardTime(above minimum: SequenceNumber) -> MarginTerm? {
        let seconds = unheardTime.inSeconds
        let isMeasured = source.busiestRate != nil
        var sent =
            isMeasured ? rate * seconds : briefRate * min(seconds, Self.day) + calmRate * max(0, seconds - Self.day)
        // A source that has spent what its stack allows asks for an IV Update; one of no stack with such a rule goes on.
        if let trigger = options.stack?.ivUpdateTrigger {
            let most = (isMeasured ? rate : briefRate) * Self.longestUpdate
            sent = min(sent, Double(max(trigger, minimum.value) - minimum.value) + most)
        }
        let kind: MarginTerm.Term = isMeasured ? .unheardAtBusiestRate : .unheardAtAssumedRate
        var term =
            clocks.agree
            ? MarginTerm(kind, sent) : MarginTerm(.clocksDisagree, max(sent, Double(Self.leastClockDoubt)))
        term?.rate = isMeasured ? rate : briefRate
        term?.until = options.failedAt?.moment(clocks.end) ?? clocks.end
        term?.isFailureGiven = options.failedAt != nil
        return term
    }

    /// SEQ a second of a source that was heard for a minute at least. After one quiet minute the next may be busy; after ten
    /// of them that is unlikely, so that the assumed rate counts for less.
    private var rate: Double {
        let bound = max(source.rateBound, RateMeter.assumedRate / Double(max(1, source.stretches)))
        return min(bound, max(TrafficRules.mostPerSecond, source.busiestRate ?? 0))
    }

    /// Of one that was heard too briefly: what its few SEQ allow, and at least the busiest source's. It goes on like that for a
    /// day at most.
    private var briefRate: Double { min(max(calmRate, source.rateBound), TrafficRules.mostPerSecond) }

    // MARK: Restarts

    /// What restarts that nobody heard may have skipped: by the user's word, or by the stack, or by what skips were heard.
    private var reservedBlock: MarginTerm? {
        let jumps = source.watches.flatMap(\.watch.jumps)
        let inferred = jumps.flatMap { Stack.explaining(from: $0.from, to: $0.to) }
        let stacks = options.stack.map { [$0] } ?? Stack.all.filter(inferred.contains)
        let (heard, restarts) = (heardBlock, plausibleRestarts)
        var usual = stacks.map(\.reservation.block).max() ?? 0
        if heard > 0, options.restarts == nil {
            // A rhythm of restarts is one of skips such as those that were heard.
            usual = heard
        } else if options.restarts != nil, stacks.isEmpty {
            // Restarts of nobody knows what: the largest usual block of all stacks.
            usual = max(heard, Stack.all.map(\.reservation.block).max() ?? 0)
        }
        let most = max(usual, heard, stacks.map(\.reservation.mostSkipped).max() ?? 0)
        guard restarts > 0 else { return nil }
        let skipped =
            options.block.map { Double($0) * Double(restarts) } ?? Double(most) + Double(restarts - 1) * Double(usual)
        var term = MarginTerm(.reservedBlock, skipped)
        term?.stacks = options.block == nil ? stacks : []
        term?.restarts = restarts
        return term
    }

    /// The largest usual block that explains every skip that was heard; 0 where none was.
    private var heardBlock: UInt32 {
        let largest = source.watches.map(\.watch.largestSkip).max() ?? 0
        guard largest > 0 else { return 0 }
        let skips = source.watches.flatMap(\.watch.jumps).filter(\.isSkip).map { ($0.from, $0.to) }
        // Blocks that nothing aligns are known by their largest skip only: the next may be longer.
        return max(largest, ReservedBlock.largest(explaining: skips) ?? (options.stack == nil ? 2 * largest : 0))
    }

    /// One, and one for each unheard day; or as many as were heard; or what their rhythm leads to, and half of that again.
    private var plausibleRestarts: Int {
        if let restarts = options.restarts { return restarts }
        let heard = source.watches.reduce(0) { $0 + $1.watch.skipCount }
        let byDay = 1 + unheardTime.inSeconds / Self.day
        // Somebody ends a crash loop within a day.
        let rhythm = Double(heard) * min(unheardTime.inSeconds, Self.day) / max(60, source.heardDuration.inSeconds)
        let more = heard > 1 ? 2 + (1.5 * rhythm).rounded(.up) : 1 + min(rhythm.rounded(.up), 3)
        return Int(min(max(byDay, Double(heard), heard > 0 ? more : 1), 1e6))
    }

    // MARK: What was not heard

    /// SEQ for traffic that is busier than any that was heard; `nil` where there is not enough of them.
    ///
    /// Near the end of the SEQ space it is what a node can send in the unheard time, and no more than needed.
    private func room(above base: UInt64) -> UInt32? {
        let most = TrafficRules.mostPerSecond * unheardTime.inSeconds
        let byDay = Double(Self.unheardDay) * max(1, unheardTime.inSeconds / Self.day)
        let wanted = UInt32(min(max(byDay, min(most, Double(Self.mostAffordable))), Double(Self.comfortableEnd)))
        let comfortable = Int64(Self.comfortableEnd) - Int64(base)
        if comfortable >= Int64(Self.unheardDay) { return min(wanted, UInt32(comfortable)) }
        let least = UInt32(min(max(most, Double(Self.leastRoom)), Double(Self.unheardDay)))
        return base + UInt64(least) <= UInt64(SequenceNumber.last.value) ? least : nil
    }
}
