import Foundation
import MeshEvidence
import MeshProtocol
import MeshTimelines
import Testing

/// Every scene is folded in two ways, so that what holds for a state is held against every scene of every test.
extension Scene {
    /// The state of all observations.
    ///
    /// Checked on the way: at each cut the state is judged twice, written, read back and goes on from there, and stays equal to
    /// one that was never asked and never written.
    func state(_ location: SourceLocation = #_sourceLocation) throws -> MeshState {
        var state = MeshState(keys)
        var revived = state
        for (cut, observation) in observations.enumerated() {
            state.apply(observation)
            revived.apply(observation)
            let (before, judgement) = (revived, revived.judge())
            let isPure = judgement == revived.judge() && before == revived
            #expect(isPure, "judging changes something, at cut \(cut)", sourceLocation: location)
            let octets = try Self.encode(revived)
            revived = try JSONDecoder().decode(MeshState.self, from: octets)
            let isTheSame = try state == revived && Self.encode(revived) == octets
            #expect(isTheSame, "written and read back at cut \(cut)", sourceLocation: location)
            #expect(judgement == revived.judge(), "judged after reading, at cut \(cut)", sourceLocation: location)
        }
        #expect(state.judge() == revived.judge(), sourceLocation: location)
        return state
    }

    /// What the state is judged as.
    func judge(_ location: SourceLocation = #_sourceLocation) throws -> [Finding] { try state(location).judge() }

    /// The facts of the judgement.
    func facts(_ location: SourceLocation = #_sourceLocation) throws -> [Fact] { try judge(location).map(\.fact) }

    /// The kinds of the judgement.
    func kinds(_ location: SourceLocation = #_sourceLocation) throws -> [Fact.Kind] { try judge(location).map(\.kind) }

    /// The facts of one kind.
    func facts(_ kind: Fact.Kind, _ location: SourceLocation = #_sourceLocation) throws -> [Fact] {
        try facts(location).filter { $0.kind == kind }
    }

    static func encode(_ state: MeshState) throws -> Data {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        return try encoder.encode(state)
    }
}
