import CaptureFiles
import MeshCrypto
import MeshEvidence
import MeshProtocol
import MeshSimulation
import MeshStacks
import MeshTestSupport
import MeshTimelines
import MeshVerdict
import Testing

/// The recommended SEQ against every SEQ that the master ever used.
@Suite struct FailureTests {
    /// The tight margin's assumptions: the user says when it failed where the capture does not hold it, and names a stack whose
    /// block is larger than the allowance.
    private func options(_ failure: SimulatedFailure) -> AnalysisOptions {
        var options = AnalysisOptions(master: UnicastAddress(failure.master))
        options.margin = .tight
        if failure.failedAt > failure.captureEnd { options.failedAt = .at(failure.failedAt) }
        if failure.block == 8192 { options.stack = .nrf5SDK }
        if failure.block == 65536 { options.stack = .silabs }
        return options
    }

    @Test func theRecommendationIsAboveTheTruthInTwoThousandFailures() throws {
        var counts = (
            failures: 0, judged: 0, exhausted: 0, above: 0, notHeard: 0, restarts: 0, ordinary: 0, updated: 0,
            largest: UInt32(0)
        )
        for seed in UInt64(1)...2000 {
            let failure = SimulatedFailure(seed: seed)
            let ring = KeyRing(networks: [.init(subnets: [.init(keyIndex: .primary, netKey: failure.keys.netKey)])])
            let analysis = try analyse(failure.write(), ring, options: options(failure))
            let master = try #require(analysis.masters.first)
            counts.failures += 1
            guard failure.lastHeard != nil else {
                #expect(master.verdict.recovery == nil, "seed \(seed)")
                counts.notHeard += 1
                continue
            }
            // Three restarts of large blocks within minutes, and days unheard: a loop that goes on leaves no SEQ.
            guard let recovery = master.verdict.recovery else {
                #expect(master.verdict.name == "exhausted" && failure.block >= 8192, "seed \(seed)")
                counts.exhausted += 1
                continue
            }
            counts.judged += 1
            if master.verdict.name == "restart" { counts.restarts += 1 }
            if recovery.state.index > recovery.last.ivIndex { counts.updated += 1 }
            let first = SequencePosition(recovery.state.transmitIndex, recovery.recommended)
            #expect(first > failure.lastUsed, "seed \(seed): \(first) for \(failure.lastUsed)")
            if first > failure.lastUsed { counts.above += 1 }
            #expect(recovery.minimum.value <= recovery.recommended.value)
            let warnings = analysis.findings.filter { $0.severity != .info }
            #expect(warnings.isEmpty, "seed \(seed): \(warnings.map(\.kind))")
            let margin = recovery.recommended.value - recovery.minimum.value
            let silence = max(failure.failedAt, failure.captureEnd).since(recovery.lastHeard.time)
            guard failure.rate <= 1, failure.block < 8192, silence <= .seconds(86_400) else { continue }
            counts.ordinary += 1
            counts.largest = max(counts.largest, margin)
            #expect(
                margin < 0xFF_FFFF / 100,
                "seed \(seed): \(failure.rate) \(failure.block) \(silence) \(recovery.margin.map { ($0.term, $0.value, $0.rate) })"
            )
        }
        #expect(counts.judged >= 1900 && counts.exhausted < 20 && counts.above == counts.judged)
        #expect(counts.restarts > 100 && counts.ordinary > 500)
    }

    /// What the user can say of a failure of a family.
    private func options(_ story: FailureStory) -> AnalysisOptions {
        var options = AnalysisOptions(master: UnicastAddress(story.master))
        if story.told.failure { options.failedAt = .at(story.failedAt) }
        options.stack = story.told.stack.flatMap(Stack.init(identifier:))
        options.restarts = story.told.restarts
        options.elements = story.told.elements
        return options
    }

    /// `make calibrate` counts a hundred thousand of them; here a few of each family. That a master outlived its capture cannot
    /// be seen in it: the answer says until when it is taken to have lived.
    @Test(arguments: FailureFamily.allCases) func theSafeMarginHoldsWhateverCameUnheard(family: FailureFamily) throws {
        var (numbers, margins) = (0, [UInt32]())
        for seed in UInt64(10_001)...10_060 {
            let story = FailureStory(family, seed: seed)
            let ring = KeyRing(networks: [.init(subnets: [.init(keyIndex: .primary, netKey: story.keys.netKey)])])
            let folder = try TestFolder()
            let paths = try story.write().enumerated().map { try folder.write($1, "\($0)") }
            let analysis = try Analyzer(keys: ring, options: options(story)).analyze(paths)
            guard let recovery = analysis.masters.first?.verdict.recovery else { continue }
            let first = SequencePosition(recovery.state.transmitIndex, recovery.recommended)
            numbers += 1
            margins.append(recovery.recommended.value - recovery.minimum.value)
            #expect(family == .outlivesUntold || first > story.lastUsed, "seed \(seed): \(first) for \(story.lastUsed)")
            let room = recovery.margin.first { $0.term == .busierThanHeard }?.value ?? 0
            let days = max(2, recovery.basis.unheard.inSeconds / 86_400)
            #expect(Double(room) <= 262_144 * days, "seed \(seed): no more than a node can send")
        }
        #expect(numbers >= (family == .nearlyExhausted ? 15 : 50) && margins.allSatisfy { $0 >= 0x1_0000 })
    }

    /// The families are hard: without room for what was not heard, many numbers are too low.
    @Test func theTightMarginDoesNot() throws {
        for family in [FailureFamily.firmwareUpdate, .nightAndDay, .storm] {
            var low = 0
            for seed in UInt64(1)...40 {
                let story = FailureStory(family, seed: seed)
                let ring = KeyRing(networks: [.init(subnets: [.init(keyIndex: .primary, netKey: story.keys.netKey)])])
                var options = options(story)
                options.margin = .tight
                let recovery = try analyse(story.write()[0], ring, options: options).masters.first?.verdict.recovery
                if let recovery, recovery.recommended <= story.lastUsed.sequence { low += 1 }
            }
            #expect(low > 10, "\(family)")
        }
    }

    /// 200 seeds of every scenario in which nothing is wrong: nothing warns.
    @Test(arguments: Scenario.allCases.filter(\.isHarmless))
    func harmlessNetworksGiveNoWarning(scenario: Scenario) throws {
        for seed in UInt64(51)...250 {
            let capture = SimulatedCapture(scenario, seed: seed)
            let isHost = scenario == .hostLog
            let analysis = try analyse(
                capture, isHost ? .btsnoop : .pcap(.little, .microseconds),
                isHost ? .btsnoopMonitor : .bluetoothLELinkLayerWithHeader)
            let warnings = analysis.findings.filter { $0.severity != .info }
            #expect(warnings.isEmpty, "\(scenario.rawValue), seed \(seed): \(warnings.map(\.kind))")
        }
    }
}
