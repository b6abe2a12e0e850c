import CaptureFiles
import FoundationEssentials
import KeyFiles
import MeshAnalysis
import MeshProtocol
import MeshReports

/// The reports that belong to a capture X: of its analysis, and of what X.check.json beside it asks.
struct FixtureReports {
    /// What else than the analysis is asked: `{"verify": {"since": "2026-06-01T00:00:50Z"}, "restore": ["bluez"]}`.
    private struct Questions: Decodable {
        var verify: Verify?
        var restore: [String]?

        struct Verify: Decodable {
            var since: String
        }
    }

    /// By name, below the folder of reports.
    let files: [(name: String, text: String)]

    init(of path: String) throws {
        let name = path.split(separator: "/").last.map(String.init) ?? path
        let stem = CaptureName.stem(name)
        let keyRing = try Self.keyRing(CaptureName.stem(path) + ".keys.json")
        let analysis = try Analyzer(keys: keyRing).analyze([path]).renamed([name])
        var files = [
            (stem + ".json", try JSONReport.render(analysis)), (stem + ".txt", TextReport.render(analysis)),
        ]
        if let questions = try Self.questions(CaptureName.stem(path) + ".check.json") {
            guard let master = analysis.masters.first?.address else { throw Failure("has questions, but no master") }
            if let verify = questions.verify {
                guard let since = CaptureTime(text: verify.since) else { throw Failure("verify.since is no time") }
                let (_, takeover, _) = try VerifyCommand.takeover(of: master, since: since, keyRing) { analyzer in
                    try analyzer.analyze([path])
                }
                files.append((stem + ".verify.json", try TakeoverReport.json(takeover)))
                files.append((stem + ".verify.txt", TakeoverReport.text(takeover)))
            }
            for stack in questions.restore ?? [] {
                for (file, text) in try Self.restore(stack, path, name, keyRing) {
                    files.append(("\(stem).restore/\(stack)/\(file)", text))
                }
            }
        }
        self.files = files
    }

    private static func keyRing(_ path: String) throws -> KeyRing {
        KeyRing(networks: FileManager.default.fileExists(atPath: path) ? try KeyFile.read(path: path) : [])
    }

    private static func questions(_ path: String) throws -> Questions? {
        guard FileManager.default.fileExists(atPath: path) else { return nil }
        guard let data = try? Data(contentsOf: URL(filePath: path)),
            let questions = try? JSONDecoder().decode(Questions.self, from: data)
        else { throw Failure("\(path) is no JSON of questions; see meshscope help check") }
        return questions
    }

    private static func restore(
        _ stack: String, _ path: String, _ name: String, _ keyRing: KeyRing
    ) throws -> [RestoreFiles.File] {
        guard let target = RestoreFiles.Target(rawValue: stack) else { throw Failure("no stack is named \(stack)") }
        var options = AnalysisOptions()
        options.stack = Stack(rawValue: stack)
        let analysis = try Analyzer(keys: keyRing, options: options).analyze([path]).renamed([name])
        guard analysis.masters.count == 1,
            let files = try RestoreCommand.files(analysis, analysis.masters[0], for: target)
        else { throw Failure("nothing to restore for \(stack)") }
        return files
    }

    /// Why a question of X.check.json cannot be answered.
    private struct Failure: Error, CustomStringConvertible {
        let description: String

        init(_ description: String) {
            self.description = description
        }
    }
}
