import TestSupport
import Testing

@testable import MeshTimelines

@Suite struct SequenceSetTests {
    @Test func sequenceSetsAgreeWithASet() {
        var random = SeededNumbers(seed: 3)
        var set = SequenceSet()
        var model = Set<UInt32>()
        for _ in 0..<4000 {
            let isScattered = random.below(3) == 0
            let sequence = UInt32(isScattered ? random.below(1 << 24) : 70_000 + random.below(3000))
            let digest = UInt16(truncatingIfNeeded: sequence &* 7)
            let isNew = model.insert(sequence).inserted
            #expect(set.insert(sequence, digest: digest) == (isNew ? .new : .same))
            #expect(set.insert(sequence, digest: digest) == .same, "it is there now")
        }
        let sorted = model.sorted()
        #expect(set.count == model.count && set.first == sorted.first && set.last == sorted.last)
        let gaps = zip(sorted, sorted.dropFirst()).map { Int($1 - $0) - 1 }
        let missed = set.missed()
        #expect(missed.count == gaps.reduce(0, +))
        #expect(missed.longestRun == gaps.max())
    }

    @Test func contentIsRememberedForTheLatestPages() {
        var set = SequenceSet()
        for sequence in UInt32(0)..<40_000 { #expect(set.insert(sequence, digest: 7) == .new) }
        #expect(set.insert(39_999, digest: 8) == .other && set.insert(39_999, digest: 7) == .same)
        #expect(set.insert(30_000, digest: 8) == .other)
        #expect(set.insert(5, digest: 8) == .same, "not told apart any more")
    }
}
