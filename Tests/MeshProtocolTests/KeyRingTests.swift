import Foundation
import MeshCrypto
import MeshProtocol
import Testing

@Suite struct KeyRingTests {
    @Test func aKeyIndexHasTwelveBits() throws {
        #expect(KeyIndex(0) == .primary && KeyIndex(0xFFF)?.value == 0xFFF)
        #expect(KeyIndex(0x1000) == nil && KeyIndex(-1) == nil && KeyIndex(UInt64.max) == nil)
        #expect(KeyIndex(truncating: 0xF456).value == 0x456)
        #expect("\(KeyIndex(truncating: 10))" == "10")
        let index = KeyIndex(truncating: 4095)
        #expect(try JSONDecoder().decode([KeyIndex].self, from: JSONEncoder().encode([index])) == [index])
        for text in ["[4096]", "[-1]", "[\"1\"]", "[1.5]", "[null]"] {
            #expect(throws: DecodingError.self) { try JSONDecoder().decode([KeyIndex].self, from: Data(text.utf8)) }
        }
    }

    @Test(arguments: [(Int.max, UInt16(1), 255), (0, 1, 1), (-7, 1, 1), (255, 0x7FFE, 2), (3, 0x7FFF, 1), (17, 5, 17)])
    func aNodeHasAsManyElementsAsFitItsAddress(given: Int, address: UInt16, elements: Int) throws {
        let node = KeyRing.Node(
            address: try #require(UnicastAddress(address)), elements: given, name: nil, isProvisioner: false)
        #expect(node.elements == elements)
    }

    @Test func placesAreWrittenAsNumbers() throws {
        #expect(String(decoding: try JSONEncoder().encode([NetworkIndex(7)]), as: UTF8.self) == "[7]")
        #expect(try JSONDecoder().decode([SubnetIndex].self, from: Data("[0, 3]".utf8)) == [.init(0), .init(3)])
        #expect(KeyPlace(1) < KeyPlace(2))
        #expect(throws: DecodingError.self) { try JSONDecoder().decode([KeyPlace].self, from: Data("[-1]".utf8)) }
    }

    @Test func learnedKeysGetTheirPlaces() throws {
        let index = KeyIndex(truncating: 5)
        var network = KeyRing.Network(subnets: [.init(keyIndex: .primary, netKey: NetKey(value: 1))])
        #expect(network.learn(NetKey(value: 1), keyIndex: index) == nil, "the key is known")
        #expect(network.learn(NetKey(value: 2), keyIndex: index) == SubnetIndex(1))
        #expect(network.learn(NetKey(value: 3), keyIndex: .primary) == SubnetIndex(0))
        let ring = KeyRing(networks: [network])
        let primary = ring[NetworkIndex(0)][SubnetIndex(0)]
        #expect(primary.oldKeys?.netKey == NetKey(value: 1) && primary.keys.netKey == NetKey(value: 3))
        #expect(ring[NetworkIndex(0)][SubnetIndex(1)].keyIndex == index)
    }

    @Test func whatIsKnownIsNotTakenTwice() throws {
        let address = try #require(UnicastAddress(5))
        var keys = KeyRing.UpperTransportKeys()
        for _ in 0..<2 {
            keys.merge(
                applicationKeys: [AppKey(value: 1)], deviceKeys: [.init(address: address, key: DevKey(value: 2))],
                labels: [LabelUUID(3)])
        }
        #expect(keys.applicationKeys.count == 1 && keys.deviceKeys.count == 1 && keys.labels.count == 1)
        keys.merge(deviceKeys: [.init(address: address, key: DevKey(value: 9))])
        #expect(keys.deviceKeys.count == 2, "a node that was provisioned again has another key")
    }
}
