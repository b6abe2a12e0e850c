import CaptureFiles
import MeshCrypto
import MeshEvidence
import MeshProtocol
import MeshTestSupport
import MeshSimulation
import MeshTimelines
import Testing

@testable import MeshVerdict

/// How much a key file is worth.
@Suite struct KeyAuditTests {
    private func audit(_ capture: SimulatedCapture, _ network: KeyRing.Network) throws -> KeyAudit? {
        let type = LinkType.bluetoothLELinkLayerWithHeader
        let octets = capture.write(.pcap(.little, .microseconds), LinkFraming(type), linkType: type)
        return try analyse(octets, KeyRing(networks: [network])).networks[0].keyAudit
    }

    /// The scenario's own keys work; foreign ones beside them do not, and the rest of the file is told apart.
    @Test func keysAndNodesAreHeldAgainstWhatWasHeard() throws {
        let capture = SimulatedCapture(.configuration, seed: 3)
        var network = try #require(capture.keys.networks.first)
        let heard = try analyse(capture).networks[0].heardAddresses
        let first = try #require(heard.first)
        network.upperKeys.deviceKeys += [
            .init(address: try #require(UnicastAddress(0x7000)), key: DevKey(value: 5))
        ]
        network.upperKeys.applicationKeys = [AppKey(value: 6)]
        network.nodes = [
            .init(address: first, elements: 1, name: "gateway", isProvisioner: true),
            .init(address: try #require(UnicastAddress(0x7000)), elements: 2, name: "lost", isProvisioner: false),
        ]
        let audit = try #require(try self.audit(capture, network))
        #expect(
            audit.netKeys.map(\.outcome) == [.works] && audit.netKeys[0].use.pdus > 0
                && audit.netKeys[0].use.beacons > 0)
        #expect(audit.deviceKeys.contains { $0.outcome == .works && $0.opened > 0 })
        #expect(audit.deviceKeys.last?.outcome == .notHeard)
        #expect(audit.appKeys.map(\.opened) == [0])
        #expect(audit.nodes.map(\.isHeard) == [true, false])
        #expect(audit.unknownAddresses == heard.filter { $0 != first })
    }

    /// A node that was provisioned again has another device key, and the file the old one.
    @Test func aReplacedDeviceKeyOpensNothing() throws {
        let capture = SimulatedCapture(.configuration, seed: 3)
        var network = try #require(capture.keys.networks.first)
        let works = try #require(try analyse(capture).networks[0].keyAudit?.deviceKeys.first { $0.outcome == .works })
        network.upperKeys.deviceKeys = [.init(address: works.address, key: DevKey(value: 5))]
        let audit = try #require(try self.audit(capture, network))
        #expect(audit.deviceKeys.map(\.outcome) == [.opensNothing])
    }

    @Test func ofTwoNetKeysEachIsTold() throws {
        let capture = SimulatedCapture(.steady, seed: 2)
        let right = try #require(capture.keys.networks.first?.subnets.first)
        let network = KeyRing.Network(subnets: [
            .init(keyIndex: .primary, netKey: right.keys.netKey),
            .init(keyIndex: KeyIndex(truncating: 1), netKey: NetKey(value: 9)),
        ])
        let audit = try #require(try self.audit(capture, network))
        #expect(audit.netKeys.map(\.outcome) == [.works, .notHeard] && audit.isWorthwhile)
        let wrong = KeyRing.Network(subnets: [.init(keyIndex: .primary, netKey: NetKey(value: 9))])
        #expect(try self.audit(capture, wrong)?.netKeys.map(\.outcome) == [.notHeard])
    }
}
