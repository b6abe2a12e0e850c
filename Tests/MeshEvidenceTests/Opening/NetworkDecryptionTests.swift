import MeshCrypto
import MeshProtocol
import MeshTestSupport
import MeshTimelines
import MeshVerdict
import Testing

@testable import MeshSimulation

@Suite struct NetworkDecryptionTests {
    @Test func twoNetworksWithOneNIDAreKeptApart() throws {
        var random = SeededGenerator(seed: 4)
        let twin = SimulatedNetwork.keys(withNID: scriptKeys.flooding.nid, &random)
        var script = Script()
        script.beacon(0, normal(9))
        script.beacon(0, normal(40), with: twin)
        script.pdu(1, 9, 5)
        script.pdu(2, 40, 7, with: twin)
        let ring = KeyRing(networks: [
            .init(subnets: [.init(keyIndex: .primary, netKey: scriptKeys.netKey)]),
            .init(subnets: [.init(keyIndex: .primary, netKey: twin.netKey)]),
        ])
        let networks = try script.analyse(ring).networks
        #expect(networks.map(\.heard) == [1, 1] && networks.map(\.opened) == [1, 1])
        #expect(networks[1].sources[0].epochs[0].lastSequence.value == 7)
    }

    @Test func anOldAndANewKeyOfOneSubnetAreOneNetwork() throws {
        let new = NetworkKeys(NetKey(value: 4711))
        var script = Script()
        script.beacon(0, normal(9))
        script.pdu(1, 9, 5)
        script.pdu(2, 9, 6, with: new)
        script.beacon(3, normal(9), with: new)
        let ring = KeyRing(networks: [
            .init(subnets: [.init(keyIndex: .primary, netKey: new.netKey, oldNetKey: scriptKeys.netKey)])
        ])
        let network = try script.analyse(ring).networks[0]
        #expect(network.subnets[0].authenticBeacons == 2)
        #expect(network.sources[0].epochs[0].distinct == 2)
    }
}
