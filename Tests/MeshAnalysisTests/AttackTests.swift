import CaptureFiles
import MeshCrypto
import MeshProtocol
import TestSupport
import Testing

@testable import MeshAnalysis
@testable import MeshSimulation

/// What somebody does to a network, named rightly, and a verdict that stays right.
@Suite struct AttackTests {
    private func kinds(_ analysis: Analysis) -> Set<Finding.Kind> {
        Set(analysis.findings.filter { $0.severity != .info }.map(\.kind))
    }

    private func used(_ capture: SimulatedCapture) throws -> SequencePosition {
        try #require(capture.truth.networks[0].sources[1]?.lastUsed)
    }

    @Test func replayedPDUs() throws {
        for seed in UInt64(1)...50 {
            let capture = SimulatedCapture(.replayedPDUs, seed: seed)
            let analysis = try analyse(capture)
            #expect(kinds(analysis) == [.pduReplayed], "seed \(seed): \(kinds(analysis))")
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
            let finding = analysis.findings.first { $0.kind == .beaconReplayed }
            #expect(finding?.detail.contains { $0.value == .text("c0:00:00:00:66:66") } == true, "which node")
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
        let octets = foreign.write(
            .pcap(.little, .microseconds), LinkFraming(.bluetoothLELinkLayer), linkType: .bluetoothLELinkLayer)
        let ring = KeyRing(networks: [.init(subnets: [.init(keyIndex: .primary, netKey: other.netKey)])])
        let analysis = try analyse(octets, ring)
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
        let capture = SimulatedCapture(.noBeacon, seed: 2)
        let octets = capture.write(
            .pcap(.little, .microseconds), LinkFraming(.bluetoothLELinkLayer), linkType: .bluetoothLELinkLayer)
        #expect(try analyse(octets, capture.keys, options: options).networks[0].iv == nil)
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
        print("IV Index found among three times as many foreign PDUs: \(found) of 40")
        #expect(found >= 36)
    }

    // MARK: What a replacement would do by itself

    private func outcomes(_ own: UInt32, _ states: [(Double, IVState)]) throws -> [ReplacementStep] {
        var script = Script()
        for (hours, state) in states { script.beacon(hours * hour, state) }
        var options = AnalysisOptions()
        options.replacementIVIndex = IVIndex(own)
        return try #require(try script.analyse(options: options).networks[0].replacement).steps
    }

    @Test func theFourClassicCases() throws {
        #expect(try outcomes(158, [(0, updating(159))]).map(\.outcome) == [.follows])
        #expect(try outcomes(159, [(0, updating(190))]).map(\.outcome) == [.recovers])
        #expect(try outcomes(155, [(0, normal(156))]).map(\.outcome) == [.recoversOrIgnores])
        #expect(try outcomes(0, [(0, updating(190))]).map(\.outcome) == [.ignoresFarAhead])
    }

    @Test func itsOwnStateGoesAlong() throws {
        let steps = try outcomes(5, [(0, normal(5)), (100, updating(6)), (200, normal(6)), (300, updating(7))])
        #expect(steps.map(\.outcome) == [.agrees, .follows, .follows, .follows])
        #expect(steps.last?.own == updating(7))
        #expect(try outcomes(9, [(0, normal(5))]).map(\.outcome) == [.ignoresLower])
        #expect(try outcomes(7, [(0, normal(50))]).map(\.outcome) == [.ignoresFarAhead], "43 ahead")
        #expect(try outcomes(8, [(0, normal(50))]).map(\.outcome) == [.recovers], "42 ahead")
    }

    @Test func itRecoversOnceIn192Hours() throws {
        let steps = try outcomes(5, [(0, normal(8)), (191, normal(10)), (193, normal(11))])
        #expect(steps.map(\.outcome) == [.recovers, .ignoresTooSoon, .recovers])
    }

    // MARK: Subnets

    private let other = scriptOtherKeys

    private func subnets(_ fill: (inout Script) -> Void) throws -> Analysis {
        var script = Script()
        fill(&script)
        let ring = KeyRing(networks: [
            .init(subnets: [
                .init(keyIndex: .primary, netKey: scriptKeys.netKey),
                .init(keyIndex: KeyIndex(truncating: 3), netKey: other.netKey),
            ])
        ])
        return try script.analyse(ring)
    }

    @Test func aSubnetAheadOfThePrimaryOneIsIgnoredAndTold() throws {
        let analysis = try subnets { script in
            for minute in 0..<60 {
                script.beacon(Double(minute * 60), normal(5))
                script.beacon(Double(minute * 60 + 10), updating(6), with: other)
            }
        }
        #expect(analysis.networks[0].iv?.state == normal(5))
        #expect(analysis.findings.contains { $0.kind == .secondarySubnetAhead && $0.count == 60 })
    }

    @Test func aSubnetThatIsAheadForAMomentIsNot() throws {
        let follows = try subnets { script in
            script.beacon(0, normal(5))
            script.beacon(10, updating(6), with: other)
            script.beacon(20, updating(6))
        }
        #expect(follows.networks[0].iv?.state == updating(6) && follows.findings.isEmpty)
        let ends = try subnets { script in
            script.beacon(0, normal(5))
            script.beacon(10, updating(6), with: other)
        }
        #expect(ends.networks[0].iv?.state == updating(6) && ends.findings.isEmpty, "the highest authenticated one")
    }

    @Test func theCadenceOfBeaconsIsMeasured() throws {
        var script = Script()
        for number in 0..<30 { script.beacon(Double(number) * 10, normal(5)) }
        for number in UInt32(0)..<100 { script.pdu(300 + Double(number) * 2, 5, number) }
        let analysis = try script.analyse()
        #expect(analysis.networks[0].subnets[0].beaconInterval == .seconds(10))
        let silent = try #require(analysis.findings.first { $0.kind == .beaconsSilent })
        #expect(silent.severity == .info && silent.detail.contains { $0.value == .number(208) })
    }
}
