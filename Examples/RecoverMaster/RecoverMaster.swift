import Foundation
import KeyFiles
import MeshEvidence
import MeshProtocol
import MeshTimelines
import MeshVerdict

/// What a replacement of the master must be given, from a capture and its keys: RecoverMaster CAPTURE KEYS STATE.
@main
struct RecoverMaster {
    static func main() throws {
        let (capture, keyFile, saved) = (CommandLine.arguments[1], CommandLine.arguments[2], CommandLine.arguments[3])
        let keys = KeyRing(networks: try KeyFile.read(path: keyFile))
        show(try Analyzer(keys: keys).analyze([capture]))

        // The same by hand: a state takes observations as they come, and can be asked at any time.
        var state = MeshState(keys)
        var stream = EvidenceStream(keys)
        var captures = try CaptureReading([capture])
        try captures.run(into: &stream) { observations in
            state.apply(observations)
            print("\(state.networks[0].distinct) PDUs of \(state.networks[0].sources.count) sources so far")
        }
        for finding in state.judge() { print("\(finding.severity): \(finding.kind), \(finding.count) times") }

        // A state holds no key; it is saved, read back, and goes on from there.
        try JSONEncoder().encode(state).write(to: URL(filePath: saved))
        let restored = try JSONDecoder().decode(MeshState.self, from: Data(contentsOf: URL(filePath: saved)))
        show(Analysis(restored, keys: stream.keyRing))
    }

    static func show(_ analysis: Analysis) {
        guard let recovery = analysis.masters.first?.verdict.recovery else { return print("no answer") }
        let (state, flag) = (recovery.state, recovery.state.isUpdateInProgress ? 1 : 0)
        print("IV Index \(state.index.value), IV Update flag \(flag), first SEQ \(recovery.recommended.value)")
        for term in recovery.margin { print("  \(recovery.minimum.value) + \(term.value): \(term.term.rawValue)") }
    }
}
