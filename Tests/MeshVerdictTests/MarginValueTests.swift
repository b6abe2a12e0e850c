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
        options.failedAt = seconds.map { .at(Scene.time($0)) }
        return options
    }

    private var tight: AnalysisOptions {
        var options = AnalysisOptions()
        options.margin = .tight
        return options
    }

    @Test func theAllowanceIsAlwaysThere() throws {
        #expect(try scene().recovery().margin.map(\.term) == [.allowance, .busierThanHeard])
        #expect(try scene().recovery(tight).margin.map(\.term) == [.allowance])
        #expect(try term(.allowance, scene())?.value == 4096)
    }

    // MARK: Room for what was not heard

    /// A quarter of a million a day; up to twice as many are what a node can send at fifteen a second.
    @Test(
        arguments: [
            (0, 262_144), (17_476, 262_144), (20_000, 300_000), (34_952, 524_280), (86_400, 524_288),
            (172_800, 524_288),
            (259_200, 786_432), (604_800, 1_835_008),
        ] as [(Double, UInt32)])
    func theRoomGrowsWithTheUnheardTime(seconds: Double, room: UInt32) throws {
        var scene = scene(Array(0..<2))
        scene.goesOn(until: 1 + seconds)
        #expect(try term(.busierThanHeard, scene)?.value == room)
        #expect(try term(.busierThanHeard, scene, tight) == nil)
    }

    /// The replacement itself would ask for an IV Update soon.
    @Test func theRoomEndsBeforeAnIVUpdateIsAskedFor() throws {
        let end: UInt32 = 0x6F_0000
        for (left, room) in [(UInt32(300_000), UInt32(262_144)), (262_144, 262_144), (262_143, 65_536), (0, 65_536)] {
            let scene = scene([end - left - 4096 - 1])
            #expect(try term(.busierThanHeard, scene)?.value == room, "\(left)")
        }
        var long = scene([end - 300_000 - 4096 - 1])
        long.goesOn(until: 20_000)
        let found = try #require(try term(.unheardAtAssumedRate, long)?.value)
        #expect(try term(.busierThanHeard, long)?.value == 300_000 - found)
        // In an hour a node sends no more than 54,000.
        var near = scene([0xFF_0000 - 100_000])
        near.goesOn(until: 3600)
        #expect(try term(.busierThanHeard, near)?.value == 65_536)
        near.goesOn(until: 8000)
        #expect(try term(.busierThanHeard, near)?.value == 120_000)
    }

    @Test func whereTheMarginDoesNotFitNothingIsClipped() throws {
        let last: UInt32 = 0xFF_FFFF - 65_536 - 4096 - 1
        #expect(try scene([last]).recovery().recommended == .last)
        #expect(try scene([last + 1]).verdict().name == "exhausted")
        #expect(try scene([last + 1]).verdict(tight).name == "resume")
        var silent = scene([last])
        silent.goesOn(until: 1)
        #expect(try silent.verdict().name == "exhausted", "one SEQ for one second")
    }

    @Test func elementsThatWereNotHeardHaveABudget() throws {
        var options = AnalysisOptions(master: UnicastAddress(1))
        options.elements = 2
        #expect(try term(.unheardElements, scene(), options)?.value == 262_144)
        options.stack = .zephyr
        #expect(try term(.unheardElements, scene(), options) == nil, "one counter for the node")
        options.stack = .silabs
        #expect(try term(.unheardElements, scene(), options)?.value == 262_144)
        options.elements = 1
        #expect(try term(.unheardElements, scene(), options) == nil)
        options.elements = 2
        var heard = scene()
        heard.heard(pdu: 2, iv: 9, seq: 5, at: 0)
        #expect(try term(.unheardElements, heard, options) == nil)
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

    // MARK: Restarts

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
        #expect(try term(.reservedBlock, scene, options(.espIDF))?.value == 128, "products set blocks")
    }

    /// The largest usual block that explains every skip; where none does, twice the largest skip.
    @Test(
        arguments: [
            ([16_384], 16_384), ([16_384, 32_768], 2 * 16_384), ([10_000, 20_000, 30_003], 3 * 10_001),
            ([12_345], 2 * 12_326),
            ([1_000_000], 1_000_000), ([65_536, 131_072], 2 * 65_536),
        ] as [([UInt32], UInt32)])
    func theBlockIsTheOneThatTheSkipsWereAlignedTo(starts: [UInt32], value: UInt32) throws {
        var scene = scene(Array(0..<20))
        for (place, start) in starts.enumerated() {
            scene.heard(pdus: 1, iv: 9, seq: start..<(start + 3), from: 25 + Double(place) * 5)
        }
        #expect(try term(.reservedBlock, scene)?.value == value)
        #expect(try scene.recovery().basis.assumesNoRestart == false)
    }

    @Test func theUserSaysBlockAndRestarts() throws {
        var options = AnalysisOptions()
        options.block = 1000
        #expect(try term(.reservedBlock, scene(), options)?.value == 1000)
        options.restarts = 3
        #expect(try term(.reservedBlock, scene(), options)?.value == 3000)
        options.restarts = 0
        #expect(try term(.reservedBlock, scene(), options) == nil)
        options = AnalysisOptions()
        options.restarts = 2
        #expect(try term(.reservedBlock, scene(), options)?.value == 2 * 65_536, "the largest usual block")
        options.stack = .bluez
        #expect(try term(.reservedBlock, scene(), options)?.value == 1 << 19 + 64, "one long reserve, and usual ones")
    }

    /// One for each day; with a rhythm that was heard, half as many again as it makes.
    @Test func restartsGrowWithTheUnheardTime() throws {
        var day = scene()
        day.goesOn(until: 3 * 86_400)
        #expect(try term(.reservedBlock, day, options(.zephyr))?.restarts == 4)
        var loop = scene(Array(0..<20))
        for place in 1...3 {
            let start = UInt32(place) * 8192
            loop.heard(pdus: 1, iv: 9, seq: start..<(start + 3), from: Double(place) * 30)
        }
        let heard = 92.0
        #expect(try term(.reservedBlock, loop)?.restarts == 3, "as many as were heard")
        loop.goesOn(until: 92 + 10 * heard)
        #expect(try term(.reservedBlock, loop)?.restarts == 2 + 45)
        var one = scene(Array(0..<20))
        one.heard(pdus: 1, iv: 9, seq: 8192..<8195, from: 60)
        one.goesOn(until: 10_000)
        #expect(try term(.reservedBlock, one)?.restarts == 4, "one is no rhythm")
    }

    @Test func withoutAStackNoRestartIsAssumed() throws {
        #expect(try scene().recovery().basis.assumesNoRestart)
        for stack in Stack.all { #expect(try !scene().recovery(options(stack)).basis.assumesNoRestart) }
    }

    // MARK: Unheard until the end

    /// One a second for a minute.
    private var steady: Scene { scene(Array(0...60)) }

    @Test func aSilentSourceMayHaveSentAtItsOwnRate() throws {
        var scene = steady
        scene.goesOn(until: 160)
        let found = try #require(try term(.unheardAtBusiestRate, scene))
        // Sixty in a minute, and what one stretch leaves open.
        let rate: Double = (60 + 4 * 60.0.squareRoot() + 4) / 60
        let known = try #require(found.rate)
        #expect(abs(known - rate) < 1e-9 && found.value == UInt32((rate * 100).rounded(.up)))
        #expect(found.until == Scene.time(160) && !found.isFailureGiven)
    }

    @Test func theFailureEndsItEarlierOrLater() throws {
        var scene = steady
        scene.goesOn(until: 160)
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
            scene.goesOn(until: Double(minutes) * 60 + 1000)
            let found = try #require(try term(.unheardAtBusiestRate, scene))
            #expect(try #require(found.rate) >= rate && found.rate ?? 9 < rate * 1.01)
            #expect(found.value >= UInt32(rate * 1000))
        }
    }

    @Test func aSourceHeardTooBrieflyIsGivenTheAssumedRate() throws {
        var scene = scene()
        scene.goesOn(until: 1000)
        let found = try #require(try term(.unheardAtAssumedRate, scene))
        #expect(found.value == 1000 && found.rate == 1 && found.until == Scene.time(1000))
    }

    @Test func orTheBusiestSourcesRate() throws {
        var scene = scene()
        for second in UInt32(0)...60 { scene.heard(pdu: 2, iv: 9, seq: second * 3, at: Double(second)) }
        scene.goesOn(until: 1000)
        let busiest = try #require(try scene.state().networks[0].sources.first { $0.address.value == 2 }?.rateBound)
        let found = try #require(try term(.unheardAtAssumedRate, scene))
        #expect(busiest > 3 && found.rate == busiest && found.value == UInt32((busiest * 1000).rounded(.up)))
    }

    /// Under the new IV Index nobody sent before the network left the old one.
    @Test func aNodeThatLagsTellsNothingOfTheMove() throws {
        var scene = scene()
        scene.heard(pdu: 3, iv: 9, seq: 1, at: 1000)
        // A beacon may have been recorded: it says nothing of when the network moved.
        scene.beacon(.normal(9), at: 2000)
        scene.beacon(.normal(10), at: 200 * .hour)
        // Nor does a node that lags.
        scene.heard(pdu: 3, iv: 9, seq: 2, at: 201 * .hour)
        scene.goesOn(until: 202 * .hour, iv: 10)
        #expect(try scene.verdict().name == "restart")
        let sinceItsLast = try #require(try term(.unheardAtAssumedRate, scene)?.value)
        #expect(sinceItsLast == 202 * 3600)
    }

    @Test func afterAMoveTheTimeBeginsWithTheLastPDUUnderTheOldIVIndex() throws {
        var scene = scene()
        scene.heard(pdu: 3, iv: 9, seq: 1, at: 1000)
        scene.beacon(.normal(10), at: 200 * .hour)
        scene.goesOn(until: 200 * .hour, iv: 10)
        #expect(try term(.unheardAtAssumedRate, scene)?.value == UInt32(200 * 3600 - 1000))
    }

    /// The network was at 10 when source 1 was heard; what a beacon of 9 says a day later is no reason for a smaller margin.
    @Test func aReplayedBeaconShortensNothing() throws {
        var scene = Scene()
        scene.beacon(.normal(10), at: 0)
        scene.heard(pdu: 1, iv: 9, seq: 5, at: 5)
        scene.goesOn(until: 25 * .hour)
        let before = try term(.unheardAtAssumedRate, scene)?.value
        scene.beacon(.normal(9), at: 24 * .hour)
        #expect(try term(.unheardAtAssumedRate, scene)?.value == before && before == 25 * 3600 - 5)
    }

    /// By then it had asked for an IV Update, which waits for up to 96 hours, and takes up to 144.
    @Test func whatAStackAllowsItselfIsTheMost() throws {
        var scene = scene([0x7F_FFF0])
        scene.goesOn(until: 8700 * .hour)
        for stack in Stack.all {
            let value = try scene.verdict(options(stack)).recovery?.margin.first { $0.term == .unheardAtAssumedRate }?
                .value
            let left = stack.ivUpdateTrigger.map { max($0, 0x7F_FFF1) - 0x7F_FFF1 }
            #expect(value == left.map { $0 + 240 * 3600 }, "\(stack.identifier)")
        }
        #expect(try scene.verdict().name == "exhausted", "nobody knows the stack")
    }

    /// A burst of a few seconds goes on for a day at most, and no faster than any node sends.
    @Test func aBurstIsNotContinuedForWeeks() throws {
        var scene = Scene()
        scene.beacon(.normal(9), at: 0)
        for place in UInt32(0)..<30 { scene.heard(pdu: 1, iv: 9, seq: place, at: Double(place) * 0.03) }
        scene.goesOn(until: 3 * 86_400)
        let found = try #require(try term(.unheardAtAssumedRate, scene))
        let (most, calm): (UInt32, UInt32) = (15 * 86_400, 2 * 86_400)
        #expect(found.rate == 15 && found.value <= most + calm && found.value >= most + calm - 2)
    }

    /// What was heard for a minute counts, also above what any node is thought to send; what it leaves open does not.
    @Test func aRateIsNeverAboveWhatANodeSends() throws {
        for (perSecond, most) in [(UInt32(16), 16.0), (14, 15)] {
            var scene = Scene()
            scene.beacon(.normal(9), at: 0)
            for second in UInt32(0)...60 { scene.heard(pdu: 1, iv: 9, seq: second * perSecond, at: Double(second)) }
            scene.goesOn(until: 160)
            let rate = try #require(try term(.unheardAtBusiestRate, scene)?.rate)
            #expect(rate <= most && rate >= Double(perSecond))
        }
    }

    // MARK: Clocks

    /// A step back hides as much time as it is long.
    @Test func aClockThatWasSetMakesTheUnheardTimeLonger() throws {
        for (back, longest) in [(50_000.0, 100.0 + 50_000), (200_000, 100.0 + 86_400), (100, 200)] {
            var scene = steady
            scene.goesOn(until: 60 - back)
            scene.goesOn(until: 160)
            let recovery = try scene.recovery()
            let found = try #require(recovery.margin.first { $0.term == .clocksDisagree })
            #expect(recovery.validUntil == nil && !recovery.margin.contains { $0.term == .unheardAtBusiestRate })
            let rate = try #require(found.rate)
            let expected = max(65_536, (rate * longest).rounded(.up))
            #expect(found.value == UInt32(expected))
        }
    }

    /// A clock that is wrong once more never gives a smaller number, whatever it says.
    @Test func clockDoubtNeverMakesTheMarginSmaller() throws {
        var scene = steady
        scene.goesOn(until: 50_000)
        let calm = try scene.recovery().recommended
        for seconds in [11.0, 3600, 86_400, 4e8] {
            for sign in [-1.0, 1] {
                var doubted = scene
                doubted.goesOn(until: 60 + sign * seconds)
                #expect(try doubted.recovery().recommended >= calm, "\(sign * seconds)")
            }
        }
    }

    /// What the user says of the failure counts, doubt or not.
    @Test func theFailureIsNotForgottenWhereClocksAreWrong() throws {
        var scene = steady
        scene.goesOn(until: 40)
        scene.goesOn(until: 160)
        let near = try scene.recovery(options(failedAt: 200)).recommended
        #expect(try scene.recovery(options(failedAt: 200_000)).recommended > near)
    }

    @Test func clocksOfTwoCapturesThatDisagreeGiveNoTime() throws {
        for (seconds, isTold) in [(600.0, false), (601, true)] {
            var scene = Scene()
            scene.capture = 1
            scene.beacon(.updating(10), at: 0)
            scene.capture = 0
            scene.beacon(.normal(9), at: seconds)
            scene.heard(pdu: 1, iv: 9, seq: 5, at: seconds)
            scene.goesOn(until: 2000)
            #expect(try (term(.clocksDisagree, scene) != nil) == isTold)
            #expect(try (scene.recovery().validUntil == nil) == isTold)
        }
    }

    // MARK: What it rests on

    @Test(arguments: [
        (3.0, RecoveryBasis.Kind.heardToItsEnd), (3.01, .asBusyAsHeard), (100, .asBusyAsHeard), (100.01, .extrapolated),
    ]) func theBasisIsUnheardByHeard(unheard: Double, kind: RecoveryBasis.Kind) throws {
        var scene = scene()
        scene.heard(pdu: 1, iv: 9, seq: 6, at: 100)
        scene.goesOn(until: 100 + unheard)
        let basis = try scene.recovery().basis
        #expect(basis.kind == kind && basis.heard == .seconds(100))
    }

    @Test func aTimeBeforeTheEndIsUnderstood() throws {
        var scene = steady
        scene.goesOn(until: 7260)
        var options = AnalysisOptions()
        options.failedAt = .beforeEnd(.seconds(3600))
        let found = try #require(try term(.unheardAtBusiestRate, scene, options))
        #expect(found.until == Scene.time(3660) && found.isFailureGiven)
    }

    @Test func theNumberGrowsWithALongerLife() throws {
        var scene = steady
        scene.goesOn(until: 100)
        let master = try #require(try scene.analysis(AnalysisOptions(master: UnicastAddress(1))).masters.first)
        #expect(master.ifItLivedOn.map(\.time) == [1, 6, 24, 72, 168].map { .seconds($0 * 3600) })
        let numbers =
            try [master.verdict.recovery?.recommended].map { try #require($0) }
            + master.ifItLivedOn.map { try #require($0.recommended) }
        #expect(numbers == numbers.sorted() && Set(numbers).count == 6)
        for longer in master.ifItLivedOn {
            var options = AnalysisOptions(master: UnicastAddress(1))
            options.failedAt = .at(Scene.time(100).advanced(by: longer.time))
            let told = try #require(try scene.analysis(options).masters.first)
            #expect(told.verdict.recovery?.recommended == longer.recommended && told.ifItLivedOn.isEmpty)
        }
    }
}
