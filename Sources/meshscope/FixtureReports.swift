import CaptureFiles
import FoundationEssentials
import KeyFiles
import MeshVerdict
import MeshProtocol
import MeshReports
import MeshStacks

/// The reports that belong to a capture X: of its analysis, and of what X.check.json beside it asks.
struct FixtureReports {
    /// What else than the analysis is asked: `{"verify": {"since": "2026-06-01T00:00:50Z"}, "restore": ["bluez"]}`.
    private struct Questions: Decodable {
        var verify: Verify?
        var restore: [String]?

        struct Verify: Decodable {
            var since: String
        }

        /// A misspelt question would never be asked.
        static let names: Set<String> = ["verify", "restore"]

        struct Names: Decodable {
            let names: Set<String>

            init(from decoder: any Decoder) throws {
                names = Set(try decoder.singleValueContainer().decode([String: Anything].self).keys)
            }
        }

        struct Anything: Decodable {
            init(from decoder: any Decoder) throws {}
        }
    }

    struct File {
        /// Below the folder of reports.
        let name: String
        let text: String
        /// It is held against where it is kept.
        var isOptional = false
        var holdsKeys = false
    }

    let files: [File]

    init(of path: String) throws {
        let name = CaptureName.file(path)
        let stem = CaptureName.stem(name)
        let keyRing = try Self.keyRing(CaptureName.stem(path) + ".keys.json")
        let analysis = try Analyzer(keys: keyRing).analyze([path]).renamed([name])
        var files = [
            File(name: stem + ".json", text: try JSONReport.render(analysis)),
            File(name: stem + ".txt", text: TextRenderer.render(AnalysisDocument.make(analysis)), isOptional: true),
        ]
        if let questions = try Self.questions(CaptureName.stem(path) + ".check.json") {
            guard let master = analysis.masters.first?.address else {
                throw Failure("has questions, but no master: name it in \(stem).keys.json, \"master\": \"0x0001\"")
            }
            if let verify = questions.verify {
                guard let since = CaptureTime(text: verify.since) else {
                    throw Failure("verify.since is no time such as 2026-06-01T12:00:00Z")
                }
                let takeover = try Self.takeover(of: master, since: since, [path], keyRing)
                files.append(File(name: stem + ".verify.json", text: try TakeoverReport.json(takeover)))
                let text = TextRenderer.render(TakeoverDocument.make(takeover))
                files.append(File(name: stem + ".verify.txt", text: text))
            }
            for stack in questions.restore ?? [] {
                files += try Self.restore(stack, path, name, keyRing).map { file in
                    File(
                        name: "\(stem).restore/\(stack)/\(file.name)", text: file.text,
                        holdsKeys: file.name.hasPrefix("btmesh_"))
                }
            }
        }
        self.files = files
    }

    private static func takeover(
        of master: UnicastAddress, since: CaptureTime, _ paths: [String], _ keyRing: KeyRing
    ) throws -> Takeover {
        var question = TakeoverQuestion(master, since: since, in: keyRing)
        _ = try Analyzer(keys: keyRing).analyze(paths, receive: { question.apply($0, $1) })
        guard let takeover = question.judge() else { throw Failure("has no network to ask in") }
        return takeover
    }

    private static func keyRing(_ path: String) throws -> KeyRing {
        guard FileManager.default.fileExists(atPath: path) else { return KeyRing(networks: []) }
        let contents = try KeyFile.contents(paths: [path])
        for warning in contents.warnings { Terminal.warn(warning) }
        return KeyRing(networks: contents.networks)
    }

    private static func questions(_ path: String) throws -> Questions? {
        guard FileManager.default.fileExists(atPath: path) else { return nil }
        guard let data = try? Data(contentsOf: URL(filePath: path)),
            let names = try? JSONDecoder().decode(Questions.Names.self, from: data).names,
            let questions = try? JSONDecoder().decode(Questions.self, from: data)
        else { throw Failure("\(path) is no JSON of questions; see meshscope help check") }
        if let unknown = names.subtracting(Questions.names).min() {
            throw Failure(
                "\(path) asks \"\(unknown)\", which is none of \(Questions.names.sorted().joined(separator: ", "))")
        }
        return questions
    }

    private static func restore(
        _ stack: String, _ path: String, _ name: String, _ keyRing: KeyRing
    ) throws -> [RestoreFile] {
        guard let target = RestoreFiles.Target(identifier: stack) else {
            throw Failure(
                "no stack is named \(stack); there are \(RestoreFiles.Target.all.map(\.identifier).joined(separator: ", "))"
            )
        }
        var options = AnalysisOptions()
        options.stack = target.stack
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
