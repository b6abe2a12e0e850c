import CaptureFiles
import MeshEvidence
import Testing

@testable import MeshProtocol
@testable import MeshTimelines

/// The time of an answer comes from authentic frames only, in whatever order they are opened.
struct AuthenticClocksValueTests {
    /// PDUs each second, and whatever a stranger or a hiccup adds.
    private func clocks(_ change: (inout Scene) -> Void = { _ in }) throws -> AuthenticClocks {
        var scene = Scene()
        scene.beacon(.normal(9), at: 0)
        scene.heard(pdus: 1, iv: 9, seq: 0..<20, from: 1)
        change(&scene)
        return try scene.state().clocks
    }

    private func foreign(_ change: Int = 1) -> Observation.Statement {
        .unauthenticated(.closedPDUs(ClosedPDUs(nid: 3, networks: [], change: change, sample: 1)))
    }

    @Test(arguments: [-15.0, -86_400.0, 300 * 86_400.0, 4e8]) func whatNobodyAuthenticatesHasNoTime(_ seconds: Double)
        throws
    {
        let honest = try clocks()
        #expect(honest.end == Scene.time(20) && honest.jumps.isEmpty)
        #expect(try clocks { $0.says(foreign(), at: seconds) } == honest)
        #expect(try clocks { $0.ends(at: seconds) } == honest)
        #expect(try clocks { $0.says(.capture(.crcFailed), at: seconds) } == honest)
    }

    /// A PDU that was heard before, and a beacon of a state that is past, may come from a recorder.
    @Test func whatIsHeardOnceMoreTellsNoTime() throws {
        let honest = try clocks()
        let replayed = try clocks { scene in
            scene.heard(pdu: 1, iv: 9, seq: 3, at: 500_000)
            scene.beacon(.updating(9), at: 500_001)
        }
        #expect(replayed == honest)
    }

    @Test(arguments: [-11.0, -86_400.0, 4e8]) func aStepIsToldOfAuthenticFrames(_ seconds: Double) throws {
        let stepped = try clocks { $0.heard(pdu: 2, iv: 9, seq: 1, at: 20 + seconds) }
        #expect(stepped.jumps.map(\.by) == [.seconds(seconds)])
        #expect(stepped.jumps.map(\.before.number) == [21] && stepped.jumps.map(\.after.number) == [22])
        #expect(stepped.end == max(Scene.time(20), Scene.time(20 + seconds)))
    }

    /// Ten seconds back are a slow delivery, a year of silence is one.
    @Test(arguments: [-10.0, 31_536_000.0]) func aClockMayWaver(_ seconds: Double) throws {
        #expect(try clocks { $0.heard(pdu: 2, iv: 9, seq: 1, at: 20 + seconds) }.jumps.isEmpty)
    }

    /// What was opened late tells the same steps as what was opened at once, and each one once.
    @Test func lateOpeningTellsTheSame() throws {
        var times = (0..<40).map { Double($0) }
        for place in 20..<40 { times[place] -= 600 }
        var (atOnce, late) = (AuthenticClocks(), AuthenticClocks())
        let frames = times.enumerated().map { FrameReference(capture: 0, number: $0 + 1, time: Scene.time($1)) }
        for frame in frames { atOnce.note(frame) }
        // A beacon is authentic at once; PDUs wait for it. Some are of a friendship that is learned later still.
        late.note(frames[39])
        for frame in frames[..<39] where frame.number % 2 == 0 { late.note(frame) }
        for frame in frames[..<39] where frame.number % 2 == 1 { late.note(frame) }
        #expect(late.end == atOnce.end)
        #expect(atOnce.jumps.count == 1 && late.jumps.count == 1)
        #expect(atOnce.jumps[0].by == .seconds(-599) && late.jumps[0].after.number - late.jumps[0].before.number == 2)
    }

    /// Captures have clocks of their own.
    @Test func captures() throws {
        let two = try clocks { scene in
            scene.capture = 1
            scene.heard(pdu: 2, iv: 9, seq: 1, at: -5000)
            scene.capture = 0
            scene.heard(pdu: 2, iv: 9, seq: 2, at: 21)
        }
        #expect(two.jumps.isEmpty && two.end == Scene.time(21))
    }

    @Test func aFrameWithoutATimeIsAsLateAsTheLastOneBeforeIt() throws {
        var scene = Scene()
        scene.beacon(.normal(9), at: 0)
        scene.heard(pdus: 1, iv: 9, seq: 0..<5, from: 1)
        let frame = FrameReference(capture: 0, number: 90, time: .unknown)
        let pdu = NetworkPDU(
            position: SequencePosition(IVIndex(9), SequenceNumber(truncating: 7)), isControl: false, ttl: 5,
            source: UnicastAddress(truncating: 1), destination: MeshAddress(0xC000), transportPDU: Scene.message)
        let opened = OpenedPDU(pdu, subnet: SubnetIndex(0), key: KeyPlace(0))
        var state = try scene.state()
        state.apply(Observation(.authentic(NetworkIndex(0), .networkPDU(opened)), from: Origin(frame)))
        let last = try #require(state.networks[0].sources.first?.lastFrame)
        #expect(last.number == 90 && last.time == Scene.time(5))
        #expect(state.clocks.end == Scene.time(5) && state.clocks.jumps.isEmpty)
        #expect(!state.judge().contains { $0.kind == .clockJumped })
        let told = try #require(state.judge().first { $0.kind == .timeUnknown })
        #expect(told.count == 1 && told.frames == [frame])

        // And where none has a time, nothing does.
        var none = MeshState(scene.keys)
        none.apply(Observation(.authentic(NetworkIndex(0), .networkPDU(opened)), from: Origin(frame)))
        #expect(none.clocks.end == nil && none.clocks.withoutTime == 1)
        let finding = try #require(none.judge().first { $0.kind == .timeUnknown })
        #expect(finding.count == 1 && finding.frames == [frame])
    }

    @Test(arguments: [600.0, 601.0]) func capturesThatGoOnWithoutAnythingAuthenticAreTold(_ seconds: Double) throws {
        var scene = Scene()
        scene.beacon(.normal(9), at: 0)
        scene.ends(at: seconds)
        let expected = [Fact.nothingAuthenticSince(Scene.start, captureEnd: Scene.time(seconds))]
        #expect(try scene.facts(.nothingAuthenticSince) == (seconds > 600 ? expected : []))
    }
}
