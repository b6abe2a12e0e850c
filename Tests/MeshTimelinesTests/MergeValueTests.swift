import CaptureFiles
import MeshEvidence
import MeshProtocol
import Testing

@testable import MeshTimelines

/// What does not depend on order can be put together in any.
@Suite(.serialized) struct MergeValueTests {
    // MARK: The laws

    /// Whether merging does not mind whose is whose, which two come first, and what is known already.
    private func laws<Value>(
        _ values: [Value], _ merge: (Value, Value) -> Value, _ areEqual: (Value, Value) -> Bool
    ) -> Bool {
        let (first, second, third) = (values[0], values[1], values[2])
        let isCommutative = areEqual(merge(first, second), merge(second, first))
        let isAssociative = areEqual(merge(merge(first, second), third), merge(first, merge(second, third)))
        let both = merge(first, second)
        return isCommutative && isAssociative && areEqual(merge(first, first), first)
            && areEqual(merge(both, second), both)
    }

    private func merged(_ left: SequenceSet, _ right: SequenceSet) -> SequenceSet {
        var left = left
        left.merge(right)
        return left
    }

    private func merged(_ left: CaptureCounts, _ right: CaptureCounts) -> CaptureCounts {
        var left = left
        left.merge(right)
        return left
    }

    private func merged(_ left: IVStateRecord, _ right: IVStateRecord) -> IVStateRecord {
        var left = left
        left.merge(right)
        return left
    }

    private func merged(_ left: IVTimeline, _ right: IVTimeline) -> IVTimeline {
        var left = left
        left.merge(right)
        return left
    }

    // MARK: SEQ

    private func areEqual(_ left: SequenceSet, _ right: SequenceSet) -> Bool {
        left.holdsTheSame(as: right) && right.holdsTheSame(as: left) && left.first == right.first
            && left.last == right.last && left.missed() == right.missed()
    }

    private func sequences(_ values: inout SeededValues) -> [UInt32] {
        let base = values.below(1 << 24)
        return (0..<values.below(300)).map { _ in
            UInt32(values.below(8) == 0 ? values.below(1 << 24) : min(base + values.below(2000), 0xFF_FFFF))
        }
    }

    private func set(_ sequences: some Sequence<UInt32>) -> SequenceSet {
        var set = SequenceSet()
        for sequence in sequences { _ = set.insert(sequence, digest: UInt16(truncatingIfNeeded: sequence)) }
        return set
    }

    @Test(arguments: UInt64(1)...60) func setsOfSEQ(seed: UInt64) {
        var values = SeededValues(seed: seed)
        let lists = (0..<3).map { _ in sequences(&values) }
        #expect(laws(lists.map(set), merged, areEqual), "seed \(seed)")
        let whole = lists.joined()
        let parts = lists.map(set).reduce(SequenceSet(), merged)
        #expect(areEqual(parts, set(whole)) && parts.count == Set(whole).count, "seed \(seed)")
        #expect(whole.allSatisfy(parts.contains), "seed \(seed)")
    }

    // MARK: Counts

    @Test(arguments: UInt64(1)...60) func countsByCapture(seed: UInt64) {
        var values = SeededValues(seed: seed)
        let added = (0..<40).map { _ in (count: values.below(9), capture: values.below(5), part: values.below(3)) }
        func counts(_ added: [(count: Int, capture: Int, part: Int)]) -> CaptureCounts {
            var counts = CaptureCounts()
            for (count, capture, _) in added { counts.add(count, capture: capture) }
            return counts
        }
        #expect(laws((0..<3).map { part in counts(added.filter { $0.part == part }) }, merged, ==), "seed \(seed)")
        // Each capture is read by one, as far as it goes.
        let parts = (0..<5).map { capture in counts(added.filter { $0.capture == capture }) }
        let whole = counts(added)
        #expect(parts.reversed().reduce(CaptureCounts(), merged) == whole, "seed \(seed)")
        #expect(whole.total == added.reduce(0) { $0 + $1.count }, "seed \(seed)")
    }

    // MARK: IV states

    private struct Said {
        let state: IVState
        let evidence: IVEvidence
        let device: DeviceAddress?
        let frame: FrameReference
    }

    private func said(_ values: inout SeededValues, _ number: Int) -> Said {
        let index = IVIndex(UInt32(5 + values.below(3)))
        let evidence = IVEvidence.allCases[values.below(IVEvidence.allCases.count)]
        let device = values.below(4) == 0 ? nil : DeviceAddress(UInt64(values.below(3)))
        let frame = FrameReference(
            capture: values.below(3), number: number, time: Scene.time(Double(values.below(5000))))
        let state = IVState(index: index, updateFlag: values.below(2) == 0)
        return Said(state: state, evidence: evidence, device: device, frame: frame)
    }

    private func timeline(_ said: [Said]) -> IVTimeline {
        var timeline = IVTimeline()
        for said in said {
            if let device = said.device, timeline.current.map({ said.state < $0.state }) ?? false {
                timeline.noteLaggard(device, at: said.frame.time)
            }
            timeline.apply(said.state, said.evidence, from: said.device, at: said.frame)
            if said.frame.number % 7 == 0 { timeline.noteRecovery(at: said.frame.time) }
        }
        return timeline
    }

    @Test(arguments: UInt64(1)...100) func recordsAndTimelinesOfIVStates(seed: UInt64) throws {
        var values = SeededValues(seed: seed)
        let heard = (0..<40).map { said(&values, $0) }
        let parts = (0..<3).map { capture in timeline(heard.filter { $0.frame.capture == capture }) }
        #expect(laws(parts, merged, ==), "seed \(seed)")
        let state = IVState.normal(6)
        let records = parts.compactMap { $0.records.first { $0.state == state } }
        if records.count == 3 { #expect(laws(records, merged, ==), "seed \(seed)") }

        let whole = timeline(heard)
        let together = parts.reduce(IVTimeline(), merged)
        #expect(together.records.map(\.state) == whole.records.map(\.state), "seed \(seed)")
        for (one, other) in zip(together.records, whole.records) {
            let isEqual =
                one.evidence == other.evidence && one.frame == other.frame && one.firstTime == other.firstTime
                && one.lastTime == other.lastTime && one.count == other.count
                && one.soleAdvertiser == other.soleAdvertiser
            #expect(isEqual, "seed \(seed): \(one) \(other)")
        }
    }

    @Test func aCaptureThatTwoReadIsNotCountedTwice() {
        let frame = FrameReference(capture: 0, number: 1, time: Scene.start)
        var (short, long) = (IVTimeline(), IVTimeline())
        short.apply(.normal(5), .secureNetworkBeacon, at: frame, count: 3)
        long.apply(.normal(5), .secureNetworkBeacon, at: frame, count: 10)
        #expect(merged(short, long).current?.count == 10 && merged(long, short).current?.count == 10)
    }
}

/// SplitMix64.
struct SeededValues {
    private var state: UInt64

    init(seed: UInt64) {
        state = seed
    }

    /// From 0 to `bound` − 1.
    mutating func below(_ bound: Int) -> Int {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return Int((value ^ (value >> 31)) % UInt64(max(bound, 1)))
    }
}
