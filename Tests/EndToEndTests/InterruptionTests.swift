import CaptureFiles
import Foundation
import KeyFiles
import MeshEvidence
import MeshProtocol
import MeshReports
import MeshTimelines
import MeshVerdict
import TestSupport
import Testing

/// What was observed of a fixture, kept, so that it can be folded in many ways.
private struct Observed {
    /// As the stream handed them over: a batch ends where a program could stop, and save.
    private(set) var batches: [[Observation]] = []
    let given: KeyRing
    /// With those that the capture handed out.
    let learned: KeyRing

    init(_ fixture: String) throws {
        given = KeyRing(networks: try Checkout.keyFile(of: fixture).map { try KeyFile.read(path: $0) } ?? [])
        var stream = EvidenceStream(given)
        var captures = try CaptureReading([Checkout.captures.appending(path: fixture).path])
        var batches: [[Observation]] = []
        try captures.run(into: &stream) { batches.append($0) }
        self.batches = batches
        learned = stream.keyRing
    }

    var all: [Observation] { batches.flatMap(\.self) }

    /// The text and the JSON of a state's report.
    func report(_ state: MeshState) throws -> [String] {
        let analysis = Analysis(state, keys: learned)
        return [TextRenderer.render(AnalysisDocument.make(analysis)), try JSONReport.render(analysis)]
    }

    func folded() -> MeshState {
        var state = MeshState(given)
        state.apply(all)
        return state
    }
}

/// Written and read back.
private func reloaded<Value: Codable>(_ value: Value) throws -> Value {
    try JSONDecoder().decode(Value.self, from: JSONEncoder().encode(value))
}

/// A state that is written, read back and continued gives the same bytes of report as one that was never interrupted.
@Suite struct InterruptionTests {
    /// Interrupted at every observation, so that each one meets a state that was read back.
    @Test(arguments: Checkout.fixtures())
    func anInterruptionAtEveryObservationChangesNoByte(fixture: String) throws {
        let observed = try Observed(fixture)
        var plain = MeshState(observed.given)
        var interrupted = plain
        for (place, observation) in observed.all.enumerated() {
            interrupted = try reloaded(interrupted)
            // As a word, since a failure would spell out both states.
            let isSame = interrupted == plain
            try #require(isSame, "before observation \(place)")
            #expect(plain.apply(observation) == interrupted.apply(observation), "observation \(place)")
        }
        #expect(try observed.report(reloaded(interrupted)) == observed.report(plain))
    }

    /// Each place alone, where a program could stop: behind a batch of the stream.
    @Test(arguments: Checkout.fixtures())
    func aSingleInterruptionBehindAnyBatchChangesNoByte(fixture: String) throws {
        let observed = try Observed(fixture)
        let expected = observed.folded()
        let report = try observed.report(expected)
        var before = MeshState(observed.given)
        for (place, batch) in observed.batches.enumerated() {
            before.apply(batch)
            var continued = try reloaded(before)
            for later in observed.batches.dropFirst(place + 1) { continued.apply(later) }
            let isSame = continued == expected
            try #require(isSame, "behind batch \(place) of \(observed.batches.count)")
            // Equal states have equal reports, and these take longer.
            guard place % 16 == 0 || observed.batches.count < 32 else { continue }
            try #require(try observed.report(continued) == report, "behind batch \(place) of \(observed.batches.count)")
        }
    }

    /// What is asked in the middle changes nothing at the end.
    @Test(arguments: Checkout.fixtures())
    func aQuestionInTheMiddleChangesNothing(fixture: String) throws {
        let observed = try Observed(fixture)
        var state = MeshState(observed.given)
        for batch in observed.batches {
            state.apply(batch)
            let findings = state.judge()
            let isSame = state.judge() == findings
            #expect(isSame)
            _ = try observed.report(state)
        }
        #expect(try observed.report(state) == observed.report(observed.folded()))
    }

    /// What `decode` prints is made of observations: these survive as well.
    @Test(arguments: Checkout.fixtures())
    func anObservationIsReadBackAsItWasWritten(fixture: String) throws {
        let all = try Observed(fixture).all
        #expect(!all.isEmpty)
        let isSame = try reloaded(all) == all
        #expect(isSame)
    }
}
