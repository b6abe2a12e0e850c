import MeshCrypto
import MeshEvidence
import MeshProtocol
import MeshTestSupport
import MeshTimelines
import MeshVerdict
import Testing

@testable import MeshSimulation

/// What somebody does to a network, named rightly, and a verdict that stays right.
@Suite struct AttackTests {
    private func kinds(_ analysis: Analysis) -> Set<Fact.Kind> {
        Set(analysis.findings.filter { $0.severity != .info }.map(\.kind))
    }

    private func used(_ capture: SimulatedCapture) throws -> SequencePosition {
        try #require(capture.truth.networks[0].sources[1]?.lastUsed)
    }

    @Test func replayedPDUs() throws {
        for seed in UInt64(1)...50 {
            let capture = SimulatedCapture(.replayedPDUs, seed: seed)
            let analysis = try analyse(capture)
            #expect(analysis.findings.contains { $0.kind == .pduReplayed }, "seed \(seed)")
            #expect(kinds(analysis).subtracting([.pduReplayed]).isEmpty, "seed \(seed): \(kinds(analysis))")
            let recovery = try #require(analysis.masters.first?.verdict.recovery)
            #expect(SequencePosition(recovery.state.transmitIndex, recovery.recommended) > (try used(capture)))
            #expect(recovery.last <= (try used(capture)))
        }
    }

    @Test func replayedBeacons() throws {
        for seed in UInt64(1)...50 {
            let capture = SimulatedCapture(.replayedBeacons, seed: seed)
            let analysis = try analyse(capture)
            #expect(kinds(analysis) == [.beaconReplayed], "seed \(seed): \(kinds(analysis))")
            let advertisers = analysis.findings.compactMap { finding -> DeviceAddress? in
                if case .beaconReplayed(_, _, let advertiser) = finding.fact { advertiser } else { nil }
            }
            #expect(Set(advertisers) == [DeviceAddress(0xC0_0000_0066_66)], "seed \(seed): which node")
            #expect(analysis.networks[0].iv?.state == capture.truth.state(ofNetwork: 0), "seed \(seed)")
        }
    }

    @Test func aSpoofedSEQ() throws {
        for seed in UInt64(1)...50 {
            let analysis = try analyse(SimulatedCapture(.spoofedSEQ, seed: seed))
            #expect(kinds(analysis) == [.sequenceOutlier, .sequenceNearExhaustion], "seed \(seed): \(kinds(analysis))")
            #expect(analysis.masters.first?.verdict.name == "exhausted", "it is the bound that peers hold")
        }
    }

    @Test func aReplacementThatStartsAtZero() throws {
        var named = 0
        for seed in UInt64(1)...50 {
            let capture = SimulatedCapture(.wrongReplacement, seed: seed)
            let analysis = try analyse(capture)
            let old = capture.truth.networks[0].sources[1]?.epochs.values.first?.last
            // A run of three PDUs makes a restart; a few seeds hear fewer.
            if kinds(analysis).contains(.sequenceRestarted) { named += 1 }
            #expect(kinds(analysis).subtracting([.sequenceRestarted, .nonceReused]).isEmpty, "seed \(seed)")
            #expect(analysis.masters.first?.verdict.recovery?.minimum.value == old.map { $0 + 1 }, "the old bound")
        }
        #expect(named >= 45, "\(named)")
    }

    @Test func noBeaconFarAwayIsNotTold() throws {
        let analysis = try analyse(SimulatedCapture(.noBeaconFar, seed: 1))
        #expect(analysis.networks[0].iv == nil && analysis.masters.first?.verdict == .ivIndexUnknown)
    }

    @Test func aForeignNetworkWithTheSameNIDFindsNothing() throws {
        let foreign = SimulatedCapture(.noBeacon, seed: 4)
        let ours = foreign.keys.networks[0].subnets[0].keys
        var random = SeededGenerator(seed: 9)
        let other = SimulatedNetwork.keys(withNID: ours.flooding.nid, &random)
        let ring = KeyRing(networks: [.init(subnets: [.init(keyIndex: .primary, netKey: other.netKey)])])
        let analysis = try analyse(write(foreign.frames), ring)
        #expect(analysis.networks[0].iv == nil && analysis.networks[0].opened == 0)
        #expect(analysis.networks[0].notOpened > 0)
    }

    @Test func aSearchIsSaidWithWhatConfirmsIt() throws {
        let analysis = try analyse(SimulatedCapture(.noBeacon, seed: 2))
        let network = analysis.networks[0]
        #expect(network.iv?.state == .normalOperation(IVIndex(0x0001_A2B3)) && network.iv?.evidence == .search)
        #expect(network.distinct > 5 && network.notOpened == 0)
        #expect(network.sources[0].verdict.recovery?.validUntil == nil, "no beacon says so")
        var options = AnalysisOptions()
        options.ivSearch = .off
        let unsearched = try analyse(SimulatedCapture(.noBeacon, seed: 2), options: options)
        #expect(unsearched.networks[0].iv == nil)
    }

    /// Three of four PDUs are a neighbour's with the same NID, as busy as he likes: the search finds ours all the same.
    @Test func aSearchAmongMoreForeignPDUsFindsOurs() throws {
        var found = 0
        for seed in UInt64(1)...40 {
            var random = SeededGenerator(seed: seed)
            let other = SimulatedNetwork.keys(withNID: scriptKeys.flooding.nid, &random)
            var script = Script()
            for number in UInt32(0)..<60 {
                let isOurs = number % 4 == 0
                script.pdu(
                    Double(number), isOurs ? 4711 : 815, 100 + number, with: isOurs ? scriptKeys : other)
            }
            if try script.analyse().networks[0].iv?.state == normal(4711) { found += 1 }
        }
        #expect(found >= 36, "of 40")
    }
}
