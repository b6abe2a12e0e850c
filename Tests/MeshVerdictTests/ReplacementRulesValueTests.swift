import MeshEvidence
import MeshProtocol
import MeshTimelines
import Testing

@testable import MeshVerdict

/// What a replacement does by itself that starts with IV Index 5.
@Suite struct ReplacementRulesValueTests {
    private func steps(_ said: [(IVState, Double)], heard: [(iv: UInt32, seq: UInt32)] = []) throws -> [ReplacementStep]
    {
        var scene = Scene()
        for (state, seconds) in said { scene.beacon(state, at: seconds) }
        let end = said.last?.1 ?? 0
        for (place, heard) in heard.enumerated() {
            scene.heard(pdu: 1, iv: heard.iv, seq: heard.seq, at: end + Double(place))
        }
        var options = AnalysisOptions(master: UnicastAddress(1))
        options.replacementIVIndex = IVIndex(5)
        let replacement = try #require(try scene.analysis(options).networks[0].replacement)
        #expect(replacement.start == IVIndex(5))
        return replacement.steps
    }

    private func outcomes(_ said: (IVState, Double)...) throws -> [ReplacementStep.Outcome] {
        try steps(said).map(\.outcome)
    }

    @Test func itAgreesOrFollows() throws {
        #expect(try outcomes((.normal(5), 0)) == [.agrees])
        #expect(
            try outcomes((.normal(5), 0), (.updating(6), 10), (.normal(6), 100 * .hour))
                == [.agrees, .follows, .follows])
    }

    @Test func itIgnoresWhatIsLower() throws {
        #expect(try outcomes((.normal(4), 0)) == [.ignoresLower])
        #expect(try outcomes((.updating(5), 0)) == [.ignoresLower])
    }

    @Test func itRecoversUpTo42Ahead() throws {
        #expect(try outcomes((.normal(6), 0)) == [.recoversOrIgnores], "it missed an update")
        #expect(try outcomes((.updating(7), 0)) == [.recovers])
        #expect(try outcomes((.normal(47), 0)) == [.recovers])
        #expect(try outcomes((.normal(48), 0)) == [.ignoresFarAhead])
        #expect(try outcomes((.normal(48), 0), (.normal(49), 200 * .hour)) == [.ignoresFarAhead, .ignoresFarAhead])
    }

    @Test func itRecoversOnceIn192Hours() throws {
        #expect(try outcomes((.normal(9), 0), (.normal(14), 192 * .hour)) == [.recovers, .recovers])
        #expect(try outcomes((.normal(9), 0), (.normal(14), 192 * .hour - 1)) == [.recovers, .ignoresTooSoon])
        #expect(
            try outcomes((.normal(9), 0), (.updating(10), 96 * .hour)) == [.recovers, .follows],
            "the procedure itself may go on")
    }

    @Test func whatItHasIsSaidAtEachStep() throws {
        let steps = try steps([(.normal(9), 0), (.normal(60), .hour)])
        #expect(steps.map(\.own) == [.normal(9), .normal(9)] && steps.map(\.state) == [.normal(9), .normal(60)])
        #expect(steps.map(\.frame.number) == [1, 2])
    }

    @Test func peersHoldTheOldDevicesSEQWhereARecoveryBeginsAtZero() throws {
        #expect(try steps([(.normal(9), 0)], heard: [(9, 700)]).map(\.peersHold?.value) == [700])
        #expect(try steps([(.updating(9), 0)], heard: [(8, 700)]).map(\.peersHold?.value) == [700], "it sends under 8")
        #expect(try steps([(.normal(9), 0)], heard: [(8, 700)]).map(\.peersHold?.value) == [nil])
        #expect(try steps([(.normal(5), 0)], heard: [(5, 700)]).map(\.peersHold?.value) == [nil], "no recovery")
    }

    @Test func whatAPDUTellsIsNoStep() throws {
        #expect(try steps([(.normal(5), 0)], heard: [(9, 1)]).count == 1)
    }

    @Test func itIsToldOnlyWhereItIsAsked() throws {
        var scene = Scene()
        scene.beacon(.normal(9), at: 0)
        #expect(try scene.analysis().networks[0].replacement == nil)
    }
}
