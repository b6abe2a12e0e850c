import CaptureFiles
import MeshCrypto
import MeshEvidence
import MeshProtocol
import MeshStacks
import MeshTestSupport
import MeshVerdict
import Testing

@testable import MeshSimulation
@testable import MeshTimelines

/// What a monotonous counter does not do, and what only looks like it.
@Suite struct SequenceWatchTests {
    private func script() -> Script {
        var script = Script()
        script.beacon(0, normal(5))
        return script
    }

    private func findings(_ script: Script) throws -> [Finding] { try script.analyse().findings }

    private func content(_ number: UInt32) -> [UInt8] { [0, 1, 2, 3, 4, 5, 6, 7, UInt8(number & 255)] }

    @Test func aReplacementThatStartsAtZeroIsARestart() throws {
        var script = script()
        for number in UInt32(0)..<20 { script.pdu(Double(number), 5, 1000 + number) }
        for number in UInt32(0)..<8 { script.pdu(60 + Double(number), 5, number, transport: content(number)) }
        let analysis = try script.analyse(options: .init(master: UnicastAddress(1)))
        let finding = try #require(analysis.findings.first { $0.kind == .sequenceRestarted })
        #expect(finding.severity == .warning && finding.frames.map(\.number) == [22])
        guard case .sequenceRestarted(let restart, IVIndex(5), short: 1012) = finding.fact else {
            Issue.record("\(finding.fact)")
            return
        }
        #expect(restart.from.value == 1019 && restart.first.value == 0 && restart.last.value == 7)
        #expect(analysis.findings.count == 1)
        let recovery = try #require(analysis.masters.first.flatMap(analysis.source(of:))?.verdict.recovery)
        #expect(recovery.minimum.value == 1020, "peers still hold the old bound")
    }

    @Test func aRestartThatPassesItsOldSEQIsAcceptedAgain() throws {
        var script = script()
        for number in UInt32(0)..<20 { script.pdu(Double(number), 5, 10 + number) }
        for number in UInt32(0)..<40 { script.pdu(60 + Double(number), 5, number, transport: content(number)) }
        let all = try findings(script)
        let finding = try #require(all.first { $0.kind == .sequenceRestarted })
        guard case .sequenceRestarted(let restart, IVIndex(5), short: 0) = finding.fact else {
            Issue.record("\(finding.fact)")
            return
        }
        #expect(restart.isOvertaken)
        #expect(all.contains { $0.kind == .nonceReused }, "SEQ 10 to 29 with other content")
    }

    @Test func replayedPDUsAreNamedAndMoveNothing() throws {
        var script = script()
        for number in UInt32(0)..<60 { script.pdu(Double(number), 5, number, transport: content(number)) }
        for number in UInt32(10)..<15 { script.pdu(100 + Double(number), 5, number, transport: content(number)) }
        let analysis = try script.analyse()
        let finding = try #require(analysis.findings.first)
        #expect(analysis.findings.count == 1 && finding.kind == .pduReplayed && finding.count == 5)
        #expect(analysis.networks[0].sources[0].verdict.recovery?.minimum.value == 60)
    }

    @Test func relaysAndRetransmissionsAreNoReplays() throws {
        var script = script()
        for number in UInt32(0)..<60 {
            script.pdu(Double(number), 5, number, transport: content(number))
            script.pdu(Double(number) + 4, 5, number, ttl: 4, transport: content(number))
            script.pdu(Double(number) + 8, 5, number, transport: content(number))
        }
        #expect(try findings(script).isEmpty)
    }

    @Test(arguments: [(UInt32(128), UInt32(127), "zephyr"), (8192, 8192, "nrf5-sdk"), (65536, 65538, "silabs")])
    func aRebootWithAReservedBlockNamesIt(block: UInt32, to: UInt32, stack: String) throws {
        var script = script()
        for number in UInt32(0)..<20 { script.pdu(Double(number), 5, number) }
        for number in UInt32(0)..<5 { script.pdu(25 + Double(number), 5, to + number) }
        let all = try findings(script)
        #expect(all.count == 1 && all.first?.severity == .info)
        guard case .sequenceJump(let jump, IVIndex(5), let stacks)? = all.first?.fact else {
            Issue.record("\(all.map(\.fact))")
            return
        }
        #expect(jump.from.value == 19 && jump.to.value == to)
        #expect(stacks.map(\.identifier) == [stack] && stacks.map(\.reservation.block) == [block])
    }

    @Test func aSpoofedSEQIsAnOutlierAndStillTheBound() throws {
        var script = script()
        for number in UInt32(0)..<20 { script.pdu(Double(number), 5, number, source: 7) }
        script.pdu(20.5, 5, 0xFF_FFFF, source: 7)
        for number in UInt32(20)..<40 { script.pdu(Double(number) + 1, 5, number, source: 7) }
        let analysis = try script.analyse(options: .init(master: UnicastAddress(7)))
        let finding = try #require(analysis.findings.first { $0.kind == .sequenceOutlier })
        #expect(finding.severity == .critical && finding.frames.map(\.number) == [22])
        let position = SequencePosition(IVIndex(5), .last)
        #expect(finding.fact == .sequenceOutlier(position, others: SequenceNumber(truncating: 39)))
        #expect(!analysis.findings.contains { $0.kind == .sequenceRestarted })
        #expect(analysis.networks[0].sources[0].verdict.name == "exhausted")
    }

    @Test func aSourceThatGoesBackInTheIVIndexIsStale() throws {
        var script = script()
        for number in UInt32(0)..<5 { script.pdu(Double(number), 5, number) }
        for number in UInt32(10)..<15 { script.pdu(20 + Double(number), 4, number) }
        let finding = try #require(try findings(script).first { $0.kind == .staleIVIndex })
        #expect(finding.fact == .staleIVIndex(IVIndex(4), newer: IVIndex(5)) && finding.count == 5)
    }

    @Test func clocksOfTwoSniffersMakeNoRestart() throws {
        // Another sniffer's clock is 40 s behind the first one's, and it heard other PDUs.
        var first = script()
        var second = Script()
        for number in UInt32(0)..<100 {
            if number % 3 != 0 { first.pdu(Double(number), 5, number) }
            if number % 3 != 1 { second.pdu(Double(number) + 40, 5, number) }
        }
        let folder = try TestFolder()
        let analysis = try Analyzer(keys: scriptRing).analyze([
            try folder.write(first.octets(), "a"), try folder.write(second.octets(), "b"),
        ])
        #expect(analysis.findings.allSatisfy { $0.severity == .info }, "\(analysis.findings.map(\.kind))")
        #expect(analysis.networks[0].sources[0].epochs[0].missed == 0)
    }

    @Test func nearExhaustionIsForecast() throws {
        var script = script()
        for number in UInt32(0)..<200 { script.pdu(Double(number), 5, 0xD0_0000 + number) }
        let finding = try #require(try findings(script).first { $0.kind == .sequenceNearExhaustion })
        let last = SequencePosition(IVIndex(5), SequenceNumber(truncating: 0xD0_0000 + 199))
        let left = SequenceNumber.last.value - last.sequence.value
        let forecast = CaptureTime(seconds: 1_780_272_000 + 199).advanced(by: .seconds(Int64(left)))
        #expect(finding.fact == .sequenceNearExhaustion(last, left: left, exhaustedAt: forecast))
    }

    /// A Low Power node polls under friendship credentials for weeks, and then says something under flooding ones.
    @Test func pollsUnderFriendshipCredentialsAreNoGap() {
        func frame(_ number: Int) -> FrameReference {
            FrameReference(capture: 0, number: number, time: CaptureTime(seconds: Int64(number)))
        }
        var watch = SequenceWatch(SequenceNumber(truncating: 10), at: frame(0))
        for number in 1..<300 {
            watch.raise(to: SequenceNumber(truncating: UInt32(10 + number * 1000)), at: frame(number))
        }
        watch.apply(SequenceNumber(truncating: 299_020), .new, at: frame(300))
        watch.settle()
        #expect(watch.isRegular && watch.highest.value == 299_020)
    }

    /// Whatever comes in whatever order, near and far, forward and back in time: numbers stay numbers.
    @Test func noOrderOfSEQTraps() {
        for seed in UInt64(1)...300 {
            var random = SeededGenerator(seed: seed)
            let first = sequence(&random)
            var highest = first
            var watch = SequenceWatch(first, at: frame(&random))
            for _ in 0..<500 {
                let insertion: SequenceSet.Insertion = [.new, .new, .same, .other][random.below(4)]
                let sequence = sequence(&random)
                highest = max(highest, sequence)
                switch random.below(10) {
                case 0: watch.raise(to: sequence, at: frame(&random))
                default: watch.apply(sequence, insertion, isSuperseded: random.chance(0.05), at: frame(&random))
                }
            }
            watch.settle()
            #expect((first...highest).contains(watch.highest), "seed \(seed)")
            #expect(watch.jumps.count <= 16 && watch.restarts.count <= 16, "seed \(seed)")
            #expect(watch.jumps.allSatisfy { first <= $0.from && $0.from < $0.to && $0.to <= watch.highest })
            #expect(watch.restarts.allSatisfy { $0.first <= $0.last && $0.first < $0.from && $0.count >= 3 })
            let jumped = watch.jumps.reduce(0) { $0 + Int($1.to.value - $1.from.value) }
            #expect(jumped <= Int(watch.highest.value - first.value), "jumps are steps of one rise")
            #expect(watch.skipped < (16 + 2) << 24, "no sum went below 0")
        }
    }

    private func sequence(_ random: inout SeededGenerator) -> SequenceNumber {
        let near = UInt32(random.below(200)), far = UInt32(random.below(0x100_0000))
        return SequenceNumber(truncating: random.chance(0.7) ? near : random.chance(0.5) ? far : 0xFF_FFFF - near)
    }

    private func frame(_ random: inout SeededGenerator) -> FrameReference {
        let nanoseconds = Int64(random.below(1 << 40)) - (1 << 38)
        let time = random.chance(0.01) ? (random.chance(0.5) ? Int64.min : .max) : nanoseconds
        return FrameReference(
            capture: random.below(2), number: random.below(1000), time: CaptureTime(nanoseconds: time))
    }
}
