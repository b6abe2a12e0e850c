import CaptureFiles
import MeshEvidence
import MeshProtocol
import MeshTimelines
import Testing

@testable import MeshVerdict

/// Whether a replacement for source 1 was taken for it, since second 100.
@Suite struct TakeoverQuestionValueTests {
    private static let node: UInt16 = 9

    /// The old device sent SEQ 1000 to 1019, and node 9 is there.
    private var before: Scene {
        var scene = Scene()
        scene.beacon(.normal(5), at: 0)
        scene.heard(pdus: 1, iv: 5, seq: 1000..<1020, from: 0)
        scene.heard(pdu: Self.node, iv: 5, seq: 1, at: 30)
        scene.heard(pdu: Self.node, iv: 5, seq: 2, at: 101)
        return scene
    }

    private func takeover(
        _ scene: Scene, of address: UInt16 = 1, old: SequencePosition? = nil
    ) throws -> Takeover {
        var state = MeshState(scene.keys)
        var question = TakeoverQuestion(
            try #require(UnicastAddress(address)), since: Scene.time(100), old: old, in: scene.keys)
        for observation in scene.observations {
            question.apply(observation, state.apply(observation))
            let asked = question.judge()
            #expect(asked == question.judge(), "asking changes nothing")
        }
        return try #require(question.judge())
    }

    /// The replacement asks node 9, ten seconds apart; the node answers after `delay`.
    private func ask(
        _ scene: inout Scene, _ sequences: Range<UInt32>, answeredAfter delay: Double? = nil,
        saying message: [UInt8] = Scene.deviceMessage
    ) {
        for (place, sequence) in sequences.enumerated() {
            let time = 110 + Double(place) * 10
            scene.heard(pdu: 1, iv: 5, seq: sequence, at: time, to: Self.node, saying: message)
            guard let delay else { continue }
            let answer = 70 + UInt32(place)
            scene.heard(pdu: Self.node, iv: 5, seq: answer, at: time + delay, to: 1, saying: message)
        }
    }

    // MARK: Accepted

    @Test func anAnswerUnderADeviceKeyAcceptsIt() throws {
        var scene = before
        ask(&scene, 5300..<5301, answeredAfter: 0.5)
        let takeover = try takeover(scene)
        #expect(takeover.verdict == .accepted && takeover.answers.deviceKeyAnswers == 1)
        #expect(takeover.oldLast?.sequence.value == 1019 && takeover.first?.sequence.value == 5300)
        #expect(takeover.oldLastFrame?.time == Scene.time(19) && takeover.sent == 1)
        #expect(takeover.answers.firstFrame?.time == Scene.time(110.5))
    }

    @Test func anAnswerComesWithinAMinute() throws {
        for (delay, verdict) in [(60.0, Takeover.Verdict.accepted), (60.5, .unclear)] {
            var scene = before
            ask(&scene, 5300..<5301, answeredAfter: delay)
            // Only what was captured counts: a time without any message for a minute at most.
            #expect(try takeover(scene).verdict == .accepted)
            scene.heard(pdu: 8, iv: 5, seq: 1, at: 140)
            #expect(try takeover(scene).verdict == verdict)
        }
    }

    @Test func aSegmentAcknowledgmentAcceptsIt() throws {
        let seqZero = UInt16(5300 & 0x1FFF)
        for (acknowledged, verdict) in [(seqZero, Takeover.Verdict.accepted), (seqZero + 1, .unclear)] {
            var scene = before
            let fields = [UInt8(seqZero >> 6), UInt8(truncatingIfNeeded: seqZero << 2), 1]
            scene.heard(
                pdu: 1, iv: 5, seq: 5300, at: 110, to: Self.node, saying: [0xC1] + fields + [1, 2, 3, 4, 5, 6, 7, 8])
            let block = [UInt8(acknowledged >> 6), UInt8(truncatingIfNeeded: acknowledged << 2)]
            scene.heard(
                pdu: Self.node, iv: 5, seq: 70, at: 120, to: 1, saying: [0] + block + [0, 0, 0, 3], isControl: true)
            let takeover = try takeover(scene)
            #expect(takeover.verdict == verdict && takeover.acknowledgments == (verdict == .accepted ? 1 : 0))
        }
    }

    @Test func theUserMayKnowTheOldSEQ() throws {
        var scene = Scene()
        scene.beacon(.normal(5), at: 0)
        ask(&scene, 5300..<5301, answeredAfter: 0.5)
        #expect(try takeover(scene).verdict == .unclear, "nothing tells it from the old device")
        let old = SequencePosition(IVIndex(5), SequenceNumber(truncating: 1019))
        let takeover = try takeover(scene, old: old)
        #expect(takeover.verdict == .accepted && takeover.oldLast == old && takeover.oldLastFrame == nil)
    }

    // MARK: Ignored

    @Test func aSEQBelowTheOldOneIsIgnored() throws {
        var scene = before
        ask(&scene, 500..<502, answeredAfter: 0.5)
        #expect(try takeover(scene).verdict == .ignored)
    }

    @Test func threeRequestsThatNobodyAnswersAreIgnored() throws {
        for (count, verdict) in [(UInt32(2), Takeover.Verdict.unclear), (3, .ignored)] {
            var scene = before
            scene.heard(pdus: Self.node, iv: 5, seq: 3..<12, from: 102)
            ask(&scene, 5300..<(5300 + count))
            let takeover = try takeover(scene)
            #expect(takeover.verdict == verdict && takeover.answers.owed == Int(count))
        }
    }

    /// A node far away, of which one PDU in four is heard: three answers may all have been missed, a score of them not.
    @Test func anAnswerThatMayHaveBeenMissedIsNotOwed() throws {
        for (count, verdict) in [(UInt32(3), Takeover.Verdict.unclear), (20, .ignored)] {
            var scene = before
            for place in UInt32(0)..<10 {
                scene.heard(pdu: Self.node, iv: 5, seq: 4 + place * 4, at: 102 + Double(place))
            }
            ask(&scene, 5300..<(5300 + count))
            #expect(try takeover(scene).verdict == verdict, "\(count)")
        }
    }

    /// Answers to the old device that somebody recorded, and sends again after each request.
    @Test func whatIsBehindItsSourceAnswersNothing() throws {
        for offset in [UInt32(0), 2000] {
            var scene = before
            scene.heard(pdus: Self.node, iv: 5, seq: 1000..<1010, from: 40)
            for place in UInt32(0)..<6 {
                let time = 110 + Double(place) * 17 + Double(place * place % 5)
                scene.heard(pdu: 1, iv: 5, seq: 5300 + place, at: time, to: Self.node, saying: Scene.deviceMessage)
                scene.heard(
                    pdu: Self.node, iv: 5, seq: 200 + offset + place, at: time + 0.3, to: 1, saying: Scene.deviceMessage
                )
            }
            #expect(try takeover(scene).verdict == (offset == 0 ? .unclear : .accepted))
        }
    }

    // MARK: Partial

    /// Nodes 9 and 10 are asked alike, and heard alike; one answers.
    @Test(arguments: [Scene.deviceMessage, Scene.message]) func nodesThatOweAnAnswerAreNamed(message: [UInt8]) throws {
        var scene = before
        scene.heard(pdus: 10, iv: 5, seq: 50..<100, from: 104, every: 7)
        for place in UInt32(0)..<12 {
            // At uneven times, which no clock of a node has.
            let time = 110 + Double(place) * 19 + Double(place * place * 5 % 11)
            scene.heard(pdu: 1, iv: 5, seq: 5300 + 2 * place, at: time, to: Self.node, saying: message)
            scene.heard(pdu: Self.node, iv: 5, seq: 70 + place, at: time + 0.2, to: 1, saying: message)
            scene.heard(pdu: 1, iv: 5, seq: 5301 + 2 * place, at: time + 5, to: 10, saying: message)
        }
        let takeover = try takeover(scene)
        #expect(takeover.verdict == .partial)
        #expect(takeover.answers.accepting.map(\.value) == [9] && takeover.answers.owing.map(\.value) == [10])
    }

    @Test func nobodyOwesAnAnswerToWhatNeedsNone() throws {
        var scene = before
        ask(&scene, 5300..<5306, saying: Scene.message)
        let takeover = try takeover(scene)
        #expect(takeover.verdict == .unclear && takeover.answers.owed == 0 && takeover.answers.requests == 6)
    }

    // MARK: Unclear

    @Test func whatIsNotHeardIsUnclear() throws {
        let takeover = try takeover(before)
        #expect(takeover.verdict == .unclear && takeover.first == nil && takeover.sent == 0)
    }

    @Test func aSEQCloseBehindTheOldOneMayBeTheOldDevices() throws {
        for (sequence, verdict) in [
            (1019 + Recovery.allowance - 1, Takeover.Verdict.unclear), (1019 + Recovery.allowance, .accepted),
        ] {
            var scene = before
            ask(&scene, sequence..<(sequence + 1), answeredAfter: 0.5)
            let takeover = try takeover(scene)
            #expect(takeover.verdict == verdict && takeover.isContinuation == (verdict == .unclear))
        }
    }

    // MARK: Conflict

    @Test func aSEQBehindItsOwnLaterThanAnyCopyIsAnothersDevice() throws {
        for (seconds, verdict) in [(200.0, Takeover.Verdict.unclear), (200.1, .conflict)] {
            var scene = before
            scene.heard(pdu: 1, iv: 5, seq: 5300, at: 110)
            scene.heard(pdu: 1, iv: 5, seq: 1200, at: seconds)
            let takeover = try takeover(scene)
            #expect(takeover.verdict == verdict && takeover.foreign.count == (verdict == .conflict ? 1 : 0))
        }
    }

    @Test func itsOwnSEQWithOtherContentIsAnothersDevice() throws {
        let others: [([UInt8], UInt8, Takeover.Verdict)] = [
            ([0x41, 9, 9, 9, 9, 9, 9], 5, .conflict), (Scene.message, 4, .unclear),
            (Array(Scene.message.prefix(3)), 4, .unclear),
        ]
        for (content, ttl, verdict) in others {
            var scene = before
            scene.heard(pdu: 1, iv: 5, seq: 5300, at: 110)
            scene.heard(pdu: 1, iv: 5, seq: 5300, at: 111, saying: content, ttl: ttl)
            #expect(try takeover(scene).verdict == verdict)
        }
    }

    @Test func oldPDUsThatComeAgainAreNotItsOwn() throws {
        var scene = before
        scene.heard(pdu: 1, iv: 5, seq: 1010, at: 105)
        ask(&scene, 5300..<5301, answeredAfter: 0.5)
        let takeover = try takeover(scene)
        #expect(takeover.verdict == .accepted && takeover.first?.sequence.value == 5300 && takeover.sent == 1)
    }

    // MARK: Networks

    @Test func itIsAskedWhereTheAddressWasHeard() throws {
        let networks = Scene.netKeys.prefix(2).map { KeyRing.Network(subnets: [.init(keyIndex: .primary, netKey: $0)]) }
        var scene = Scene(KeyRing(networks: networks))
        scene.beacon(.normal(5), at: 0, network: 1)
        scene.heard(pdu: 1, iv: 5, seq: 1, at: 110, network: 1)
        #expect(try takeover(scene).network == NetworkIndex(1))
        #expect(try takeover(scene, of: 2).network == NetworkIndex(0), "nowhere, so the first")
        let empty = TakeoverQuestion(try #require(UnicastAddress(1)), since: Scene.start, in: KeyRing())
        #expect(empty.judge() == nil)
    }
}
