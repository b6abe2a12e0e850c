import MeshCrypto
import MeshEvidence
import MeshProtocol
import MeshTestSupport
import MeshTimelines
import MeshVerdict
import TestSupport
import Testing

@Suite struct FriendshipLearningTests {
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
            script.add(Double(script.frames.count), 0x2A, pdu.octets)
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
            script.add(Double(second), 0x2A, try #require(pdus[id]))
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

    /// Friend 1 offers itself to the Low Power node 0x23 again and again.
    private struct Offers {
        var script = Script()
        var sequence: UInt32 = 4900

        init() {
            script.beacon(0, normal(9))
        }

        mutating func say(
            _ transport: [UInt8], from source: UInt16, to destination: UInt16, _ material: SecurityMaterial
        ) throws {
            sequence += 1
            let pdu = NetworkPDU.seal(
                position: .init(IVIndex(9), .init(truncating: sequence)), isControl: true, ttl: 0,
                source: try #require(UnicastAddress(source)), destination: MeshAddress(destination),
                transportPDU: transport, with: material)
            script.add(Double(script.frames.count) / 10, 0x2A, pdu.octets)
        }

        mutating func offer(_ counter: Int) throws {
            let octets = [UInt8(counter >> 8), UInt8(counter & 0xFF)]
            try say([3, 0x4B, 0x50, 5, 0x7E, 0x40, 0, 0, 1] + octets, from: 0x23, to: 0xFFFD, scriptKeys.flooding)
            try say([4, 0x32, 3, 8, 0xBA] + octets, from: 1, to: 0x23, scriptKeys.flooding)
        }

        /// The Friend says something by the credentials of that friendship.
        mutating func use(_ counter: Int) throws {
            let material = scriptKeys.friendship(
                lpnAddress: 0x23, friendAddress: 1, lpnCounter: UInt16(counter), friendCounter: UInt16(counter))
            try say([1, 0], from: 1, to: 0x23, material)
        }

        func analyse() throws -> Analysis { try script.analyse(options: .init(master: UnicastAddress(1))) }
    }

    /// Among thousands of offers, those that are used stay: one of the first, and one of the last. What gave way is told, and makes
    /// the margin wider.
    @Test(arguments: [100, 2400]) func theFriendshipsThatAreUsedStay(_ count: Int) throws {
        var offers = Offers()
        for counter in 0..<count {
            try offers.offer(counter)
            if counter % 100 == 0 { try offers.use(7) }
        }
        try offers.use(count - 1)
        try offers.use(7)
        let analysis = try offers.analyse()
        let recovery = try #require(analysis.masters[0].verdict.recovery)
        #expect(recovery.minimum.value == offers.sequence + 1)
        let lost = count - 2048
        #expect(analysis.findings.first { $0.fact == .friendshipsForgotten }?.count == (lost > 0 ? lost : nil))
        #expect(recovery.margin.contains { $0.term == .forgotten } == (lost > 0))
    }

    /// A friendship that gives way opens nothing that was heard later, not even what was opened together with what took its place.
    @Test func aFriendshipThatGaveWayOpensNothing() throws {
        var offers = Offers()
        for counter in 0...2048 { try offers.offer(counter) }
        let last = offers.sequence
        try offers.use(0)
        let recovery = try #require(try offers.analyse().masters[0].verdict.recovery)
        #expect(recovery.minimum.value == last + 1)
    }
}
