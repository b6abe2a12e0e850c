import ByteParsing
import CaptureFiles
import MeshCrypto
import MeshProtocol
import TestSupport
import Testing

@testable import MeshAnalysis
@testable import MeshSimulation

@Suite struct BoundTests {
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
            #expect(isNew ? set.insert(sequence, digest: digest) == .same : true)
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

    @Test func whatIsHeldIsBoundedAndStaysCounted() {
        var held = HeldPDUs()
        let frame = FrameReference(capture: 0, number: 1, time: CaptureTime(nanoseconds: 0))
        var random = SeededNumbers(seed: 1)
        for _ in 0..<200_000 {
            var octets = Array(repeating: UInt8(0x68), count: 20)
            for index in 1..<9 { octets[index] = UInt8(random.below(256)) }
            var reader = ByteReader(octets.span)
            guard let pdu = try? ObfuscatedNetworkPDU(parsing: &reader) else { continue }
            _ = held.take(pdu, at: frame, place: -1)
        }
        let kept = held.removeAll().count
        #expect(kept <= 1 << 16)
        #expect(kept + held.lost == 200_000)
    }

    /// What gave way before anything told the IV Index is said; with a hint nothing has to.
    @Test func whatIsGivenUpIsSaid() throws {
        var script = Script()
        for number in UInt32(0)..<40_000 {
            script.pdu(Double(number) / 100, 0x1234_5678, number, source: number < 1000 ? 1 : 2)
        }
        for number in UInt32(0)..<30_000 { script.pdu(400 + Double(number) / 100, 0x1234_5678, number, source: 3) }
        script.beacon(800, normal(0x1234_5678))
        var options = AnalysisOptions()
        options.ivSearch = .off
        let analysis = try script.analyse(options: options)
        #expect(analysis.findings.contains { $0.kind == .pdusGivenUp && $0.count == 32_768 && $0.severity == .warning })
        #expect(analysis.networks[0].sources.map(\.address.value) == [2, 3])
        options.givenIVIndex = IVIndex(0x1234_5678)
        let again = try script.analyse(options: options)
        #expect(!again.findings.contains { $0.kind == .pdusGivenUp })
        #expect(again.networks[0].sources.map(\.address.value) == [1, 2, 3])
    }

    @Test func findingsOfOneKindAreBounded() {
        var findings = FindingCollector()
        for subject in 0..<5000 {
            findings.record(.beaconReplayed, .warning, at: nil, subject: UInt64(subject))
        }
        #expect(findings.sorted.count <= 1025)
        #expect(findings.sorted.reduce(0) { $0 + $1.count } == 5000)
    }
}
