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

    /// A beacon stays authentic for ever: where no other is heard, one of long ago says nothing that PDUs contradict.
    @Test(arguments: [4, 20, 4000, 60_000] as [UInt32]) func anOldBeaconAlone(_ now: UInt32) throws {
        var script = Script()
        for second in UInt32(0)..<1200 {
            if second == 600 { script.beacon(600, normal(3)) }
            script.pdu(Double(second), now, 5000 + second)
        }
        let analysis = try script.analyse(options: .init(master: UnicastAddress(1)))
        #expect(analysis.networks[0].iv?.state == normal(now))
        #expect(analysis.masters[0].verdict.recovery?.minimum.value == 6200)
        #expect(analysis.isAnswered && analysis.networks[0].notOpened == 0)
    }

    /// And where nothing can be found, nobody is to rely on it.
    @Test func anOldBeaconAloneAndNothingThatOpens() throws {
        var script = Script()
        script.beacon(0, normal(3))
        for second in UInt32(0)..<12 { script.pdu(Double(second), 0xDEAD_BEEF, 5000 + second) }
        let analysis = try script.analyse()
        #expect(analysis.networks[0].iv?.state == normal(3) && !analysis.isAnswered)
        #expect(analysis.findings.first?.fact == .trafficStaysClosed(pdus: 12))
        var few = Script()
        few.beacon(0, normal(3))
        for second in UInt32(0)..<9 { few.pdu(Double(second), 0xDEAD_BEEF, 5000 + second) }
        #expect(try few.analyse().isAnswered, "a neighbour with the same NID that was heard in passing")
    }

    /// Crafted PDUs with the network's NID, as many as its own or more, do not end the search.
    @Test(arguments: [9, 240, 2400]) func craftedPDUsDoNotEndTheSearch(_ crafted: Int) throws {
        for seed in UInt64(1)...10 {
            var (script, random) = (Script(), SeededGenerator(seed: seed))
            for number in UInt32(0)..<240 { script.pdu(Double(number), 0x1234, 100 + number) }
            for number in 0..<crafted {
                let octets = [scriptKeys.flooding.nid | (number % 2 == 0 ? 0x80 : 0)] + random.octets(21)
                script.add(Double(random.below(240)), 0x2A, octets)
            }
            script.frames.sort { $0.seconds < $1.seconds }
            #expect(try script.analyse().networks[0].iv?.state == normal(0x1234), "seed \(seed)")
        }
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
