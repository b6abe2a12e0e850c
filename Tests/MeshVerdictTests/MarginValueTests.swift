import CaptureFiles
import MeshEvidence
import MeshProtocol
import MeshStacks
import MeshTimelines
import MeshVerdict
import Testing

/// Each term of the margin by itself.
@Suite struct MarginValueTests {
    private func scene(_ sequences: [UInt32] = [5]) -> Scene {
        var scene = Scene()
        scene.beacon(.normal(9), at: 0)
        for (second, sequence) in sequences.enumerated() {
            scene.heard(pdu: 1, iv: 9, seq: sequence, at: Double(second))
        }
        return scene
    }

    private func term(
        _ term: MarginTerm.Term, _ scene: Scene, _ options: AnalysisOptions = AnalysisOptions()
    ) throws -> MarginTerm? {
        let recovery = try scene.recovery(options)
        let sum = recovery.margin.reduce(recovery.minimum.value) { $0 + $1.value }
        #expect(sum == recovery.recommended.value && Set(recovery.margin.map(\.term)).count == recovery.margin.count)
        return recovery.margin.first { $0.term == term }
    }

    private func options(_ stack: Stack? = nil, failedAt seconds: Double? = nil) -> AnalysisOptions {
        var options = AnalysisOptions()
        options.stack = stack
        options.failedAt = seconds.map(Scene.time)
        return options
    }

    @Test func theAllowanceIsAlwaysThere() throws {
        #expect(try scene().recovery().margin.map(\.term) == [.allowance])
        #expect(try term(.allowance, scene())?.value == 4096)
    }

    // MARK: Unheard after the last

    /// Half were missed: twenty in a row by chance, one time in a million.
    @Test func asManyMayBeUnheardAsTheCoverageAllows() throws {
        #expect(try term(.unheardAfterLast, scene((0..<20).map { $0 * 2 }))?.value == 20)
        #expect(try term(.unheardAfterLast, scene(Array(0..<20))) == nil, "none was missed")
    }

    @Test func aLongerRunThatWasMissedCounts() throws {
        var scene = scene(Array(0..<20))
        scene.heard(pdus: 1, iv: 9, seq: 50..<70, from: 50)
        #expect(try term(.unheardAfterLast, scene)?.value == 30)
    }

    @Test func whatAJumpSkippedWasNotMissed() throws {
        var scene = scene(Array(0..<20))
        scene.heard(pdus: 1, iv: 9, seq: 127..<130, from: 25)
        #expect(try term(.unheardAfterLast, scene) == nil)
    }

    @Test func underAnOlderIVIndexNothingFollowsTheLast() throws {
        var scene = scene((0..<20).map { $0 * 2 })
        scene.beacon(.normal(10), at: 200 * .hour)
        #expect(try scene.verdict().name == "restart" && term(.unheardAfterLast, scene) == nil)
    }

    // MARK: The reserved block

    @Test(arguments: Stack.all) func theUsersStackMaySkipItsBlock(stack: Stack) throws {
        let found = try term(.reservedBlock, scene(), options(stack))
        let expected = stack.reservation.mostSkipped
        #expect(found?.value == (expected == 0 ? nil : expected) && found?.stacks == (expected == 0 ? nil : [stack]))
    }

    @Test func aJumpTellsTheStackUnlessTheUserDoes() throws {
        var scene = scene(Array(0..<20))
        scene.heard(pdus: 1, iv: 9, seq: 127..<130, from: 25)
        let inferred = try term(.reservedBlock, scene)
        #expect(inferred?.value == 128 && inferred?.stacks == [.zephyr])
        #expect(try term(.reservedBlock, scene, options(.nrf5SDK))?.value == 8192)
        #expect(try term(.reservedBlock, scene, options(.espIDF)) == nil)
    }

    // MARK: Unheard until the end

    /// One a second for a minute.
    private var steady: Scene { scene(Array(0...60)) }

    @Test func aSilentSourceMayHaveSentAtItsOwnRate() throws {
        var scene = steady
        scene.ends(at: 160)
        let found = try #require(try term(.unheardAtBusiestRate, scene))
        // Sixty in a minute, and what one stretch leaves open.
        let rate: Double = (60 + 4 * 60.0.squareRoot() + 4) / 60
        let known = try #require(found.rate)
        #expect(abs(known - rate) < 1e-9 && found.value == UInt32((rate * 100).rounded(.up)))
        #expect(found.until == Scene.time(160) && !found.isFailureGiven)
    }

    @Test func theFailureEndsItEarlierOrLater() throws {
        var scene = steady
        scene.ends(at: 160)
        for seconds in [70.0, 500] {
            let found = try #require(try term(.unheardAtBusiestRate, scene, options(failedAt: seconds)))
            let rate = try #require(found.rate)
            #expect(found.value == UInt32((rate * (seconds - 60)).rounded(.up)))
            #expect(found.until == Scene.time(seconds) && found.isFailureGiven)
        }
        #expect(try term(.unheardAtBusiestRate, scene, options(failedAt: 60)) == nil)
        #expect(try term(.unheardAtBusiestRate, scene, options(failedAt: 30)) == nil, "before the last one heard")
    }

    /// A quiet minute says little of the next one; ten of them do.
    @Test func aQuietSourceIsGivenTheAssumedRateSharedAmongItsMinutes() throws {
        for (minutes, rate) in [(1, 1.0), (5, 0.2)] {
            var scene = Scene()
            scene.beacon(.normal(9), at: 0)
            for minute in 0...minutes { scene.heard(pdu: 1, iv: 9, seq: UInt32(minute), at: Double(minute) * 60) }
            scene.ends(at: Double(minutes) * 60 + 1000)
            let found = try #require(try term(.unheardAtBusiestRate, scene))
            #expect(try #require(found.rate) >= rate && found.rate ?? 9 < rate * 1.01)
            #expect(found.value >= UInt32(rate * 1000))
        }
    }

    @Test func aSourceHeardTooBrieflyIsGivenTheAssumedRate() throws {
        var scene = scene()
        scene.ends(at: 1000)
        let found = try #require(try term(.unheardAtAssumedRate, scene))
        #expect(found.value == 1000 && found.rate == 1 && found.until == Scene.time(1000))
    }

    @Test func orTheBusiestSourcesRate() throws {
        var scene = scene()
        for second in UInt32(0)...60 { scene.heard(pdu: 2, iv: 9, seq: second * 3, at: Double(second)) }
        scene.ends(at: 1000)
        let busiest = try #require(try scene.state().networks[0].sources.last?.rateBound)
        let found = try #require(try term(.unheardAtAssumedRate, scene))
        #expect(busiest > 3 && found.rate == busiest && found.value == UInt32((busiest * 1000).rounded(.up)))
    }

    /// Under the new IV Index nobody sent before the network left the old one.
    @Test func afterAMoveTheTimeBeginsWithTheLastWordOfTheOldState() throws {
        var scene = scene()
        scene.beacon(.normal(9), at: 1000)
        scene.beacon(.normal(10), at: 200 * .hour)
        scene.ends(at: 200 * .hour)
        #expect(try scene.verdict().name == "restart")
        #expect(try term(.unheardAtAssumedRate, scene)?.value == UInt32(200 * 3600 - 1000))
    }

    /// The network was at 10 when source 1 was heard; what a beacon of 9 says a day later is no reason for a smaller margin.
    @Test func aReplayedBeaconShortensNothing() throws {
        var scene = Scene()
        scene.beacon(.normal(10), at: 0)
        scene.heard(pdu: 1, iv: 9, seq: 5, at: 5)
        scene.ends(at: 25 * .hour)
        let before = try term(.unheardAtAssumedRate, scene)?.value
        scene.beacon(.normal(9), at: 24 * .hour)
        #expect(try term(.unheardAtAssumedRate, scene)?.value == before && before == 25 * 3600 - 5)
    }

    /// By then it had asked for an IV Update, which takes up to 144 hours.
    @Test func whatAStackAllowsItselfIsTheMost() throws {
        var scene = scene([0x7F_FFF0])
        scene.ends(at: 1000 * .hour)
        #expect(try term(.unheardAtAssumedRate, scene)?.value == 15 + 144 * 3600)
    }

    @Test func theEndOfTheSequenceSpaceIsTheMost() throws {
        var scene = scene([0xFF_E000])
        scene.ends(at: 1000 * .hour)
        #expect(try term(.unheardAtAssumedRate, scene)?.value == 4094)
        #expect(try scene.recovery().recommended == .last)
    }

    // MARK: Clocks

    @Test func aClockThatWasSetGivesNoTime() throws {
        var scene = steady
        scene.says(.capture(.clockJumped(from: Scene.time(60), to: Scene.time(-9999))), at: -9999)
        scene.ends(at: 160)
        let recovery = try scene.recovery()
        #expect(recovery.margin.map(\.term) == [.clocksDisagree, .allowance] && recovery.validUntil == nil)
        #expect(recovery.margin.first?.value == 0x1_0000)
    }

    @Test func clocksOfTwoCapturesThatDisagreeGiveNoTime() throws {
        for (seconds, isTold) in [(600.0, false), (601, true)] {
            var scene = Scene()
            scene.capture = 1
            scene.beacon(.updating(10), at: 0)
            scene.capture = 0
            scene.beacon(.normal(9), at: seconds)
            scene.heard(pdu: 1, iv: 9, seq: 5, at: seconds)
            scene.ends(at: 2000)
            #expect(try (term(.clocksDisagree, scene) != nil) == isTold)
            #expect(try (scene.recovery().validUntil == nil) == isTold)
        }
    }
}
