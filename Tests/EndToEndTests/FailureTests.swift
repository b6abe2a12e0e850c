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
    /// The margin's assumptions: the user says when it failed where the capture does not hold it, and names a stack whose
    /// block is larger than the allowance.
    private func options(_ failure: SimulatedFailure) -> AnalysisOptions {
        var options = AnalysisOptions(master: UnicastAddress(failure.master))
        if failure.failedAt > failure.captureEnd { options.failedAt = failure.failedAt }
        if failure.block == 8192 { options.stack = .nrf5SDK }
        if failure.block == 65536 { options.stack = .silabs }
        return options
    }

    @Test func theRecommendationIsAboveTheTruthInTwoThousandFailures() throws {
        var counts = (
            failures: 0, judged: 0, above: 0, notHeard: 0, restarts: 0, ordinary: 0, updated: 0, largest: UInt32(0)
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
            let recovery = try #require(master.verdict.recovery, "seed \(seed): \(master.verdict.name)")
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
            let silence = (options(failure).failedAt ?? failure.captureEnd).since(recovery.lastHeard.time)
            guard failure.rate <= 1, silence <= .seconds(86_400) else { continue }
            counts.ordinary += 1
            counts.largest = max(counts.largest, margin)
            #expect(
                margin < 0xFF_FFFF / 100,
                "seed \(seed): \(failure.rate) \(failure.block) \(silence) \(recovery.margin.map { ($0.term, $0.value, $0.rate) })"
            )
        }
        #expect(counts.judged >= 1900 && counts.above == counts.judged)
        #expect(counts.restarts > 100 && counts.ordinary > 500)
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
