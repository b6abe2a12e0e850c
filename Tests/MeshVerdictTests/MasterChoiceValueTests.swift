import MeshCrypto
import MeshEvidence
import MeshProtocol
import MeshTimelines
import Testing

@testable import MeshVerdict

/// Who the master is, when nobody says it.
@Suite struct MasterChoiceValueTests {
    private func ring(_ nodes: [KeyRing.Node] = [], master: UInt16? = nil) -> KeyRing {
        let subnet = KeyRing.Subnet(keyIndex: .primary, netKey: Scene.netKeys[0])
        var network = KeyRing.Network(subnets: [subnet], master: master.flatMap { UnicastAddress($0) })
        network.nodes = nodes
        return KeyRing(networks: [network])
    }

    private func node(_ address: UInt16, elements: Int = 1, isProvisioner: Bool = false) throws -> KeyRing.Node {
        .init(
            address: try #require(UnicastAddress(address)), elements: elements, name: nil, isProvisioner: isProvisioner)
    }

    /// Source 7 sends a PDU a second for ten seconds, source 5 a last one at `end`.
    private func scene(end: Double, every interval: Double = 1) -> Scene {
        var scene = Scene()
        scene.beacon(.normal(5), at: 0)
        scene.heard(pdu: 5, iv: 5, seq: 1, at: 0)
        for number in UInt32(0)...10 {
            scene.heard(pdu: 7, iv: 5, seq: number, at: Double(number) * interval, to: 9)
        }
        scene.heard(pdu: 5, iv: 5, seq: 2, at: end)
        return scene
    }

    private func reasons(_ address: UInt16, _ scene: Scene, _ keys: KeyRing? = nil) throws -> [MasterReason] {
        let choice = MasterChoice(try scene.state().networks[0], (keys ?? scene.keys).networks[0])
        return choice.candidates.first { $0.address.value == address }?.reasons ?? []
    }

    @Test func theUserDecidesThenTheKeyFileThenTheTraffic() throws {
        let keys = ring([try node(7, isProvisioner: true)])
        let scene = scene(end: 12)
        let inferred = try #require(try scene.analysis(keys: keys).masters.first)
        #expect(inferred.choice == .inference && inferred.address.value == 7 && inferred.reasons == [.provisioner])
        #expect(inferred.runnerUp?.address.value == 5)
        let named = try #require(
            try scene.analysis(keys: ring([try node(7, isProvisioner: true)], master: 5)).masters.first)
        #expect(named.choice == .keyFile && named.address.value == 5 && named.reasons.isEmpty)
        let options = AnalysisOptions(master: UnicastAddress(9))
        let given = try #require(try scene.analysis(options, keys: ring(master: 5)).masters.first)
        #expect(given.choice == .option && given.address.value == 9)
    }

    @Test func withoutReasonsThereIsNoChoice() throws {
        #expect(try scene(end: 12).analysis().masters.isEmpty)
    }

    /// Node 9 is asked by two configurators, answers, and dies: an answer is no configuration.
    @Test func whoOnlyAnswersConfiguresNobody() throws {
        var scene = Scene()
        scene.beacon(.normal(5), at: 0)
        for place in UInt32(0)..<4 {
            for asking in UInt16(2)...3 {
                let time = Double(place) * 100 + Double(asking) * 20
                scene.heard(pdu: asking, iv: 5, seq: place, at: time, to: 9, saying: Scene.deviceMessage)
                scene.heard(
                    pdu: 9, iv: 5, seq: place * 2 + UInt32(asking), at: time + 1, to: asking,
                    saying: Scene.deviceMessage)
            }
        }
        scene.heard(pdu: 5, iv: 5, seq: 1, at: 900)
        #expect(try !reasons(9, scene).contains { if case .configures = $0 { true } else { false } })
        #expect(try reasons(2, scene).contains(.configures(1)) && reasons(3, scene).contains(.configures(1)))
        #expect(try scene.analysis().masters.isEmpty)
    }

    /// A phone configures the nodes and leaves; the gateway goes on, and dies later.
    @Test func whoFellSilentLaterIsNotPassedOver() throws {
        var scene = Scene()
        scene.beacon(.normal(5), at: 0)
        for node in UInt16(0)..<6 {
            scene.heard(
                pdu: 1, iv: 5, seq: UInt32(node), at: Double(node), to: 0x20 + node, saying: Scene.deviceMessage)
        }
        scene.heard(pdus: 5, iv: 5, seq: 0..<200, from: 0)
        scene.heard(pdus: 0x20, iv: 5, seq: 0..<400, from: 0)
        let analysis = try scene.analysis()
        #expect(analysis.masters.isEmpty)
        let candidates = analysis.networks[0].masterCandidates
        #expect(candidates.map(\.address.value) == [1, 5] && candidates.allSatisfy { $0.silentSince != nil })
        // Without the gateway it is the phone.
        var alone = Scene()
        alone.beacon(.normal(5), at: 0)
        for node in UInt16(0)..<6 {
            alone.heard(
                pdu: 1, iv: 5, seq: UInt32(node), at: Double(node), to: 0x20 + node, saying: Scene.deviceMessage)
        }
        alone.heard(pdus: 0x20, iv: 5, seq: 0..<400, from: 0)
        #expect(try alone.analysis().masters.map(\.address.value) == [1])
    }

    @Test func aProvisionersElementIsTheProvisioners() throws {
        #expect(try reasons(7, scene(end: 12), ring([try node(6, elements: 2, isProvisioner: true)])) == [.provisioner])
        #expect(try reasons(7, scene(end: 12), ring([try node(6, isProvisioner: true)])).isEmpty)
        #expect(try reasons(7, scene(end: 12), ring([try node(7)])).isEmpty)
    }

    @Test func whoConfiguresSeveralNodesIsLikely() throws {
        for (nodes, isChosen) in [(UInt16(1), false), (2, true)] {
            var scene = Scene()
            scene.beacon(.normal(5), at: 0)
            for node in 0..<nodes {
                scene.heard(
                    pdu: 1, iv: 5, seq: UInt32(node), at: 1, to: 0x20 + node, saying: Scene.deviceMessage)
            }
            scene.heard(pdu: 5, iv: 5, seq: 1, at: 2)
            #expect(try reasons(1, scene) == [.configures(Int(nodes)), .lowestAddress])
            #expect(try reasons(5, scene) == [.publishesToGroups(1)])
            #expect(try scene.analysis().masters.map(\.address.value) == (isChosen ? [1] : []))
        }
    }

    @Test func whoFallsSilentIsNamedAfterHalfAMinute() throws {
        #expect(try reasons(7, scene(end: 40)).isEmpty)
        let silent = try reasons(7, scene(end: 41))
        guard case .fellSilent(let since)? = silent.first else {
            Issue.record("\(silent)")
            return
        }
        #expect(since.time == Scene.time(10))
    }

    /// One PDU in ten seconds: fifty of silence say nothing.
    @Test func aSilenceIsHeldAgainstTheUsualInterval() throws {
        #expect(try reasons(7, scene(end: 150, every: 10)).isEmpty)
        #expect(try reasons(7, scene(end: 151, every: 10)).count == 1)
    }

    @Test func twoThatAreAlikeAreNoChoice() throws {
        let keys = ring([try node(5, isProvisioner: true), try node(7, isProvisioner: true)])
        #expect(try scene(end: 12).analysis(keys: keys).masters.isEmpty, "60 and 75 points")
        #expect(try scene(end: 12).analysis(keys: ring([try node(5, isProvisioner: true)])).masters.count == 1)
    }
}

/// An address that nothing known uses.
@Suite struct AddressChoiceValueTests {
    private func ring(_ change: (inout KeyRing.Network) throws -> Void) rethrows -> KeyRing {
        var network = KeyRing.Network(subnets: [.init(keyIndex: .primary, netKey: Scene.netKeys[0])])
        try change(&network)
        return KeyRing(networks: [network])
    }

    private func addresses(_ values: [UInt16]) -> [UnicastAddress] { values.compactMap { UnicastAddress($0) } }

    private func free(
        _ failed: [UInt16], heard: [UInt16] = [], state: IVState? = nil, _ keys: KeyRing? = nil
    ) throws -> UInt16? {
        let keys = keys ?? (ring { _ in })
        var scene = Scene(keys)
        if let state { scene.beacon(state, at: 0) }
        for source in heard { scene.heard(pdu: source, iv: state?.transmitIndex.value ?? 5, seq: 1, at: 1) }
        let network = try scene.state().networks[0]
        return AddressChoice.free(besides: addresses(failed), in: network, keys.networks[0])?.value
    }

    private func node(_ address: UInt16, elements: Int) throws -> KeyRing.Node {
        .init(address: try #require(UnicastAddress(address)), elements: elements, name: nil, isProvisioner: false)
    }

    @Test func itIsBehindTheHighestInUse() throws {
        #expect(try free([1], heard: [2, 9]) == 10)
        #expect(try free([20, 21], heard: [2, 9]) == 22, "nor is the failed device's own taken again")
        #expect(try free([1], ring { $0.nodes = [try node(5, elements: 4)] }) == 9)
    }

    @Test func whereTheEndIsInUseItIsTheFirstGapWithRoom() throws {
        #expect(try free([1], heard: [2, 4, 0x7FFF]) == 3)
        #expect(try free([1, 2], heard: [4, 0x7FFF]) == 5, "3 has no room for two")
        #expect(try free([1], heard: [0x7FFE]) == 0x7FFF)
        #expect(try free([1, 2], heard: [0x7FFE]) == 3)
    }

    @Test func withoutAnyKnowledgeThereIsNone() throws {
        #expect(try free([1]) == nil)
        let full = try stride(from: UInt16(1), through: 0x7FFF, by: 255).map { try node($0, elements: 255) }
        #expect(try free([1], ring { $0.nodes = full }) == nil, "all are in use")
    }

    @Test func nodesThatOnlyADeviceKeyNamesAreInUse() throws {
        let keys = ring { network in
            network.upperKeys.deviceKeys = addresses([30]).map { .init(address: $0, key: .init(value: 1)) }
        }
        #expect(try free([1], heard: [2], keys) == 31)
    }

    @Test func aRemovedNodesAddressIsFreeTwoIVIndexesLater() throws {
        let keys = ring { $0.exclusions = [.init(ivIndex: IVIndex(5), addresses: [40])] }
        #expect(try free([1], heard: [2], state: .normal(6), keys) == 41)
        #expect(try free([1], heard: [2], state: .updating(7), keys) == 3)
        #expect(try free([1], heard: [2], state: .normal(7), keys) == 3)
    }

    @Test func aMasterWithoutNumbersIsGivenOne() throws {
        var scene = Scene()
        scene.beacon(.normal(5), at: 0)
        scene.heard(pdu: 2, iv: 5, seq: 1, at: 1)
        let master = try scene.analysis(AnalysisOptions(master: UnicastAddress(1))).masters.first
        #expect(master?.verdict == .notHeard(state: .normal(5)) && master?.newAddress?.value == 3)
        let heard = try scene.analysis(AnalysisOptions(master: UnicastAddress(2))).masters.first
        #expect(heard?.verdict.name == "resume" && heard?.newAddress == nil)
    }
}
