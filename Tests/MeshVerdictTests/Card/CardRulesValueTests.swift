import CaptureFiles
import MeshCrypto
import MeshEvidence
import MeshTimelines
import MeshVerdict
import Testing

@testable import MeshProtocol

@Suite struct CardRulesValueTests {
    private func card(_ scene: Scene, master: UInt16 = 1) throws -> TakeoverCard {
        var options = AnalysisOptions()
        options.master = UnicastAddress(master)
        return try #require(try scene.analysis(options).masters.first?.card)
    }

    /// A master that was heard, in a network that is known.
    private var scene: Scene {
        var scene = Scene()
        scene.beacon(.normal(9), at: 0)
        scene.heard(pdus: 1, iv: 9, seq: 100..<160, from: 1)
        return scene
    }

    private func solicit(_ scene: inout Scene, _ sequence: UInt32, by source: UInt16 = 1, at seconds: Double) throws {
        let pdu = NetworkPDU(
            position: SequencePosition(IVIndex(0), SequenceNumber(truncating: sequence)), isControl: true, ttl: 0,
            source: try #require(UnicastAddress(source)), destination: MeshAddress(0), transportPDU: [])
        scene.authentic(
            .solicitation(OpenedPDU(pdu, subnet: SubnetIndex(0), key: KeyPlace(0), nonce: .solicitation)), at: seconds)
    }

    @Test func whatWasNotHeardIsNotGuessed() throws {
        let card = try card(scene)
        #expect(card.solicitations.isEmpty && card.keyRefresh.isEmpty && card.transfers.isEmpty)
        #expect(card.reporters.isEmpty && card.friendships.isEmpty && card.paths.isEmpty && card.nodes.isEmpty)
        #expect(card.unacknowledged.isEmpty && !card.isShortened)
        #expect(card.groups.map(\.address.value) == [0xC000])
    }

    /// Two heard: the minimum is the third; the margin is that of SEQ, term by term.
    @Test func theMinimumIsOneAboveTheHighestSSEQ() throws {
        var scene = scene
        try solicit(&scene, 40, at: 10)
        try solicit(&scene, 41, at: 50)
        try solicit(&scene, 900, by: 2, at: 55)
        scene.goesOn(until: 62)
        let solicitation = try #require(try card(scene).solicitations.first)
        let answer = try #require(solicitation.answer)
        #expect(try card(scene).solicitations.count == 1 && solicitation.distinct == 2 && solicitation.last.value == 41)
        #expect(answer.minimum.value == 42)
        #expect(try card(scene).otherSolicitations.map(\.address.value) == [2])
        #expect(answer.recommended.value == 42 + answer.margin.reduce(0) { $0 + $1.value })
        #expect(
            answer.margin.contains { $0.term == .allowance } && answer.margin.contains { $0.term == .busierThanHeard })
    }

    @Test func theMarginOfSSEQGrowsWithTheUnheardTime() throws {
        var near = scene
        try solicit(&near, 40, at: 10)
        var far = near
        near.goesOn(until: 100)
        far.goesOn(until: 30 * 86_400)
        func recommended(_ scene: Scene) throws -> UInt32 {
            try #require(try card(scene).solicitations.first?.answer).recommended.value
        }
        #expect(try recommended(far) > recommended(near))
    }

    @Test func nearTheEndNoSSEQIsSure() throws {
        var scene = scene
        try solicit(&scene, 0xFF_FFFF, at: 10)
        #expect(try #require(try card(scene).solicitations.first).answer == nil)
    }

    /// Segmented messages that stay without an acknowledgment, of a node that is heard; one alone may have been missed.
    @Test func unacknowledgedMessagesNeedTwoInARowAndANodeThatIsHeard() throws {
        func segment(_ seqZero: UInt32) -> [UInt8] {
            let fields = seqZero << 10 | 1
            return [0xC1, UInt8(fields >> 16), UInt8(fields >> 8 & 0xFF), UInt8(fields & 0xFF), 1, 2, 3]
        }
        var scene = scene
        scene.heard(pdu: 1, iv: 9, seq: 200, at: 70, to: 5, saying: segment(200))
        scene.heard(pdu: 1, iv: 9, seq: 210, at: 80, to: 5, saying: segment(210))
        #expect(try card(scene).unacknowledged.isEmpty)
        scene.heard(pdu: 5, iv: 9, seq: 1, at: 81, to: 1)
        #expect(try card(scene).unacknowledged.map(\.node.value) == [5])
        #expect(try card(scene).unacknowledged.map(\.count) == [2])
        #expect(try card(scene, master: 5).unacknowledged.isEmpty)
    }

    /// Answers come as regularly as the questions; and what a node sent before it fell silent says nothing of what it ignores.
    @Test func answersAreNoPublications() throws {
        var (polled, free) = (scene, scene)
        for round in 0..<12 {
            let time = 70 + 15 * Double(round)
            polled.heard(pdu: 1, iv: 9, seq: 200 + UInt32(round), at: time, to: 6)
            polled.heard(pdu: 6, iv: 9, seq: UInt32(round), at: time + 0.3, to: 1)
            free.heard(pdu: 6, iv: 9, seq: UInt32(round), at: time + 0.3, to: 1)
        }
        #expect(try card(polled).reporters.isEmpty)
        #expect(try card(free).reporters.map(\.kind) == [.publication])
    }

    @Test func thePhaseOfAKeyRefreshIsTheLastThatIsSaid() throws {
        var scene = Scene()
        scene.beacon(.normal(9), at: 0)
        scene.heard(pdus: 1, iv: 9, seq: 100..<110, from: 1)
        #expect(try card(scene).keyRefresh.isEmpty)
        func message(_ payload: [UInt8], from source: UInt16, to destination: UInt16) throws -> HeardMessage {
            HeardMessage(
                try #require(AccessMessage(payload: payload)), from: try #require(UnicastAddress(source)),
                to: MeshAddress(destination),
                at: SequencePosition(IVIndex(9), SequenceNumber(truncating: UInt32(payload[1]))),
                ttl: 5)
        }
        let update = [0x80, 0x45, 0, 0] + [UInt8](repeating: 7, count: 16)
        scene.authentic(.message(try message(update, from: 1, to: 5)), at: 20)
        #expect(try card(scene).keyRefresh.map(\.phase) == [1])
        // Another node was not told yet.
        scene.authentic(.message(try message([0x80, 0x17, 0, 0, 0, 0], from: 6, to: 1)), at: 20.5)
        #expect(try card(scene).keyRefresh.map(\.phase) == [1])
        scene.authentic(.message(try message([0x80, 0x17, 0, 0, 0, 2], from: 5, to: 1)), at: 21)
        #expect(try card(scene).keyRefresh.map(\.phase) == [2])
        scene.beacon(.normal(9), at: 30, isKeyRefresh: true)
        #expect(try card(scene).keyRefresh.map(\.phase) == [2])
    }
}
