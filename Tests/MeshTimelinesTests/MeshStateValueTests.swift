import ByteParsing
import CaptureFiles
import Foundation
import MeshCrypto
import MeshEvidence
import MeshProtocol
import Testing

@testable import MeshTimelines

/// The fold itself. What holds at every cut of a scene is held in `Scene.state`, which every other test goes through.
@Suite struct MeshStateValueTests {
    /// Something of everything.
    private var busy: Scene {
        var scene = Scene(subnets: 2)
        scene.beacon(.normal(5), from: 1, at: 0)
        scene.heard(pdus: 1, iv: 5, seq: 100..<106, from: 1)
        scene.heard(pdu: 2, iv: 5, seq: 7, at: 8, to: 9, saying: Scene.deviceMessage, times: 3)
        scene.heard(pdu: 2, iv: 5, seq: 7, at: 9, to: 9, saying: [0], ttl: 4)
        scene.authentic(.repetition(PDURepetition(of: .init(truncating: 2), under: IVIndex(5), count: 4)), at: 10)
        scene.beacon(.updating(6), from: 2, at: 11, subnet: 1, isKeyRefresh: true, evidence: .privateBeacon)
        scene.heard(pdu: 1, iv: 5, seq: 9000, at: 12)
        scene.heard(pdu: 3, iv: 5, seq: 1, at: 13, isControl: true, subnet: 1, credentials: .friendship)
        let statement = NetworkBeaconStatement(state: .updating(6), isKeyRefresh: false)
        scene.authentic(.friendUpdate(FriendUpdate(statement, subnet: SubnetIndex(0))), at: 14)
        scene.authentic(.proxyServer(nil), at: 15)
        scene.authentic(.proxyServer(UnicastAddress(7)), at: 15)
        scene.says(.unauthenticated(.falseBeacon(NetworkIndex(0), SubnetIndex(1))), at: 16)
        scene.says(.unauthenticated(.foreignBeacons(networkID: .max, change: 2)), at: 17)
        scene.says(.capture(.malformed("a structure")), at: 18)
        scene.ends(at: 20)
        return scene
    }

    @Test func aStateCountsWhatItWasTold() throws {
        let network = try busy.state().networks[0]
        #expect(network.opened == 6 + 3 + 1 + 4 + 1 + 1 && network.distinct == 9)
        #expect(network.sources.map(\.address.value) == [1, 2, 3])
        #expect(network.configured[.init(truncating: 2)] == 1)
        #expect(network.proxyServers.map(\.address?.value) == [nil, 7])
        #expect(network.iv.current?.state == .updating(6) && network.iv.current?.evidence == .friendUpdate)
    }

    @Test func theSameStateGivesTheSameBytes() throws {
        let scene = busy
        let state = try scene.state()
        let octets = try Scene.encode(state)
        for _ in 0..<5 { #expect(try Scene.encode(state) == octets) }
        var again = MeshState(scene.keys)
        again.apply(scene.observations)
        #expect(try again == state && Scene.encode(again) == octets)
    }

    @Test func aStateOfAnotherVersionIsRefused() throws {
        let text = String(decoding: try Scene.encode(try busy.state()), as: UTF8.self)
        let own = "\"version\":\(MeshState.version)"
        #expect(text.contains(own))
        for other in ["\"version\":\(MeshState.version + 1)", "\"version\":0", "\"another\":1"] {
            let octets = Data(text.replacing(own, with: other).utf8)
            #expect(throws: DecodingError.self) { try JSONDecoder().decode(MeshState.self, from: octets) }
        }
    }

    @Test func aStateHoldsNoKey() throws {
        let text = String(decoding: try Scene.encode(try busy.state()), as: UTF8.self).lowercased()
        for key in Scene.netKeys.prefix(2) {
            let derived = NetworkKeys(key)
            for secret in [key.value, derived.flooding.encryptionKey, derived.flooding.privacyKey] {
                #expect(!text.contains(Hexadecimal.text(secret, digits: 32).lowercased()))
                #expect(!text.contains("\(secret)"))
            }
            #expect(text.contains("\(derived.networkID)"), "what is not secret is there: the search can find it")
        }
    }

    @Test func aNetworkThatNoKeyHasIsIgnored() throws {
        var scene = Scene()
        scene.beacon(.normal(5), at: 0, network: 1)
        scene.beacon(.normal(5), at: 0, subnet: 4)
        scene.heard(pdu: 1, iv: 5, seq: 1, at: 1, network: 7)
        #expect(try scene.state() == MeshState(scene.keys))
    }

    @Test func networksAreKeptApart() throws {
        let networks = Scene.netKeys.prefix(2).map { KeyRing.Network(subnets: [.init(keyIndex: .primary, netKey: $0)]) }
        var scene = Scene(KeyRing(networks: networks))
        scene.beacon(.normal(5), at: 0)
        scene.beacon(.normal(40), at: 0, network: 1)
        scene.heard(pdu: 1, iv: 5, seq: 9, at: 1)
        scene.heard(pdu: 1, iv: 40, seq: 2, at: 1, network: 1)
        let state = try scene.state()
        #expect(state.networks.map { $0.iv.current?.state } == [.normal(5), .normal(40)])
        #expect(state.networks.map { $0.sources.first?.lastFrame?.number } == [3, 4])
        #expect(state.judge().isEmpty)
    }

    @Test func theLatestSummaryOfEachCaptureCounts() throws {
        var scene = Scene()
        for (capture, seconds) in [(3, 5.0), (1, 10), (3, 20), (0, 30), (1, 40)] {
            scene.capture = capture
            scene.ends(at: seconds)
        }
        let captures = try scene.state().captures
        #expect(captures.map(\.index) == [0, 1, 3])
        #expect(captures.map(\.lastTime) == [30, 40, 20].map(Scene.time))
    }

    @Test func aLearnedKeyMakesASubnetOrRefreshesOne() throws {
        var keys = KeyRing.Network(subnets: [.init(keyIndex: .primary, netKey: Scene.netKeys[0])])
        var scene = Scene(KeyRing(networks: [keys]))
        for (place, index) in [UInt16(0), 9].enumerated() {
            let place = place + 1
            let learnedSubnet = keys.learn(Scene.netKeys[place], keyIndex: KeyIndex(truncating: index))
            let subnet = try #require(learnedSubnet)
            let learned = LearnedNetKey(
                SubnetIdentity(keys[subnet]), subnet: subnet, key: KeyPlace(place), from: .init(truncating: 1))
            scene.authentic(.netKeyLearned(learned), at: Double(place))
        }
        scene.beacon(.normal(5), at: 3, key: 1)
        let network = try scene.state().networks[0]
        #expect(network.subnets.map(\.identity.keyIndex.value) == [0, 9])
        #expect(network.subnets[0].identity.oldNetworkID == NetworkKeys(Scene.netKeys[0]).networkID)
        #expect(network.subnets[0].keyRefreshSteps.map(\.phase) == [.newKey])
        #expect(try scene.facts() == [.keyLearned(.primary), .keyLearned(KeyIndex(truncating: 9))])
    }
}

extension UnicastAddress {
    /// The low 15 bits, or 1 where these are 0.
    init(truncating value: UInt16) {
        self = UnicastAddress(value & 0x7FFF) ?? .first
    }

    private static var first: UnicastAddress {
        guard let first = UnicastAddress(1) else { preconditionFailure("1 is a unicast address") }
        return first
    }
}
