import CaptureFiles
import MeshEvidence
import MeshProtocol
import MeshSimulation
import MeshTestSupport
import MeshVerdict
import TestSupport
import Testing

@Suite struct TakeoverStateTests {
    private let swap = CaptureTime(seconds: 1_780_272_000 + 100)

    /// The old device sends up to SEQ 1099; `fill` is what follows the swap at second 100.
    private func takeover(_ fill: (inout Script) -> Void) throws -> Takeover {
        var script = Script()
        script.beacon(0, normal(5))
        for number in UInt32(0)..<100 { script.pdu(Double(number) * 0.9, 5, 1000 + number) }
        fill(&script)
        var question = TakeoverQuestion(try #require(UnicastAddress(1)), since: swap, in: scriptRing)
        _ = try script.analyse { question.apply($0, $1) }
        return try #require(question.judge())
    }

    private func ask(_ script: inout Script, _ seconds: Double, _ sequence: UInt32, to destination: UInt16 = 9) {
        script.pdu(seconds, 5, sequence, destination: destination)
    }

    @Test func nodesThatAnswerAcceptIt() throws {
        let result = try takeover { script in
            for number in UInt32(0)..<4 {
                ask(&script, 110 + Double(number) * 10, 5300 + number)
                script.pdu(111 + Double(number) * 10, 5, 70 + number, source: 9, destination: 1)
            }
        }
        #expect(result.verdict == .accepted && result.answers.answered == 1 && result.answers.asked == 1)
        #expect(result.answers.answers == 4 && result.answers.firstFrame?.time == swap.advanced(by: .seconds(11)))
        #expect(result.oldLast?.sequence.value == 1099 && result.first?.sequence.value == 5300)
        #expect(result.foreign.isEmpty && result.sent == 4)
    }

    /// Only of what it sent in segments: SEG 1, SeqZero, and segment 0 of 1.
    @Test func aSegmentAcknowledgmentIsAnAnswer() throws {
        let zero = UInt16(5300 & 0x1FFF) << 2
        let header = [0x80, UInt8(zero >> 8), UInt8(zero & 255), 1]
        for (isSegmented, verdict) in [(true, Takeover.Verdict.accepted), (false, .unclear)] {
            let result = try takeover { script in
                let transport = isSegmented ? header + [UInt8](repeating: 7, count: 12) : [0x40, 1, 2, 3, 4, 5, 6]
                script.pdu(110, 5, 5300, destination: 9, transport: transport)
                let block: [UInt8] = [0, UInt8(zero >> 8), UInt8(zero & 255), 0, 0, 0, 3]
                script.control(120, 5, 90, source: 9, destination: 1, block)
            }
            #expect(result.verdict == verdict && result.acknowledgments == (isSegmented ? 1 : 0))
            #expect((result.firstAcknowledgment != nil) == isSegmented)
        }
    }

    /// A server answers under its device key and sends nothing else under it: one answer is enough.
    @Test func oneAnswerUnderADeviceKeyIsEnough() throws {
        for (transport, verdict) in [(deviceKeyed, Takeover.Verdict.accepted), (applicationKeyed, .unclear)] {
            let result = try takeover { script in
                script.pdu(105, 5, 60, source: 7)
                script.pdu(110, 5, 5300, destination: 9, transport: transport)
                script.pdu(110.4, 5, 70, source: 9, destination: 1, transport: transport)
                script.pdu(120, 5, 61, source: 7)
            }
            #expect(result.verdict == verdict)
        }
    }

    private let deviceKeyed: [UInt8] = [0, 1, 2, 3, 4, 5, 6]
    private let applicationKeyed: [UInt8] = [0x4A, 1, 2, 3, 4, 5, 6]

    /// Nodes that publish to the gateway's own address do so unasked.
    @Test func publicationsToTheGatewayAreNoAnswers() throws {
        let result = try takeover { script in
            for number in UInt32(0)..<40 {
                script.pdu(
                    102 + Double(number) * 4, 5, 70 + number, source: 9, destination: 1, transport: applicationKeyed)
            }
            for number in UInt32(0)..<8 {
                let time = 110 + Double(number) * 17
                script.pdu(time, 5, 5300 + number, destination: 9, transport: applicationKeyed)
            }
        }
        #expect(result.verdict == .unclear && result.answers.answers > 0 && result.answers.chance > 0.1)
    }

    /// Group messages want no answer, but nodes that change publish it.
    @Test func publicationsThatFollowAcceptIt() throws {
        let result = try takeover { script in
            for number in UInt32(0)..<12 {
                let time = 110 + Double(number) * 20
                script.pdu(time, 5, 5300 + number, transport: applicationKeyed)
                for node in UInt16(9)..<12 {
                    // Each is the first one now and then: none of them may be who the others react to.
                    let delay = 0.2 + Double((node + UInt16(number)) % 3) / 50
                    script.pdu(
                        time + delay, 5, 70 + number, source: node, destination: 0xC001, transport: applicationKeyed)
                }
            }
            for time in [102.0, 355] { script.pdu(time, 5, UInt32(time), source: 12, transport: applicationKeyed) }
        }
        #expect(result.verdict == .accepted && result.answers.publications == 12)
        #expect(result.answers.requests == 0 && result.answers.publicationChance < 0.01)
    }

    /// A switch speaks, lamps obey it and publish; the master speaks too since it heard the switch, and nobody listens.
    @Test func publicationsThatFollowAnotherNodeAreNoAnswers() throws {
        let result = try takeover { script in
            for number in UInt32(0)..<12 {
                let time = 110 + Double(number) * 20
                script.pdu(time, 5, 70 + number, source: 7, transport: applicationKeyed)
                script.pdu(time + 0.1, 5, 5300 + number, transport: applicationKeyed)
                script.pdu(time + 0.5, 5, 70 + number, source: 9, destination: 0xC001, transport: applicationKeyed)
            }
        }
        #expect(result.verdict == .unclear && result.answers.publications == 0)
    }

    /// Nothing has to be answered of unacknowledged messages to single nodes, whatever the old device was answered.
    @Test func silenceAfterUnacknowledgedMessagesSaysNothing() throws {
        let result = try takeover { script in
            for number in UInt32(0)..<6 {
                let time = 10 + Double(number) * 12
                script.pdu(time + 0.05, 5, 1100 + number, destination: 9, transport: applicationKeyed)
                script.pdu(time + 0.5, 5, 70 + number, source: 9, destination: 1, transport: applicationKeyed)
            }
            for number in UInt32(0)..<6 {
                let time = 110 + Double(number) * 12
                script.pdu(time, 5, 5300 + number, destination: 9, transport: applicationKeyed)
            }
            script.pdu(190, 5, 90, source: 9, transport: applicationKeyed)
        }
        #expect(result.verdict == .unclear && result.answers.requests == 6 && result.answers.owed == 0)
    }

    /// Answers under device keys that come late, as from a Low Power node, or while the next request is out already.
    @Test(arguments: [(20.0, 8.0), (20, 3.5), (4, 1.1), (1.5, 0.5)])
    func lateAnswersUnderDeviceKeysCount(period: Double, delay: Double) throws {
        let result = try takeover { script in
            for number in UInt32(0)..<10 {
                let time = 110 + Double(number) * period
                script.pdu(time, 5, 5300 + number, destination: 9, transport: deviceKeyed)
                script.pdu(time + delay, 5, 70 + number, source: 9, destination: 1, transport: deviceKeyed)
            }
        }
        #expect(result.verdict == .accepted && result.answers.deviceKeyAnswers == 10)
    }

    /// What nodes had to answer and did not outweighs publications that seem to follow.
    @Test func unansweredRequestsOutweighChance() throws {
        let result = try takeover { script in
            for number in UInt32(0)..<8 {
                let time = 110 + Double(number) * 23
                script.pdu(time, 5, 5300 + number, destination: 9, transport: deviceKeyed)
                script.pdu(time + 0.2, 5, 70 + number, source: 9, destination: 0xC001, transport: applicationKeyed)
            }
            script.pdu(320, 5, 90, source: 10, transport: applicationKeyed)
        }
        #expect(result.verdict == .ignored && result.answers.publications == 8)
    }

    /// Old PDUs that come again, and first PDUs that were too low, do not decide where the nodes answer.
    @Test func replaysAndAFirstTryDoNotDecide() throws {
        for isReplay in [true, false] {
            let result = try takeover { script in
                if isReplay { script.pdu(105, 5, 1050) } else { script.pdu(105, 5, 1090, destination: 8) }
                for number in UInt32(0)..<6 {
                    let time = 110 + Double(number) * 10
                    script.pdu(time, 5, 5300 + number, destination: 9, transport: deviceKeyed)
                    script.pdu(time + 0.5, 5, 70 + number, source: 9, destination: 1, transport: deviceKeyed)
                }
            }
            #expect(result.verdict == .accepted)
        }
    }

    /// The old device comes back and sends between the replacement's PDUs, far below them.
    @Test(arguments: [1.0, 5, 20]) func anOldDeviceThatComesBackIsAConflict(period: Double) throws {
        let result = try takeover { script in
            for number in UInt32(0)..<60 {
                script.pdu(110 + Double(number) * period, 5, 5300 + number, destination: 9, transport: applicationKeyed)
            }
            for number in UInt32(0)..<5 { script.pdu(215.5 + Double(number) * 5, 5, 1200 + number) }
        }
        #expect(result.verdict == .conflict)
    }

    /// A node repeats the segments of its answer to the old device.
    @Test func aRepeatedAnswerToTheOldDeviceIsNone() throws {
        let zero = UInt16(70) << 2
        let segment = [0x80, UInt8(zero >> 8), UInt8(zero & 255), 0] + [UInt8](repeating: 7, count: 12)
        let result = try takeover { script in
            script.pdu(98, 5, 70, source: 9, destination: 1, transport: segment)
            for number in UInt32(0)..<4 {
                script.pdu(100.5 + Double(number) * 4, 5, 5300 + number, destination: 9, transport: deviceKeyed)
                script.pdu(101 + Double(number) * 4, 5, 71 + number, source: 9, destination: 1, transport: segment)
            }
        }
        #expect(result.verdict != .accepted && result.answers.deviceKeyAnswers == 0)
    }

    /// Periodic senders and a periodic master, with periods that fit each other and phases by chance.
    @Test func periodsThatFitAcceptAlmostNobody() throws {
        let periods = [(10.0, 10.0), (20, 10), (30, 10), (10, 30), (60, 60), (16, 10)]
        var (accepted, runs) = (0, 0)
        for (index, (nodePeriod, ownPeriod)) in periods.enumerated() {
            for seed in UInt64(1)...100 {
                var numbers = SeededNumbers(seed: seed * 7 + UInt64(index))
                func phase(_ period: Double) -> Double { Double(numbers.below(1_000_000)) / 1_000_000 * period }
                let isToGroup = seed % 2 == 0
                var events: [(time: Double, source: UInt16)] = []
                events += stride(from: 101 + phase(nodePeriod), to: 701, by: nodePeriod).map { ($0, 9) }
                events += stride(from: 101 + phase(ownPeriod), to: 701, by: ownPeriod).map { ($0, 1) }
                let result = try takeover { script in
                    for (place, event) in events.sorted(by: { $0.time < $1.time }).enumerated() {
                        let single: UInt16 = event.source == 1 ? 9 : 1
                        script.pdu(
                            event.time, 5, 5300 + UInt32(place), source: event.source,
                            destination: isToGroup ? 0xC000 : single, transport: applicationKeyed)
                    }
                }
                runs += 1
                if result.verdict == .accepted { accepted += 1 }
            }
        }
        #expect(accepted <= runs / 50, "of \(runs)")
    }

    /// A time that was not captured makes nothing less likely.
    @Test func aGapInTheCapturesIsNoEvidence() throws {
        let result = try takeover { script in
            for number in UInt32(0)..<40 {
                script.pdu(
                    102 + Double(number) * 4, 5, 70 + number, source: 9, destination: 1, transport: applicationKeyed)
            }
            for number in UInt32(0)..<8 {
                script.pdu(110 + Double(number) * 17, 5, 5300 + number, destination: 9, transport: applicationKeyed)
            }
            script.pdu(259_200, 5, 9000, source: 12, transport: applicationKeyed)
        }
        #expect(result.verdict == .unclear)
    }

    /// Simulated swaps: one that is right is almost always seen to be accepted, and one that starts at 0 never is.
    @Test func simulatedSwaps() throws {
        var verdicts: [Scenario: [Takeover.Verdict: Int]] = [:]
        for scenario in [Scenario.swap, .wrongReplacement] {
            for seed in UInt64(1)...100 {
                let simulated = SimulatedCapture(scenario, seed: seed)
                let since = CaptureTime(seconds: 1_780_272_000 + 45)
                var question = TakeoverQuestion(try #require(UnicastAddress(1)), since: since, in: simulated.keys)
                _ = try analyse(write(simulated.frames), simulated.keys) { question.apply($0, $1) }
                verdicts[scenario, default: [:]][try #require(question.judge()).verdict, default: 0] += 1
            }
        }
        let (right, wrong) = (verdicts[.swap] ?? [:], verdicts[.wrongReplacement] ?? [:])
        #expect(right[.ignored] == nil && right[.conflict] == nil && (right[.accepted] ?? 0) >= 95)
        #expect(wrong[.accepted] == nil && wrong[.conflict] == nil && (wrong[.ignored] ?? 0) >= 95)
    }

    /// Nodes that send what they send at any time, to groups and to the gateway, and a master that nobody hears.
    @Test func chanceAcceptsAlmostNobody() throws {
        var accepted = 0
        let runs = 400
        for seed in 1...UInt64(runs) {
            var numbers = SeededNumbers(seed: seed)
            var script = Script()
            script.beacon(0, normal(5))
            var events: [(time: Double, source: UInt16)] = []
            for node in UInt16(9)..<14 {
                for _ in 0..<(2 + numbers.below(30)) { events.append((101 + Double(numbers.below(6000)) / 10, node)) }
            }
            for _ in 0..<(3 + numbers.below(30)) { events.append((101 + Double(numbers.below(6000)) / 10, 1)) }
            for (index, event) in events.sorted(by: { $0.time < $1.time }).enumerated() {
                let isMaster = event.source == 1
                let single: UInt16 = isMaster ? 9 + UInt16(numbers.below(5)) : 1
                script.pdu(
                    event.time, 5, 5300 + UInt32(index), source: event.source,
                    destination: numbers.below(2) == 0 ? 0xC000 : single, transport: applicationKeyed)
            }
            let old = SequencePosition(IVIndex(5), SequenceNumber(truncating: 1000))
            var question = TakeoverQuestion(try #require(UnicastAddress(1)), since: swap, old: old, in: scriptRing)
            _ = try script.analyse { question.apply($0, $1) }
            let takeover = try #require(question.judge())
            let verdict = takeover.verdict
            #expect(verdict != .conflict && verdict != .ignored || takeover.answers.answers == 0)
            if verdict == .accepted { accepted += 1 }
        }
        #expect(accepted <= runs / 50, "of \(runs)")
    }

    @Test func aSEQBelowTheOldOneIsIgnored() throws {
        let result = try takeover { script in for number in UInt32(0)..<5 { ask(&script, 110 + Double(number), number) }
        }
        #expect(result.verdict == .ignored && result.first?.sequence.value == 0)
    }

    @Test func oneThatAsksInVainIsIgnored() throws {
        let result = try takeover { script in
            for number in UInt32(0)..<5 { ask(&script, 110 + Double(number) * 3, 5300 + number) }
            for number in UInt32(0)..<5 { script.pdu(130 + Double(number), 5, 60 + number, source: 9) }
        }
        #expect(result.verdict == .ignored && result.answers.owed == 5 && result.answers.answered == 0)
    }

    @Test func onlyGroupsOrSilenceIsUnclear() throws {
        let silent = try takeover { _ in }
        #expect(silent.verdict == .unclear)
        let result = try takeover { script in
            for number in UInt32(0)..<9 { script.pdu(110 + Double(number), 5, 5300 + number) }
        }
        #expect(result.verdict == .unclear && result.sent == 9)
    }

    @Test func anOldDeviceThatStillSendsIsAConflict() throws {
        let result = try takeover { script in
            for number in UInt32(0)..<5 { ask(&script, 110 + Double(number) * 5, 5300 + number) }
            script.pdu(225, 5, 1100)
        }
        #expect(result.verdict == .conflict && result.foreign.count == 1)
        let reused = try takeover { script in
            script.pdu(110, 5, 5300, transport: [0x40, 1, 2, 3, 4, 5, 6])
            script.pdu(111, 5, 5300, transport: [0x40, 1, 2, 3, 4, 5, 7])
        }
        #expect(reused.verdict == .conflict)
    }

    @Test func relaysAreNoConflict() throws {
        let result = try takeover { script in
            for number in UInt32(0)..<30 {
                ask(&script, 110 + Double(number), 5300 + number)
                script.pdu(110.03 + Double(number), 5, 5300 + number, ttl: 4, destination: 9)
            }
        }
        #expect(result.foreign.isEmpty && result.sent == 30)
    }

    /// A phone asks and sets at the same times as the replacement, and nodes react to that: at once, or slowly.
    @Test(arguments: [0.3, 2.5, 9]) func whatFollowsSomebodyElseIsNoAnswer(delay: Double) throws {
        let result = try takeover { script in
            for number in UInt32(0)..<14 {
                let time = 110 + Double(number) * 31
                script.pdu(time, 5, 5300 + number, destination: 9, transport: applicationKeyed)
                script.pdu(
                    time + 0.4 - delay, 5, 600 + number, source: 7, destination: 0xC001, transport: applicationKeyed)
                script.pdu(time + 0.5, 5, 70 + number, source: 9, destination: 1, transport: applicationKeyed)
            }
        }
        #expect(result.verdict == .unclear && result.answers.answers == 14)
    }

    /// The usual gateway: it polls some nodes in turn, at even intervals, under an application key.
    @Test func aGatewayThatPollsIsAccepted() throws {
        let result = try takeover { script in
            for number in UInt32(0)..<60 {
                let (time, node) = (110 + Double(number) * 5, UInt16(9 + number % 3))
                script.pdu(time, 5, 5300 + number, destination: node, transport: applicationKeyed)
                script.pdu(time + 0.15, 5, 70 + number, source: node, destination: 1, transport: applicationKeyed)
            }
        }
        #expect(result.verdict == .accepted && result.answers.accepting.count == 3)
    }

    /// What the old device sent last comes a minute late, and was not heard before.
    @Test func lateCopiesOfTheOldDeviceAreNoConflict() throws {
        let result = try takeover { script in
            for number in UInt32(0)..<20 { script.pdu(101 + Double(number) * 2.5, 5, 1100 + number, ttl: 3) }
            for number in UInt32(0)..<30 {
                script.pdu(102 + Double(number) * 5, 5, 9000 + number, destination: 9, transport: deviceKeyed)
                script.pdu(
                    102.4 + Double(number) * 5, 5, 70 + number, source: 9, destination: 1, transport: deviceKeyed)
            }
        }
        #expect(result.verdict == .accepted && result.foreign.isEmpty && result.first?.sequence.value == 9000)
    }
}
