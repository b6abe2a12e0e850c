import MeshEvidence
import MeshProtocol
import MeshTimelines
import Testing

/// A key that is not used any more, and networks that merely went quiet.
@Suite struct KeyRulesValueTests {
    /// Sources 1 and 2 send a PDU every other second, and a beacon is heard now and then, for a minute.
    private var old: Scene {
        var scene = Scene()
        for second in UInt32(0)..<60 {
            scene.heard(pdu: UInt16(second % 2 + 1), iv: 5, seq: second, at: Double(second))
            if second % 10 == 0 { scene.beacon(.normal(5), at: Double(second)) }
        }
        return scene
    }

    private func foreign(
        _ scene: inout Scene, nid: UInt8 = 0x12, from start: Double, to end: Double, every interval: Double = 1
    ) {
        for time in stride(from: start, to: end, by: interval) {
            let closed = ClosedPDUs(nid: nid, networks: [], change: 1, sample: nil)
            scene.says(.unauthenticated(.closedPDUs(closed)), at: time)
        }
    }

    @Test func aKeyIsStaleWhereAnotherBegins() throws {
        var scene = old
        foreign(&scene, from: 61, to: 200)
        scene.ends(at: 200)
        let finding = try #require(try scene.judge().first { $0.kind == .keyFellSilent })
        #expect(
            finding.fact == .keyFellSilent(.primary, since: Scene.time(59), nids: [0x12], networkIDs: [], sources: 2))
        #expect(finding.severity == .critical)
    }

    /// Nodes move one by one, so that the new key is heard before the old one falls silent; or its NID is the same by chance.
    @Test func theNewKeyMayBeginEarlierOrHaveTheSameNID() throws {
        var early = old
        foreign(&early, from: 50, to: 200)
        early.ends(at: 200)
        #expect(try early.kinds().contains(.keyFellSilent))
        var same = old
        for second in 61..<200 {
            let closed = ClosedPDUs(nid: 0x68, networks: [NetworkIndex(0)], change: 1, sample: nil)
            same.says(.unauthenticated(.closedPDUs(closed)), at: Double(second))
        }
        same.ends(at: 200)
        #expect(try same.kinds().contains(.keyFellSilent))
    }

    @Test func beaconsTellItToo() throws {
        var scene = old
        for second in 6..<30 {
            scene.says(.unauthenticated(.foreignBeacons(networkID: 0xABCD, change: 1)), at: Double(second) * 10)
        }
        scene.ends(at: 300)
        guard case .keyFellSilent(_, _, let nids, let networkIDs, _)? = try scene.facts(.keyFellSilent).first else {
            Issue.record("nothing found")
            return
        }
        #expect(nids.isEmpty && networkIDs == [0xABCD])
    }

    /// Quiet at night, beside a neighbour that was there all the time; or that is switched on much later, or says next to nothing.
    @Test func aNetworkThatWentQuietIsNotStale() throws {
        var quiet = old
        quiet.ends(at: 4000)
        #expect(try !quiet.kinds().contains(.keyFellSilent))
        var neighbour = Scene()
        foreign(&neighbour, from: 0, to: 4000)
        var both = old
        foreign(&both, from: 0, to: 4000)
        both.ends(at: 4000)
        #expect(try !both.kinds().contains(.keyFellSilent), "it was there before")
        var few = old
        foreign(&few, from: 61, to: 4000, every: 60)
        few.ends(at: 4000)
        #expect(try !few.kinds().contains(.keyFellSilent), "it is no network like ours")
        var alive = old
        foreign(&alive, from: 61, to: 200)
        alive.heard(pdu: 1, iv: 5, seq: 100, at: 150)
        alive.ends(at: 200)
        #expect(try !alive.kinds().contains(.keyFellSilent), "one of ours is heard")
    }

    @Test func oneSubnetMayBeStale() throws {
        var scene = Scene(subnets: 2)
        for second in UInt32(0)..<200 {
            scene.heard(pdu: 1, iv: 5, seq: second, at: Double(second))
            if second < 60 { scene.heard(pdu: 2, iv: 5, seq: second, at: Double(second), subnet: 1) }
        }
        foreign(&scene, from: 61, to: 200)
        scene.ends(at: 200)
        guard case .keyFellSilent(let key, _, _, _, _)? = try scene.facts(.keyFellSilent).first else {
            Issue.record("nothing found")
            return
        }
        #expect(key.value == 1)
    }
}
