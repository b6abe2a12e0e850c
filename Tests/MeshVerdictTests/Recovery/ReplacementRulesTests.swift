import MeshProtocol
import MeshTestSupport
import MeshVerdict
import Testing

/// What a replacement would do by itself.
@Suite struct ReplacementRulesTests {
    private func outcomes(_ own: UInt32, _ states: [(Double, IVState)]) throws -> [ReplacementStep] {
        var script = Script()
        for (hours, state) in states { script.beacon(hours * hour, state) }
        var options = AnalysisOptions()
        options.replacementIVIndex = IVIndex(own)
        return try #require(try script.analyse(options: options).networks[0].replacement).steps
    }

    @Test func theFourClassicCases() throws {
        #expect(try outcomes(158, [(0, updating(159))]).map(\.outcome) == [.follows])
        #expect(try outcomes(159, [(0, updating(190))]).map(\.outcome) == [.recovers])
        #expect(try outcomes(155, [(0, normal(156))]).map(\.outcome) == [.recoversOrIgnores])
        #expect(try outcomes(0, [(0, updating(190))]).map(\.outcome) == [.ignoresFarAhead])
    }

    @Test func itsOwnStateGoesAlong() throws {
        let steps = try outcomes(5, [(0, normal(5)), (100, updating(6)), (200, normal(6)), (300, updating(7))])
        #expect(steps.map(\.outcome) == [.agrees, .follows, .follows, .follows])
        #expect(steps.last?.own == updating(7))
        #expect(try outcomes(9, [(0, normal(5))]).map(\.outcome) == [.ignoresLower])
        #expect(try outcomes(7, [(0, normal(50))]).map(\.outcome) == [.ignoresFarAhead], "43 ahead")
        #expect(try outcomes(8, [(0, normal(50))]).map(\.outcome) == [.recovers], "42 ahead")
    }

    @Test func itRecoversOnceIn192Hours() throws {
        let steps = try outcomes(5, [(0, normal(8)), (191, normal(10)), (193, normal(11))])
        #expect(steps.map(\.outcome) == [.recovers, .ignoresTooSoon, .recovers])
    }
}
