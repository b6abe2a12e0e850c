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

    /// Of the latest 16,384 SEQ, wherever they lie.
    @Test func contentIsRememberedOfTheLatest() {
        var set = SequenceSet()
        for sequence in UInt32(0)..<40_000 { #expect(set.insert(sequence, digest: UInt16(sequence & 0xFFF)) == .new) }
        for sequence in [39_999, 30_000, 40_000 - 16_384] as [UInt32] {
            let digest = UInt16(sequence & 0xFFF)
            #expect(set.insert(sequence, digest: digest + 1) == .other && set.insert(sequence, digest: digest) == .same)
        }
        #expect(set.insert(5, digest: 8) == .same, "not told apart any more")
        var far = SequenceSet()
        for place in UInt32(0)..<8 { _ = far.insert(place << 21, digest: 7) }
        #expect(far.insert(0, digest: 8) == .other, "each of the first few is remembered")
        for place in UInt32(8)..<24 { _ = far.insert(place << 19 | 1 << 18, digest: 7) }
        #expect(far.insert(0, digest: 8) == .same, "of a table only the latest at its place")
        #expect(far.insert(23 << 19 | 1 << 18, digest: 8) == .other)
    }

    /// What is not remembered tells nothing, however the table grew.
    @Test func noContentIsMadeUp() {
        var random = SeededNumbers(seed: 5)
        for span in [300, 5000, 1 << 24] {
            var set = SequenceSet()
            for _ in 0..<3000 {
                let sequence = UInt32(random.below(span))
                #expect(set.insert(sequence, digest: UInt16(truncatingIfNeeded: sequence &* 31)) != .other)
            }
        }
    }

    /// What was forgotten counts as heard, and nothing below it is new.
    @Test func theLowestPagesAreForgotten() throws {
        var set = SequenceSet()
        for sequence in UInt32(0)..<10_000 { _ = set.insert(1_000_000 + sequence, digest: 1) }
        let (pages, missed) = (set.pages, set.missed())
        let forgotten = set.forgetLowest()
        #expect(forgotten == pages / 4 && set.pages == pages - forgotten && set.hasForgotten)
        #expect(set.insert(1_000_000, digest: 1) == .same && set.insert(17, digest: 1) == .same)
        #expect(set.insert(1_009_999, digest: 2) == .other && set.insert(1_010_000, digest: 1) == .new)
        #expect(missed.count == 0 && set.missed().count == 0 && set.count == 10_001)
        var emptied = set
        while emptied.forgetLowest() > 0 {}
        #expect(emptied.pages == 3 && emptied.insert(1_010_000, digest: 1) == .same)
    }
}
