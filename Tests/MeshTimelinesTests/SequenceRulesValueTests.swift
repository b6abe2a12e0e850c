import CaptureFiles
import MeshEvidence
import MeshProtocol
import MeshStacks
import Testing

@testable import MeshTimelines

/// What a monotonous counter does not do, and what only looks like it.
@Suite struct SequenceRulesValueTests {
    private let other: [UInt8] = [0x41, 9, 9, 9, 9, 9, 9]

    /// Source 1 sends these SEQ, one a second.
    private func scene(_ sequences: Range<UInt32>) -> Scene {
        var scene = Scene()
        scene.beacon(.normal(5), at: 0)
        scene.heard(pdus: 1, iv: 5, seq: sequences, from: 0)
        return scene
    }

    // MARK: Restarts

    @Test func threePDUsInARowFarBehindAreARestart() throws {
        var scene = scene(1000..<1020)
        scene.heard(pdus: 1, iv: 5, seq: 0..<2, from: 60)
        #expect(try scene.kinds().isEmpty, "two are no run")
        scene.heard(pdu: 1, iv: 5, seq: 2, at: 62)
        let finding = try #require(try scene.judge().first)
        guard case .sequenceRestarted(let restart, let index, let short) = finding.fact else {
            Issue.record("\(finding.kind)")
            return
        }
        #expect(restart.from.value == 1019 && restart.first.value == 0 && restart.last.value == 2)
        #expect(restart.count == 3 && !restart.isOvertaken && index == IVIndex(5) && short == 1017)
        #expect(finding.frames.map(\.number) == [22] && finding.source == UnicastAddress(1))
    }

    /// At once, 256 behind may be a relay's; a minute and a half later nothing is.
    @Test(
        arguments: [(748, 5, false), (735, 5, true), (748, 90, false), (748, 91.1, true)] as [(UInt32, Double, Bool)])
    func aSEQALittleBehindIsOnlyLate(first: UInt32, seconds: Double, isTold: Bool) throws {
        var scene = scene(1000..<1005)
        scene.heard(pdus: 1, iv: 5, seq: first..<(first + 3), from: seconds, every: 0.1)
        #expect(try scene.kinds() == (isTold ? [.sequenceRestarted] : []))
    }

    @Test func aRestartThatPassesItsOldSEQIsOvertaken() throws {
        var scene = scene(10..<30)
        scene.heard(pdus: 1, iv: 5, seq: 0..<31, from: 60, saying: other)
        let facts = try scene.facts(.sequenceRestarted)
        guard case .sequenceRestarted(let restart, _, let short)? = facts.first, facts.count == 1 else {
            Issue.record("\(facts)")
            return
        }
        #expect(
            restart.isOvertaken && short == 0 && restart.last.value == 27, "28 is behind nothing that is remembered")
    }

    /// A slow path, or a relay that repeats what it hears, delivers what was missed a minute late; in a busy network that is far
    /// behind.
    @Test(arguments: [1.0, 0.2]) func copiesAMinuteLateAreNoRestart(every interval: Double) throws {
        var scene = Scene()
        scene.beacon(.normal(5), at: 0)
        for sequence in UInt32(0)..<900 {
            let time = Double(sequence) * interval
            if sequence % 3 != 0 { scene.heard(pdu: 1, iv: 5, seq: sequence, at: time) }
            let late = Int(sequence) - Int(60 / interval)
            if late >= 0 { scene.heard(pdu: 1, iv: 5, seq: UInt32(late), at: time + 0.01, ttl: 4) }
        }
        let warnings = try scene.judge().filter { $0.severity != .info }.map(\.kind)
        #expect(warnings.isEmpty, "\(warnings)")
    }

    /// Captures in the wrong order, or a clock that was set back: all sources seem to begin anew.
    @Test func sourcesThatBeginAnewTogetherAreAClock() throws {
        for sources in UInt16(2)...4 {
            var scene = Scene()
            scene.beacon(.normal(5), at: 0)
            for source in 1...sources { scene.heard(pdus: source, iv: 5, seq: 1000..<1100, from: 0) }
            for source in 1...sources { scene.heard(pdus: source, iv: 5, seq: 500..<550, from: 300) }
            let kinds = try scene.kinds()
            #expect(
                kinds.contains(.sequenceRestarted) == (sources < 3) && kinds.contains(.clocksDisagree) == (sources >= 3)
            )
        }
    }

    @Test func aMainRunThatGoesOnOvertakesNothing() throws {
        var scene = scene(1000..<1020)
        scene.heard(pdus: 1, iv: 5, seq: 0..<3, from: 60)
        scene.heard(pdu: 1, iv: 5, seq: 1020, at: 63)
        guard case .sequenceRestarted(let restart, _, let short)? = try scene.facts(.sequenceRestarted).first else {
            Issue.record("no restart")
            return
        }
        #expect(!restart.isOvertaken && short == 1018)
    }

    // MARK: Replays

    @Test func aCopyTenSecondsAfterAHigherSEQIsAReplay() throws {
        for (seconds, expected) in [(16.0, nil), (16.1, false), (96, false), (96.1, true)] as [(Double, Bool?)] {
            var scene = scene(0..<16)
            scene.heard(pdu: 1, iv: 5, seq: 5, at: seconds)
            let facts = try scene.facts()
            #expect(facts == (expected.map { [.pduReplayed(under: IVIndex(5), isLate: $0)] } ?? []))
            #expect(facts.first.map { $0.severity == .warning } ?? true == (expected ?? true), "copies come that late")
        }
    }

    @Test func ofManyReplaysTheFirstFramesAreNamed() throws {
        var scene = scene(0..<30)
        for sequence in UInt32(0)..<12 { scene.heard(pdu: 1, iv: 5, seq: sequence, at: 60) }
        let finding = try #require(try scene.judge().first)
        #expect(finding.kind == .pduReplayed && finding.count == 12 && finding.frames.count == 8)
        #expect(finding.frames.first?.number == 32)
    }

    @Test func copiesByRelaysAreNoReplays() throws {
        var scene = Scene()
        scene.beacon(.normal(5), at: 0)
        for sequence in UInt32(0)..<30 {
            scene.heard(pdu: 1, iv: 5, seq: sequence, at: Double(sequence))
            guard sequence >= 9 else { continue }
            scene.heard(pdu: 1, iv: 5, seq: sequence - 9, at: Double(sequence) + 0.5, ttl: 4)
        }
        #expect(try scene.kinds().isEmpty)
    }

    @Test func betweenCapturesTenMinutesPassBeforeAReplay() throws {
        for (seconds, isTold) in [(606.0, false), (607, true)] {
            var scene = scene(0..<16)
            scene.capture = 1
            scene.heard(pdu: 1, iv: 5, seq: 5, at: seconds)
            #expect(try scene.kinds().contains(.pduReplayed) == isTold)
        }
    }

    // MARK: Jumps and outliers

    @Test(
        arguments: [
            (127, [Stack.zephyr]), (8192, [.nrf5SDK]), (65538, [.silabs]), (5000, []),
        ] as [(UInt32, [Stack])])
    func aJumpNamesTheStacksThatExplainIt(to: UInt32, stacks: [Stack]) throws {
        var scene = scene(0..<20)
        scene.heard(pdus: 1, iv: 5, seq: to..<(to + 3), from: 25)
        let facts = try scene.facts()
        guard case .sequenceJump(let jump, let index, stacks)? = facts.first, facts.count == 1 else {
            Issue.record("\(facts)")
            return
        }
        #expect(jump.from.value == 19 && jump.to.value == to && jump.frame.number == 22 && index == IVIndex(5))
    }

    /// One a second so far, six seconds later: 32 and four times seven.
    @Test func aRiseThatTheRateExplainsIsNoJump() throws {
        for (to, isTold) in [(UInt32(79), false), (80, true)] {
            var scene = scene(0..<20)
            scene.heard(pdus: 1, iv: 5, seq: to..<(to + 3), from: 25)
            #expect(try scene.kinds() == (isTold ? [.sequenceJump] : []))
        }
    }

    /// Nothing contradicts it, and a product may set any block.
    @Test func aSpikeAtTheEndIsAJump() throws {
        for rise: UInt32 in [2 * 65536, 2 * 65536 + 1, 1_000_000] {
            var scene = scene(0..<20)
            scene.heard(pdu: 1, iv: 5, seq: 19 + rise, at: 25)
            #expect(try scene.kinds() == [.sequenceJump])
        }
    }

    /// Two PDUs behind a silence that come out of order contradict nothing.
    @Test func whatComesOutOfOrderBehindAJumpIsNoOutlier() throws {
        for sequences: [UInt32] in [[6001, 6000], [6001, 6000, 6002], [6256, 6000]] {
            var scene = scene(0..<20)
            for (place, sequence) in sequences.enumerated() {
                scene.heard(pdu: 1, iv: 5, seq: sequence, at: 100 + Double(place) * 0.02)
            }
            #expect(try scene.kinds() == [.sequenceJump], "\(sequences)")
        }
        var scene = scene(0..<20)
        scene.heard(pdu: 1, iv: 5, seq: 200, at: 20)
        scene.heard(pdus: 1, iv: 5, seq: 20..<24, from: 21)
        #expect(try scene.kinds() == [.sequenceOutlier], "what goes on below it does")
    }

    @Test func aSpikeBelowWhichTheSourceGoesOnIsAnOutlier() throws {
        var scene = scene(0..<20)
        scene.heard(pdu: 1, iv: 5, seq: 5000, at: 20.5)
        #expect(try scene.kinds() == [.sequenceJump], "as it stands")
        scene.heard(pdus: 1, iv: 5, seq: 20..<24, from: 21)
        let finding = try #require(try scene.judge().first)
        let position = SequencePosition(IVIndex(5), SequenceNumber(truncating: 5000))
        #expect(finding.fact == .sequenceOutlier(position, others: SequenceNumber(truncating: 23)))
        #expect(finding.severity == .critical && finding.frames.map(\.number) == [22])
        scene.heard(pdu: 1, iv: 5, seq: 5001, at: 26)
        #expect(try scene.kinds() == [.sequenceJump], "what follows it makes it true")
    }

    @Test func ofManyJumpsAllAreCounted() throws {
        var scene = Scene()
        for number in UInt32(0)..<20 {
            scene.heard(pdus: 1, iv: 5, seq: (number * 1000)..<(number * 1000 + 3), from: Double(number) * 5)
        }
        let jumps = try scene.judge().filter { $0.kind == .sequenceJump }
        #expect(jumps.count == 16 && jumps.reduce(0) { $0 + $1.count } == 19)
    }

    // MARK: Stale IV Index

    @Test func aSourceThatGoesBackInTheIVIndexIsStale() throws {
        for (seconds, isTold) in [(10.0, false), (10.1, true)] {
            var scene = scene(0..<5)
            for sequence in UInt32(10)..<13 { scene.heard(pdu: 1, iv: 4, seq: sequence, at: seconds) }
            let findings = try scene.judge().filter { $0.kind == .staleIVIndex }
            #expect(findings.map(\.fact) == (isTold ? [.staleIVIndex(IVIndex(4), newer: IVIndex(5))] : []))
            #expect(findings.allSatisfy { $0.count == 3 })
        }
    }

    @Test func aSourceTwoBehindTheNetworkForTenMinutesIsStale() throws {
        func facts(_ network: IVState, _ seconds: Double) throws -> [Fact] {
            var scene = Scene()
            scene.beacon(network, at: 0)
            scene.heard(pdu: 1, iv: 5, seq: 1, at: seconds)
            return try scene.facts(.staleIVIndex)
        }
        #expect(try facts(.updating(7), 600).isEmpty)
        #expect(try facts(.updating(7), 601) == [.staleIVIndex(IVIndex(5), newer: IVIndex(7))])
        #expect(try facts(.normal(6), 5000).isEmpty, "one behind may be in time")
    }

    // MARK: The end of the sequence space

    @Test func nearExhaustionBeginsAtThreeQuarters() throws {
        func facts(_ sequence: UInt32) throws -> [Fact] {
            var scene = Scene()
            scene.heard(pdu: 1, iv: 5, seq: sequence, at: 0)
            return try scene.facts()
        }
        let position = SequencePosition(IVIndex(5), SequenceNumber(truncating: 0xC0_0000))
        #expect(try facts(0xBF_FFFF).isEmpty)
        #expect(
            try facts(0xC0_0000) == [.sequenceNearExhaustion(position, left: 0x3F_FFFF, exhaustedAt: nil)],
            "heard too briefly for a forecast")
    }

    @Test func theBusiestRateTellsWhenTheSEQEnd() throws {
        var scene = Scene()
        scene.beacon(.normal(5), at: 0)
        for number in UInt32(0)...12 {
            scene.heard(pdu: 1, iv: 5, seq: 0xD0_0000 + number * 10, at: Double(number) * 5)
        }
        let left = UInt32(0xFF_FFFF - 0xD0_0000 - 120)
        guard case .sequenceNearExhaustion(_, left, let time)? = try scene.facts().first else {
            Issue.record("\(try scene.facts())")
            return
        }
        // Two a second.
        #expect(time == Scene.time(60 + (Double(left) / 2).rounded()))
    }
}

/// A nonce must never repeat; what a relay passes on does not repeat it.
@Suite struct NonceValueTests {
    private let whole: [UInt8] = [0x41, 1, 2, 3, 4, 5, 6]
    private let cut: [UInt8] = [0x41, 1, 2]
    private let other: [UInt8] = [0x41, 9, 2, 3, 4, 5, 6]
    private let position = SequencePosition(IVIndex(5), SequenceNumber(truncating: 7))

    /// Two PDUs under the same SEQ.
    private func facts(_ first: ([UInt8], ttl: UInt8), _ second: ([UInt8], ttl: UInt8), after: UInt32 = 0) throws
        -> [Fact]
    {
        var scene = Scene()
        scene.beacon(.normal(5), at: 0)
        scene.heard(pdu: 1, iv: 5, seq: 7, at: 1, saying: first.0, ttl: first.ttl)
        for number in 0..<after { scene.heard(pdu: 1, iv: 5, seq: 8 + number, at: 1.5) }
        scene.heard(pdu: 1, iv: 5, seq: 7, at: 2, saying: second.0, ttl: second.ttl)
        let epoch = try #require(try scene.state().networks[0].sources.first?.epochs().first)
        #expect(epoch.distinct == 1 + Int(after) && epoch.heard == 2 + Int(after))
        return try scene.facts()
    }

    @Test func anotherTTLIsTheSamePDU() throws {
        #expect(try facts((whole, 5), (whole, 4)).isEmpty)
    }

    @Test func otherContentIsNonceReuse() throws {
        #expect(try facts((whole, 5), (other, 5)) == [.nonceReused(position)])
        #expect(try facts((whole, 5), (other, 4)) == [.nonceReused(position)], "no relay does that")
    }

    @Test func aCutCopyIsAFaultyRelays() throws {
        #expect(try facts((whole, 5), (cut, 4)) == [.pduAlteredByRelay(position)])
        #expect(try facts((cut, 4), (whole, 5)) == [.pduAlteredByRelay(position)], "heard before the whole one")
    }

    /// A proper relay's copy may have a lower TTL than the one that was cut before it.
    @Test func aCutCopyMayHaveAnyTTL() throws {
        for (first, second) in [((whole, UInt8(5)), (cut, UInt8(5))), ((cut, 5), (whole, 5)), ((whole, 4), (cut, 5))] {
            #expect(try facts(first, second) == [.pduAlteredByRelay(position)])
        }
    }

    @Test func aRelayCutsByTheLengthOfTheNetMIC() throws {
        for length in 1..<whole.count {
            let isCut = (whole.count - length) % 4 == 0
            let found = try facts((whole, 5), (Array(whole.prefix(length)), 4))
            #expect(found == [isCut ? .pduAlteredByRelay(position) : .nonceReused(position)], "\(length)")
        }
    }

    @Test func aRelayCutsAtOnce() throws {
        #expect(try facts((whole, 5), (cut, 4), after: 63) == [.pduAlteredByRelay(position)])
        #expect(try facts((whole, 5), (cut, 4), after: 64) == [.nonceReused(position)])
    }

    /// Copies of copies, each shorter, in any order and for seconds; once a relay was seen to do so, late ones are its work too.
    @Test func relaysThatHearThemselvesReuseNoNonce() throws {
        var scene = Scene()
        scene.beacon(.normal(5), at: 0)
        let long = whole + [7, 8, 9, 10]
        for sequence in UInt32(0)..<200 {
            let time = Double(sequence) * 0.1
            scene.heard(
                pdu: 1, iv: 5, seq: sequence, at: time, saying: sequence % 2 == 0 ? Array(long.prefix(3)) : long, ttl: 5
            )
            guard sequence >= 80 else { continue }
            scene.heard(pdu: 1, iv: 5, seq: sequence, at: time + 0.02, saying: Array(long.prefix(7)), ttl: 4)
            scene.heard(pdu: 1, iv: 5, seq: sequence - 80, at: time + 0.05, saying: Array(long.prefix(7)), ttl: 3)
        }
        #expect(try Set(scene.kinds()) == [.pduAlteredByRelay])
    }

    /// The same PDU under another subnet's key, with a lower TTL.
    @Test func aBridgeRepeatsPDUsUnderAnotherKey() throws {
        let scene = Scene.bridged
        #expect(try scene.kinds().isEmpty)
        let sources = try scene.state().networks[0].sources
        #expect(sources[0].bridges == [.init(from: SubnetIndex(0), to: SubnetIndex(1))] && sources[1].bridges.isEmpty)
        #expect(sources.map(\.subnets.count) == [2, 1])
    }

    @Test func whatAFriendDeliversLateIsNoRestart() throws {
        var scene = Scene()
        scene.beacon(.normal(5), at: 0)
        scene.heard(pdus: 1, iv: 5, seq: 1000..<1020, from: 0)
        for sequence in UInt32(0)..<5 {
            scene.heard(pdu: 1, iv: 5, seq: sequence, at: 90, credentials: .friendship)
        }
        #expect(try scene.kinds().isEmpty)
    }
}
