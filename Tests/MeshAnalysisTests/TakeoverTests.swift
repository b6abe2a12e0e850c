import CaptureFiles
import MeshCrypto
import MeshProtocol
import Testing

@testable import MeshAnalysis
@testable import MeshSimulation

@Suite struct TakeoverTests {
    private let swap = CaptureTime(seconds: 1_780_272_000 + 100)

    /// The old device sends up to SEQ 1099; `fill` is what follows the swap at second 100.
    private func takeover(_ fill: (inout Script) -> Void) throws -> Takeover {
        var script = Script()
        script.beacon(0, normal(5))
        for number in UInt32(0)..<100 { script.pdu(Double(number) * 0.9, 5, 1000 + number) }
        fill(&script)
        var watch = TakeoverWatch(try #require(UnicastAddress(1)), network: 0, since: swap)
        _ = try script.analyse { watch.take($0) }
        return watch.takeover()
    }

    private func ask(_ script: inout Script, _ seconds: Double, _ sequence: UInt32, to destination: UInt16 = 9) {
        script.pdu(seconds, 5, sequence, destination: destination)
    }

    @Test func nodesThatAnswerAcceptIt() throws {
        let result = try takeover { script in
            for number in UInt32(0)..<4 {
                ask(&script, 110 + Double(number) * 10, 5200 + number)
                script.pdu(111 + Double(number) * 10, 5, 70 + number, source: 9, destination: 1)
            }
        }
        #expect(result.verdict == .accepted && result.answered == 1 && result.asked == 1)
        #expect(result.oldLast?.sequence.value == 1099 && result.first?.sequence.value == 5200)
        #expect(result.foreign.isEmpty && result.sent == 4)
    }

    @Test func aSegmentAcknowledgmentIsAnAnswer() throws {
        let result = try takeover { script in
            ask(&script, 110, 5200)
            let zero = UInt16(5200 & 0x1FFF) << 2
            script.control(120, 5, 90, source: 9, destination: 1, [0, UInt8(zero >> 8), UInt8(zero & 255), 0, 0, 0, 3])
        }
        #expect(result.verdict == .accepted && result.acknowledgments == 1)
    }

    @Test func aSEQBelowTheOldOneIsIgnored() throws {
        let result = try takeover { script in for number in UInt32(0)..<5 { ask(&script, 110 + Double(number), number) }
        }
        #expect(result.verdict == .ignored && result.first?.sequence.value == 0)
    }

    @Test func oneThatAsksInVainIsIgnored() throws {
        let result = try takeover { script in
            for number in UInt32(0)..<5 { ask(&script, 110 + Double(number), 5200 + number) }
            script.pdu(130, 5, 60, source: 9)
        }
        #expect(result.verdict == .ignored && result.requests == 5 && result.answered == 0)
    }

    @Test func onlyGroupsOrSilenceIsUnclear() throws {
        let silent = try takeover { _ in }
        #expect(silent.verdict == .unclear)
        let result = try takeover { script in
            for number in UInt32(0)..<9 { script.pdu(110 + Double(number), 5, 5200 + number) }
        }
        #expect(result.verdict == .unclear && result.sent == 9)
    }

    @Test func anOldDeviceThatStillSendsIsAConflict() throws {
        let result = try takeover { script in
            for number in UInt32(0)..<5 { ask(&script, 110 + Double(number) * 5, 5200 + number) }
            script.pdu(145, 5, 1100)
        }
        #expect(result.verdict == .conflict && result.foreign.count == 1)
        let reused = try takeover { script in
            script.pdu(110, 5, 5200, transport: [0x40, 1, 2, 3, 4, 5, 6])
            script.pdu(111, 5, 5200, transport: [0x40, 1, 2, 3, 4, 5, 7])
        }
        #expect(reused.verdict == .conflict)
    }

    @Test func relaysAreNoConflict() throws {
        let result = try takeover { script in
            for number in UInt32(0)..<30 {
                ask(&script, 110 + Double(number), 5200 + number)
                script.pdu(110.03 + Double(number), 5, 5200 + number, ttl: 4, destination: 9)
            }
        }
        #expect(result.foreign.isEmpty && result.sent == 30)
    }
}
