import CaptureFiles
import Foundation
import MeshCrypto
import MeshProtocol
import MeshReports
import MeshSimulation
import MeshStacks
import MeshVerdict

/// One failure: its story, and what the analysis says of it.
struct CalibrationCase {
    let story: FailureStory
    let seed: UInt64
    let verdict: RecoveryVerdict
    /// One JSON object.
    let line: String

    /// - Throws: where the analysis or a file does.
    init(_ family: FailureFamily, seed: UInt64, margin: MarginPolicy) throws {
        story = FailureStory(family, seed: seed)
        self.seed = seed
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let paths = try story.write().enumerated().map { place, octets in
            let path = folder.appendingPathComponent("\(place).pcap")
            try Data(octets).write(to: path)
            return path.path
        }
        let keys = KeyRing(networks: [.init(subnets: [.init(keyIndex: .primary, netKey: story.keys.netKey)])])
        let analysis = try Analyzer(keys: keys, options: Self.options(story, margin)).analyze(paths)
        verdict = analysis.masters.first?.verdict ?? .ivIndexUnknown
        let report = try JSONReport.render(analysis.renamed(paths.indices.map { "\($0).pcap" }))
        let truth: [String: Any] = [
            "iv_index": Int(story.lastUsed.ivIndex.value), "last_seq": Int(story.lastUsed.sequence.value),
            "heard": story.lastHeard != nil, "failed_at": story.failedAt.text(digits: 3),
            "told": family.isTold,
        ]
        let object: [String: Any] = [
            "family": family.rawValue, "seed": Int(seed), "truth": truth,
            "report": try JSONSerialization.jsonObject(with: Data(report.utf8)),
        ]
        let data = try JSONSerialization.data(withJSONObject: object, options: .sortedKeys)
        line = String(decoding: data, as: UTF8.self)
    }

    private static func options(_ story: FailureStory, _ margin: MarginPolicy) -> AnalysisOptions {
        var options = AnalysisOptions(master: UnicastAddress(story.master))
        if story.told.failure { options.failedAt = .at(story.failedAt) }
        options.stack = story.told.stack.flatMap(Stack.init(identifier:))
        options.restarts = story.told.restarts
        options.elements = story.told.elements
        options.margin = margin
        return options
    }

    /// Whether nodes would drop what a replacement sends first; `nil` where there is no number.
    var isTooLow: Bool? {
        verdict.recovery.map { SequencePosition($0.state.transmitIndex, $0.recommended) <= story.lastUsed }
    }
}
