import CaptureFiles
import MeshEvidence
import MeshProtocol
import MeshSimulation
import MeshTestSupport
import MeshTimelines
import MeshVerdict
import Testing

/// PDUs are opened in batches, and where one ends is in the hands of strangers: what they send fills it, and a foreign beacon ends it
/// where a key may be learned. The order of what is authentic must not be.
@Suite struct OrderTests {
    /// What is new and authentic, in the order in which it was observed.
    private func observed(_ frames: [SimulatedFrame], _ keys: KeyRing) throws -> [String] {
        var observed: [String] = []
        _ = try analyse(write(frames), keys) { observation, novelty in
            guard case .authentic(let network, let statement) = observation.statement, novelty == .new else { return }
            let time = observation.origin.time.nanoseconds
            switch statement {
            // Where a batch ends tells a copy of the PDU from one of the pending PDU.
            case .repetition: return
            case .networkPDU(let opened): observed.append("\(network) \(opened.pdu) \(opened.key) \(time)")
            default: observed.append("\(network) \(statement) \(time)")
            }
        }
        return observed
    }

    @Test(arguments: [
        Scenario.friendship, .keyRefresh, .configuration, .ivUpdate, .deadDuringUpdate, .noBeacon, .subnets,
        .managingMaster,
    ])
    func strangersDoNotMoveTheOrder(scenario: Scenario) throws {
        for seed in UInt64(1)...8 {
            let capture = SimulatedCapture(scenario, seed: seed)
            let alone = try observed(capture.frames, capture.keys)
            for acts in [[Stranger.Act.ownNID], [.foreign, .falseBeacons], Stranger.Act.allCases] {
                var stranger = Stranger(capture, seed: seed)
                let mixed = try observed(stranger.mixed(acts, count: 700), capture.keys)
                let different = zip(mixed, alone).first { $0 != $1 }.map { "\($0) instead of \($1)" }
                #expect(different == nil, "seed \(seed), \(acts)")
                #expect(mixed.count == alone.count, "seed \(seed), \(acts)")
            }
        }
    }
}
