import CaptureFiles
import Foundation
import MeshCrypto
import MeshEvidence
import Testing

@testable import MeshProtocol
@testable import MeshTimelines

@Suite struct CardStateValueTests {
    private static let id: [UInt8] = [1, 2, 3, 4, 5, 6, 7, 8]

    private func card(_ scene: Scene) throws -> CardState { try scene.state().networks[0].card }

    // MARK: Strands

    @Test(arguments: [[10.0, 10, 10, 10, 10, 10], [10, 20, 10, 10, 30, 10, 10, 10.4, 9.8]])
    func whatComesRegularlyHasAPeriodAlsoWhereSomeIsMissed(intervals: [Double]) throws {
        var scene = Scene()
        var time = 0.0
        for (place, interval) in ([0] + intervals).enumerated() {
            time += interval
            scene.heard(pdu: 5, iv: 9, seq: UInt32(place), at: time, to: 1)
        }
        let strand = try #require(try card(scene).strands.first)
        #expect(strand.count == intervals.count + 1 && strand.period == .seconds(10))
    }

    @Test(arguments: [[10.0, 10, 10, 10, 10], [3, 17, 8, 26, 5, 12, 31, 7]])
    func whatComesSeldomOrAtAnyTimeHasNone(intervals: [Double]) throws {
        var scene = Scene()
        var time = 0.0
        for (place, interval) in ([0] + intervals).enumerated() {
            time += interval
            scene.heard(pdu: 5, iv: 9, seq: UInt32(place), at: time, to: 1)
        }
        #expect(try #require(try card(scene).strands.first).period == nil)
    }

    @Test func formsAndDestinationsAreToldApartAndCopiesCountOnce() throws {
        var scene = Scene()
        scene.heard(pdu: 5, iv: 9, seq: 1, at: 0, to: 1)
        scene.heard(pdu: 5, iv: 9, seq: 1, at: 0.1, to: 1, ttl: 4)
        scene.heard(pdu: 5, iv: 9, seq: 2, at: 1, to: 1, saying: [0x41, 1, 2, 3, 4, 5, 6, 7])
        scene.heard(pdu: 5, iv: 9, seq: 3, at: 2, to: 0xC000)
        scene.heard(pdu: 5, iv: 9, seq: 4, at: 3, to: 1, saying: [0x0A, 5, 0, 3], isControl: true)
        scene.heard(pdu: 5, iv: 9, seq: 5, at: 4, to: 1, saying: [0x01, 0], isControl: true)
        let strands = try card(scene).strands
        #expect(strands.map(\.count) == [1, 1, 1, 1])
        #expect(
            strands.map(\.form) == [
                .access(key: 0x41, length: 7), .access(key: 0x41, length: 8), .access(key: 0x41, length: 7), .heartbeat,
            ])
    }

    /// SEG 1 · AID · SeqZero · SegO · SegN · segment; and what acknowledges it.
    @Test func segmentedMessagesAreCountedByTheirSeqZeroAndAcknowledged() throws {
        func segment(_ seqZero: UInt32, _ offset: UInt32) -> [UInt8] {
            let fields = seqZero << 10 | offset << 5 | 1
            return [0xC1, UInt8(fields >> 16), UInt8(fields >> 8 & 0xFF), UInt8(fields & 0xFF), 1, 2, 3]
        }
        var scene = Scene()
        for (message, time) in [0.0, 10, 20].enumerated() {
            for offset in UInt32(0)..<2 {
                let sequence = UInt32(message) * 10 + offset
                scene.heard(
                    pdu: 1, iv: 9, seq: sequence, at: time + Double(offset), to: 5,
                    saying: segment(UInt32(message) * 10, offset))
            }
        }
        let silent = try #require(try card(scene).strands.first)
        #expect(silent.form == .segmented && silent.count == 3 && silent.unacknowledged == 3)
        // By a Friend, on behalf of node 5.
        let seqZero = UInt16(20) << 2
        scene.heard(
            pdu: 7, iv: 9, seq: 1, at: 22, to: 1,
            saying: [0x00, 0x80 | UInt8(seqZero >> 8), UInt8(seqZero & 0xFF), 0, 0, 0, 3], isControl: true)
        #expect(try #require(try card(scene).strands.first).unacknowledged == 0)
    }

    @Test func aFullListSaysSo() throws {
        var state = MeshState(Scene().keys)
        for number in 0..<UInt16(Correspondence.mostStrands + 1) {
            var scene = Scene()
            scene.heard(pdu: 0x100 + number, iv: 9, seq: 1, at: 1)
            state.apply(scene.observations)
        }
        #expect(state.networks[0].card.strands.count == Correspondence.mostStrands)
        #expect(state.networks[0].card.isFull)
    }

    // MARK: Directed forwarding

    /// 253, 254, 255, 0: the number goes round, and what is passed on late takes nothing back.
    @Test func theForwardingNumberGoesRound() throws {
        var scene = Scene()
        for (place, number) in [UInt8(253), 254, 255, 0, 254].enumerated() {
            scene.heard(
                pdu: place < 4 ? 1 : 2, iv: 9, seq: UInt32(place), at: Double(place), to: 0xFFFB,
                saying: [0x0B, 0x08, number, 0, 0, 0x23, 0, 0x01], isControl: true, credentials: .directed)
        }
        let path = try #require(try card(scene).pathOrigins.first)
        #expect(path.address.value == 1 && path.forwardingNumber == 0 && path.count == 5)
        #expect(path.last.number == 4 && path.lifetimeSeconds == 86_400)
        // A number that others pass on late is no step back; a lower one of the origin itself is.
        #expect(path.fall == nil)
        let ownNumber: [UInt8] = [0x0B, 0x08, 0xF0, 0, 0, 0x23, 0, 0x01]
        scene.heard(pdu: 2, iv: 9, seq: 900, at: 30, to: 0xFFFB, saying: ownNumber, isControl: true)
        #expect(try card(scene).pathOrigins.first?.fall == nil)
        scene.heard(pdu: 1, iv: 9, seq: 900, at: 31, to: 0xFFFB, saying: ownNumber, isControl: true)
        let fallen = try #require(try card(scene).pathOrigins.first)
        #expect(fallen.forwardingNumber == 0 && fallen.fall?.to == 0xF0)
    }

    // MARK: Messages

    private func hear(
        _ scene: inout Scene, _ payload: [UInt8], from source: UInt16, to destination: UInt16, at time: Double
    )
        throws
    {
        let message = HeardMessage(
            try #require(AccessMessage(payload: payload)), from: try #require(UnicastAddress(source)),
            to: MeshAddress(destination),
            at: SequencePosition(IVIndex(9), SequenceNumber(truncating: UInt32(time * 10))), ttl: 5)
        scene.authentic(.message(message), at: time)
    }

    @Test func aTransferIsInFlightUntilItIsCancelledOrComplete() throws {
        var scene = Scene()
        try hear(&scene, [0x83, 0x0D, 6, 2, 0] + Self.id + [0], from: 1, to: 5, at: 1)
        try hear(&scene, [0x83, 0x01, 0x40] + Self.id + [0x40, 0x9C, 0, 0, 12, 0, 1], from: 1, to: 5, at: 2)
        try hear(&scene, [0x83, 0x04, 1, 0, 128, 0], from: 1, to: 0xC001, at: 3)
        try hear(&scene, [0x67, 0x40, 1, 0, 128, 0], from: 5, to: 1, at: 4)
        // Another client's block is none of this one's.
        try hear(&scene, [0x83, 0x04, 9, 0, 128, 0], from: 2, to: 0xC001, at: 5)
        let transfer = try #require(try card(scene).transfers.first)
        #expect(transfer.client.value == 1 && transfer.id == 0x0807_0605_0403_0201 && transfer.end == nil)
        #expect(transfer.size == 40_000 && transfer.blocks == 10 && transfer.lastBlock == 1 && transfer.ttl == 6)
        #expect(transfer.timeout == 30 && transfer.servers.map(\.value) == [5])
        var cancelled = scene
        try hear(&cancelled, [0x83, 0x02] + Self.id, from: 1, to: 5, at: 6)
        #expect(try card(cancelled).transfers.first?.end == .cancelled)
        try hear(&scene, [0x83, 0x03, 0x40, 0x04] + Self.id, from: 5, to: 1, at: 6)
        #expect(try card(scene).transfers.first?.end == .complete)
    }

    @Test func aDistributionIsWhatItsDistributorSaidLast() throws {
        let parameters: [UInt8] = [5, 0x02, 0x00, 0x01, 3, 0]
        var scene = Scene()
        try hear(&scene, [0x83, 0x19, 0, 0] + parameters + [0x05, 0xC0], from: 1, to: 5, at: 1)
        let started = try #require(try card(scene).distributions.first)
        #expect(started.distributor.value == 5 && started.initiator.value == 1 && started.phase == nil)
        #expect(started.order == "Firmware Distribution Start" && started.parameters?.multicast?.value == 0xC005)
        try hear(&scene, [0x83, 0x1D, 0, 1, 0x05, 0xC0, 0, 0] + parameters, from: 5, to: 1, at: 2)
        #expect(try card(scene).distributions.map(\.phase) == [.transferActive])
        // What failed is none of its phases.
        try hear(&scene, [0x83, 0x1D, 3, 5], from: 5, to: 1, at: 3)
        #expect(try card(scene).distributions.map(\.phase) == [.transferActive])
        try hear(&scene, [0x83, 0x1B], from: 1, to: 5, at: 4)
        let told = try card(scene).distributions
        #expect(told.map(\.phase) == [nil] && told.map(\.order) == ["Firmware Distribution Cancel"])
        try hear(&scene, [0x83, 0x1D, 0, 0], from: 5, to: 1, at: 5)
        let idle = try card(scene).distributions
        #expect(idle.map(\.phase) == [.idle] && idle.first?.parameters?.imageIndex == 3)
        #expect(idle.first?.last.time == idle.first?.first.time.advanced(by: .seconds(4)))
    }

    /// A cancellation for one server is none for the others, and what goes on is not over.
    @Test func aTransferThatOneServerLeavesGoesOnForTheOthers() throws {
        var scene = Scene()
        try hear(&scene, [0x83, 0x01, 0x40] + Self.id + [0x40, 0x9C, 0, 0, 12, 0, 1], from: 1, to: 5, at: 2)
        try hear(&scene, [0x67, 0x40, 1, 0, 128, 0], from: 5, to: 1, at: 3)
        try hear(&scene, [0x67, 0x40, 1, 0, 128, 0], from: 6, to: 1, at: 4)
        try hear(&scene, [0x83, 0x02] + Self.id, from: 1, to: 6, at: 5)
        #expect(try card(scene).transfers.first?.end == nil)
        var group = scene
        try hear(&group, [0x83, 0x02] + Self.id, from: 1, to: 0xC001, at: 6)
        #expect(try card(group).transfers.first?.end == .cancelled)
        try hear(&group, [0x83, 0x04, 2, 0, 128, 0], from: 1, to: 0xC001, at: 7)
        #expect(try card(group).transfers.first?.end == nil)
    }

    /// What is far below its source's highest SEQ is a recording, whether or not it was heard when it was sent.
    @Test func recordingsFromBeforeTheCaptureSayNothing() throws {
        var scene = Scene()
        scene.heard(pdu: 5, iv: 9, seq: 5000, at: 1, to: 1)
        scene.heard(pdu: 5, iv: 9, seq: 100, at: 900, to: 0xC077)
        try hear(&scene, [0x80, 0x4A], from: 5, to: 1, at: 20)
        let card = try card(scene)
        #expect(card.strands.map(\.destination.value) == [1] && card.nodeChanges.isEmpty)
    }

    /// A single Solicitation PDU that is repeated for minutes is no restart.
    @Test func theSameSSEQAgainIsNoFall() throws {
        var scene = Scene()
        for time in stride(from: 0.0, to: 300, by: 20) { try solicit(&scene, 40, at: time) }
        #expect(try scene.kinds().isEmpty)
    }

    @Test func aMessageThatHandsOutAKeyKeepsItsIndexAlone() throws {
        let secret = [UInt8](repeating: 0xAB, count: 16)
        let one = try #require(UnicastAddress(1))
        for head in [[UInt8(0x80), 0x45, 2, 0], [0x80, 0x40, 2, 0], [0x00, 1, 2, 3], [0x01, 1, 2, 3]] {
            let message = HeardMessage(
                try #require(AccessMessage(payload: head + secret)), from: one, to: MeshAddress(5),
                at: SequencePosition(IVIndex(9), SequenceNumber(truncating: 1)), ttl: 5)
            #expect(message.message.payload == head)
        }
    }

    @Test func nodesAndKeyRefreshAreNoted() throws {
        var scene = Scene()
        try hear(&scene, [0x80, 0x45, 0, 0] + [UInt8](repeating: 7, count: 16), from: 1, to: 5, at: 1)
        try hear(&scene, [0x80, 0x16, 0, 0, 2], from: 1, to: 5, at: 2)
        try hear(&scene, [0x80, 0x17, 0, 0, 0, 2], from: 5, to: 1, at: 3)
        try hear(&scene, [0x00, 0, 0, 0] + [UInt8](repeating: 7, count: 16), from: 1, to: 6, at: 4)
        try hear(&scene, [0x80, 0x4A], from: 7, to: 1, at: 5)
        try hear(&scene, [0x80, 0x59] + [UInt8](repeating: 7, count: 16), from: 1, to: 8, at: 6)
        try hear(&scene, [0x80, 0x39, 1, 0, 2, 5, 7, 4, 0, 0, 0], from: 1, to: 9, at: 7)
        let card = try card(scene)
        #expect(card.keyRefresh.map(\.kind) == [.keyUpdate, .phaseSet, .phaseStatus])
        #expect(card.keyRefresh.map(\.node.value) == [5, 5, 5] && card.keyRefresh.map(\.phase) == [1, 2, 2])
        #expect(card.nodeChanges.map(\.kind) == [.keysHandedOut, .reset, .remoteProvisioning])
        #expect(card.nodeChanges.map(\.node.value) == [6, 7, 8])
        #expect(card.heartbeatPublications.map(\.period) == [16])
    }

    /// States that an earlier version saved know of no card and no Solicitation PDU.
    @Test func aStateThatWasSavedWithoutACardBeginsOne() throws {
        var scene = Scene()
        scene.heard(pdu: 5, iv: 9, seq: 1, at: 0, to: 1)
        let octets = try Scene.encode(try scene.state())
        var object = try #require(try JSONSerialization.jsonObject(with: octets) as? [String: Any])
        var networks = try #require(object["networks"] as? [[String: Any]])
        #expect(networks[0].removeValue(forKey: "card") != nil)
        object["networks"] = networks
        let state = try JSONDecoder().decode(MeshState.self, from: try JSONSerialization.data(withJSONObject: object))
        #expect(state.networks[0].sources.count == 1 && state.networks[0].card.strands.isEmpty)
    }

    // MARK: SSEQ

    private func solicit(_ scene: inout Scene, _ sequence: UInt32, at seconds: Double) throws {
        let pdu = NetworkPDU(
            position: SequencePosition(IVIndex(0), SequenceNumber(truncating: sequence)), isControl: true, ttl: 0,
            source: try #require(UnicastAddress(1)), destination: MeshAddress(0), transportPDU: [])
        scene.authentic(
            .solicitation(OpenedPDU(pdu, subnet: SubnetIndex(0), key: KeyPlace(0), nonce: .solicitation)), at: seconds)
    }

    /// Copies, and those that come late, are no restart; what begins anew is one, and nothing is taken back.
    @Test func anSSEQThatFallsIsNamedAndTakesNothingBack() throws {
        var scene = Scene()
        for (sequence, time) in [(UInt32(40), 0.0), (40, 0.02), (41, 30), (40, 31), (41, 70)] {
            try solicit(&scene, sequence, at: time)
        }
        #expect(try scene.kinds().isEmpty)
        try solicit(&scene, 0, at: 80)
        try solicit(&scene, 1, at: 90)
        let source = try #require(try scene.state().networks[0].solicitations.first)
        #expect(source.timeline.lastPosition?.sequence.value == 41)
        #expect(source.fall?.from.value == 41 && source.fall?.to.value == 0 && source.fall?.count == 2)
        #expect(try scene.kinds() == [.solicitationFell])
        #expect(try scene.judge().map(\.count) == [2])
        // They are no SEQ, and no IV Index.
        let state = try scene.state()
        #expect(state.networks[0].sources.isEmpty && state.networks[0].iv.current == nil)
    }
}
