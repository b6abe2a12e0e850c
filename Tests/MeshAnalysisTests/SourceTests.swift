import ByteParsing
import CaptureFiles
import MeshCrypto
import MeshProtocol
import TestSupport
import Testing

@testable import MeshAnalysis
@testable import MeshSimulation

@Suite struct SourceTests {
    @Test func theSameSequenceWithOtherContentIsNonceReuse() throws {
        var script = Script()
        script.beacon(0, normal(9))
        script.pdu(1, 9, 5, transport: [0, 1, 2, 3, 4, 5])
        script.pdu(2, 9, 5, ttl: 4, transport: [0, 1, 2, 3, 4, 5])
        #expect(try script.analyse().findings.isEmpty, "a relay is none")
        script.pdu(3, 9, 5, transport: [0, 9, 2, 3, 4, 5])
        let findings = try script.analyse().findings
        #expect(findings.map(\.kind) == [.nonceReused])
        #expect(findings[0].severity == .critical)
        #expect(findings[0].frames.map(\.number) == [4])
    }

    @Test func aCutCopyIsToldForWhatItIs() throws {
        for isCutFirst in [false, true] {
            var script = Script()
            script.beacon(0, normal(9))
            script.pdu(isCutFirst ? 2 : 1, 9, 5, ttl: 5, transport: [0, 1, 2, 3, 4, 5])
            script.pdu(isCutFirst ? 1 : 2, 9, 5, ttl: 4, transport: [0, 1])
            script.frames.sort { $0.seconds < $1.seconds }
            let analysis = try script.analyse()
            #expect(analysis.findings.map(\.kind) == [.pduAlteredByRelay])
            #expect(analysis.networks[0].sources[0].epochs[0].distinct == 1)
        }
        // A copy cut short with the same TTL comes from no relay.
        var script = Script()
        script.beacon(0, normal(9))
        script.pdu(1, 9, 5, transport: [0, 1, 2, 3, 4, 5])
        script.pdu(2, 9, 5, transport: [0, 1])
        #expect(try script.analyse().findings.map(\.kind) == [.nonceReused])
    }

    @Test func subnetsOfOneNetworkShareASourcesSequence() throws {
        let second = NetworkKeys(NetKey(value: 12345))
        var script = Script()
        script.beacon(0, normal(9))
        script.pdu(1, 9, 5)
        script.pdu(2, 9, 900, with: second)
        let ring = KeyRing(networks: [
            .init(subnets: [
                .init(keyIndex: .primary, netKey: scriptKeys.netKey),
                .init(keyIndex: KeyIndex(truncating: 1), netKey: second.netKey),
            ])
        ])
        let source = try script.analyse(ring).networks[0].sources[0]
        #expect(source.epochs[0].lastSequence.value == 900)
        #expect(source.verdict.recovery?.minimum.value == 901)
    }

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

@Suite struct FriendshipTests {
    /// The friendship's NID is that of the flooding credentials: polls that failed before the offer was opened count.
    @Test func aFriendshipWithTheNIDOfAnotherKeyIsOpened() throws {
        let collision = (UInt16(0)...2000).first { counter in
            scriptKeys.friendship(lpnAddress: 0x23, friendAddress: 0x10, lpnCounter: 7, friendCounter: counter).nid
                == scriptKeys.flooding.nid
        }
        let friendCounter = try #require(collision)
        let material = scriptKeys.friendship(
            lpnAddress: 0x23, friendAddress: 0x10, lpnCounter: 7, friendCounter: friendCounter)
        var script = Script()
        script.beacon(0, normal(9))
        func say(_ transport: [UInt8], _ sequence: UInt32, _ source: UInt16, _ material: SecurityMaterial) throws {
            let pdu = NetworkPDU.seal(
                position: .init(IVIndex(9), .init(truncating: sequence)), isControl: true, ttl: 0,
                source: try #require(UnicastAddress(source)), destination: MeshAddress(source == 0x23 ? 0x10 : 0x23),
                transportPDU: transport, with: material)
            script.add(Double(script.frames.count), AD.structure(0x2A, pdu.octets))
        }
        try say([3, 0x4B, 0x50, 5, 0x7E, 0x40, 0, 0, 1, 0, 7], 10, 0x23, scriptKeys.flooding)
        try say(
            [4, 0x32, 3, 8, 0xBA, UInt8(friendCounter >> 8), UInt8(friendCounter & 255)], 20, 0x10, scriptKeys.flooding)
        for poll in UInt32(0)..<20 { try say([1, UInt8(poll & 1)], 11 + poll, 0x23, material) }
        let network = try script.analyse().networks[0]
        #expect(network.notOpened == 0 && network.opened == 22)
        #expect(network.sources.last?.verdict.recovery?.minimum.value == 31)
    }

    /// Messages 1, 2, 4 and 5 of the specification's sample data: request, offer, poll, update.
    @Test(arguments: [false, true])
    func theSpecificationsFriendshipIsOpened(isPollFirst: Bool) throws {
        var script = Script()
        var pdus: [String: [UInt8]] = [:]
        for row in try SampleData.rows("messages") {
            guard let pdu = (row["pdus"] as? [[String: Any]])?.first else { continue }
            pdus[row.text("id")] = octets(pdu.text("network_pdu"))
        }
        // A poll that is heard before the offer could be opened is opened as well.
        let order = isPollFirst ? ["8.3.1", "8.3.4", "8.3.2", "8.3.5"] : ["8.3.1", "8.3.2", "8.3.4", "8.3.5"]
        for (second, id) in order.enumerated() {
            script.add(Double(second), AD.structure(0x2A, try #require(pdus[id])))
        }
        let analysis = try script.analyse(options: .init(givenIVIndex: IVIndex(0x1234_5678)))
        let network = analysis.networks[0]
        #expect(network.opened == 4 && analysis.unopened.isEmpty)
        #expect(network.iv?.state == normal(0x1234_5678))
        #expect(network.iv?.evidence == .friendUpdate, "stronger than a PDU's NetMIC alone")
        let lpn = try #require(network.sources.first { $0.address.value == 0x1201 })
        #expect(lpn.epochs[0].lastSequence.value == 2)
        #expect(network.sources.first { $0.address.value == 0x2345 }?.epochs[0].lastSequence.value == 0x01_4834)
    }
}

@Suite struct ProxyServerTests {
    @Test func aDeviceThatOffersProvisioningOverGATTIsListed() throws {
        var script = Script()
        let uuid = Array(UInt8(1)...16)
        script.add(0, AD.structure(0x16, [0x27, 0x18] + uuid + [0x00, 0x20]))
        let devices = try script.analyse().unprovisionedDevices
        #expect(devices.map(\.uuid) == [0x0102_0304_0506_0708_090A_0B0C_0D0E_0F10])
        #expect(devices[0].oobInformation.names == ["number"])
    }

    @Test func advertisedIdentitiesAreResolved() throws {
        var script = Script()
        for (second, row) in try SampleData.rows("proxy_service_data").enumerated() {
            for _ in 0..<3 { script.add(Double(second), octets(row.text("ad_structure"))) }
        }
        let servers = try script.analyse().proxyServers
        #expect(servers.map(\.address?.value) == [nil, 0x1201], "two say the network, two who they are")
        #expect(servers.map(\.count) == [6, 6])
    }
}
