import ArgumentParser
import FoundationEssentials

struct CheckCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Compares captures with their expected reports.",
        discussion: """
            Each capture X.pcap of a folder is analysed with the keys of X.keys.json beside it, if there are any, and held \
            against X.json in the folder of reports; and against X.txt, where that is there. X.check.json may ask more: \
            {"verify": {"since": "2026-06-01T12:00:00Z"}, "restore": ["bluez", "zephyr"]} is held against X.verify.json, \
            X.verify.txt and the files in X.restore. Exits with 1 if anything differs or is missing.

            Examples:
              meshscope check
              meshscope check --captures fixtures --reports fixtures/expected
              meshscope check fixtures/office.pcap --reports expected
              meshscope check --record        # rewrites the reports, and exits with 1
            """)

    @Argument(help: "Captures to check, instead of all in the folder.")
    var captures: [String] = []

    @Option(name: .customLong("captures"), help: ArgumentHelp("The folder of captures.", valueName: "dir"))
    var captureFolder = "Captures"

    @Option(help: ArgumentHelp("The folder of expected reports.", valueName: "dir"))
    var reports = "Reports"

    @Flag(help: "Rewrite the reports with what comes out now. Exits with 1, so that it cannot pass for a check.")
    var record = false

    func run() throws {
        let paths = try captures.isEmpty ? listCaptures() : captures
        guard !paths.isEmpty else { throw Terminal.fail("\(captureFolder): holds no captures") }
        var failed = 0
        var stems: [String: String] = [:]
        for path in paths {
            // Two captures with one stem would share keys and report, and record over each other.
            let twin = stems.updateValue(path, forKey: CaptureName.stem(path))
            let outcome = try twin.map { "  has the same stem as \($0); rename one\n" } ?? check(path)
            if !outcome.isEmpty { failed += 1 }
            let word = outcome.isEmpty ? (record ? "recorded" : "ok      ") : "DIFFERS "
            try Terminal.output("\(word) \(path)\n\(outcome)")
        }
        for report in captures.isEmpty && !record ? orphans(of: paths) : [] {
            failed += 1
            try Terminal.output("MISSING  the capture of \(report)\n")
        }
        if !record { try Terminal.output("\(max(0, paths.count - failed)) passed, \(failed) failed\n") }
        if record {
            Terminal.say("meshscope: the reports in \(reports) are rewritten: read the change before you keep it\n")
        }
        guard failed == 0, !record else { throw ExitCode.answerIsNo }
    }

    /// Every file of the folder that is no companion of another and no text.
    private func listCaptures() throws -> [String] {
        guard let names = try? FileManager.default.contentsOfDirectory(atPath: captureFolder) else {
            throw Terminal.fail("\(captureFolder): is no folder that can be read; name one with --captures")
        }
        let others = [".json", ".md", ".txt"]
        return names.sorted().filter { name in
            !name.hasPrefix(".") && !others.contains { name.hasSuffix($0) } && !isFolder(captureFolder + "/" + name)
        }.map { captureFolder + "/" + $0 }
    }

    /// Expected reports whose capture is gone.
    private func orphans(of paths: [String]) -> [String] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: reports)) ?? []
        let stems = Set(
            paths.map { path in CaptureName.stem(path.split(separator: "/").last.map(String.init) ?? path) }
                .flatMap { [$0, $0 + ".verify"] })
        return names.sorted().filter { $0.hasSuffix(".json") && !stems.contains(String($0.dropLast(5))) }
            .map { reports + "/" + $0 }
    }

    private func isFolder(_ path: String) -> Bool {
        let type = try? FileManager.default.attributesOfItem(atPath: path)[.type] as? FileAttributeType
        return type == .typeDirectory
    }

    /// What differs, as lines; empty if nothing does.
    private func check(_ path: String) throws -> String {
        let expected: [(name: String, text: String)]
        do {
            expected = try FixtureReports(of: path).files
        } catch {
            return "  cannot be analysed: \(error)\n"
        }
        if record {
            for (name, text) in expected {
                let file = URL(filePath: reports + "/" + name)
                try? FileManager.default.createDirectory(
                    at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
                try OutputFile.write(text, to: file.path)
            }
            return ""
        }
        return expected.map { name, text in
            let path = reports + "/" + name
            // The text of an analysis is wanted where it is kept.
            let isWanted = name.hasSuffix(".verify.txt") || !name.hasSuffix(".txt") || name.contains("/")
            return isWanted || FileManager.default.fileExists(atPath: path) ? compare(path, with: text) : ""
        }.joined()
    }

    private func compare(_ path: String, with actual: String) -> String {
        guard let data = try? Data(contentsOf: URL(filePath: path)) else {
            return "  \(path) is not there; --record writes it\n"
        }
        let expected = String(decoding: data, as: UTF8.self)
        guard expected != actual else { return "" }
        return "  \(path)\n" + LineDifference.text(expected, actual)
    }
}

/// The lines in which two texts differ.
enum LineDifference {
    private static let mostLines = 40

    static func text(_ expected: String, _ actual: String) -> String {
        let old = expected.split(separator: "\n", omittingEmptySubsequences: false)
        let new = actual.split(separator: "\n", omittingEmptySubsequences: false)
        let changes = new.difference(from: old).map { change -> (line: Int, order: Int, text: String) in
            switch change {
            case .remove(let offset, let line, _): (offset, 0, "    line \(offset + 1) - \(line)\n")
            case .insert(let offset, let line, _): (offset, 1, "    line \(offset + 1) + \(line)\n")
            }
        }.sorted { ($0.line, $0.order) < ($1.line, $1.order) }
        let more = changes.count > mostLines ? "    … \(changes.count - mostLines) more lines\n" : ""
        return changes.prefix(mostLines).map(\.text).joined() + more
    }
}
