import ArgumentParser
import FoundationEssentials
import MeshReports

struct CheckCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Compares captures with their expected reports.",
        discussion: """
            Each capture X.pcap of a folder is analysed with the keys of X.keys.json beside it, if there are any, and held \
            against X.json in the folder of reports; and against X.txt, where that is there. X.check.json may ask more: \
            {"verify": {"since": "2026-06-01T12:00:00Z"}, "restore": ["bluez", "zephyr"]} is held against X.verify.json, \
            X.verify.txt and the files in X.restore. Exits with 1 if anything differs or is missing, with 2 if a capture or \
            one of its files cannot be used.

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
        var status = ExitCode.answerIsNo
        var owners: [String: String] = [:]
        for path in paths {
            let outcome = try check(path, &owners)
            if !outcome.isEmpty { failed += 1 }
            let isUnusable = outcome.hasPrefix(Self.unusable)
            if isUnusable { status = .unusableInput }
            let word = isUnusable ? "UNUSABLE" : outcome.isEmpty ? (record ? "recorded" : "ok      ") : "DIFFERS "
            try Terminal.output("\(word) \(Self.shown(path))\n\(outcome)")
        }
        let stray = record ? [] : strays(owners, paths)
        for line in stray { try Terminal.output("MISSING  \(Self.shown(line))\n") }
        if record {
            Terminal.say(
                "meshscope: the reports in \(Self.shown(reports)) are rewritten: read the change before you keep it\n")
        } else {
            try Terminal.output("\(paths.count - failed) passed, \(failed + stray.count) failed\n")
        }
        guard failed == 0, stray.isEmpty, !record else { throw status }
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

    /// Expected reports whose capture is gone, or that nothing asks for any more.
    private func strays(_ owners: [String: String], _ paths: [String]) -> [String] {
        let stems = Set(paths.map { CaptureName.stem(CaptureName.file($0)) })
        let names = (try? FileManager.default.subpathsOfDirectory(atPath: reports)) ?? []
        return names.sorted().compactMap { name in
            let isReport = name.contains(".restore/") || name.hasSuffix(".verify.txt")
            guard owners[name] == nil, isReport || name.hasSuffix(".json") && !name.contains("/"),
                !isFolder(reports + "/" + name)
            else { return nil }
            let isAsked = stems.contains { name.hasPrefix($0 + ".") }
            if isAsked { return "what asks for \(reports)/\(name)" }
            return captures.isEmpty ? "the capture of \(reports)/\(name)" : nil
        }
    }

    /// A name as it is shown: without what a terminal would obey, or what looks like a key.
    private static func shown(_ name: String) -> String { KeyMask.hide(PrintableText.escape(name)) }

    private func isFolder(_ path: String) -> Bool {
        let type = try? FileManager.default.attributesOfItem(atPath: path)[.type] as? FileAttributeType
        return type == .typeDirectory
    }

    private static let unusable = "  cannot be analysed: "

    /// What differs, as lines; empty if nothing does. `owners`: which capture has which report.
    private func check(_ path: String, _ owners: inout [String: String]) throws -> String {
        let files: [FixtureReports.File]
        do {
            files = try FixtureReports(of: path).files
        } catch {
            return "\(Self.unusable)\(KeyMask.explain(PrintableText.escape("\(error)")))\n"
        }
        for file in files {
            // Two captures with one stem would record over each other.
            if let other = owners.updateValue(path, forKey: file.name) {
                return "  has the report \(Self.shown(file.name)), as \(Self.shown(other)) does; rename one\n"
            }
        }
        guard record else { return files.map(compare).joined() }
        for file in files {
            let target = URL(filePath: reports + "/" + file.name)
            try? FileManager.default.createDirectory(
                at: target.deletingLastPathComponent(), withIntermediateDirectories: true)
            try OutputFile.write(file.text, to: target.path)
        }
        return ""
    }

    private func compare(_ file: FixtureReports.File) -> String {
        let path = reports + "/" + file.name
        let shown = Self.shown(path)
        guard let data = try? Data(contentsOf: URL(filePath: path)) else {
            return file.isOptional ? "" : "  \(shown) is not there; --record writes it\n"
        }
        let expected = String(decoding: data, as: UTF8.self)
        guard expected != file.text else { return "" }
        guard !file.holdsKeys else { return "  \(shown) differs; it holds keys, and is not shown\n" }
        return "  \(shown)\n" + LineDifference.text(expected, file.text)
    }
}

/// The lines in which two texts differ, from the first one on.
enum LineDifference {
    private static let mostLines = 40
    /// How many lines are held against each other: the time for it grows with their square.
    private static let window = 400

    static func text(_ expected: String, _ actual: String) -> String {
        let (allOld, allNew) = (lines(expected), lines(actual))
        let same = zip(allOld, allNew).prefix { $0 == $1 }.count
        let isMore = max(allOld.count, allNew.count) > same + window
        let old = allOld[same..<min(same + window, allOld.count)]
        let new = allNew[same..<min(same + window, allNew.count)]
        let changes = new.difference(from: old).map { change -> (line: Int, order: Int, text: String) in
            switch change {
            case .remove(let offset, let line, _): (offset, 0, "    line \(same + offset + 1) - \(line)\n")
            case .insert(let offset, let line, _): (offset, 1, "    line \(same + offset + 1) + \(line)\n")
            }
        }.sorted { ($0.line, $0.order) < ($1.line, $1.order) }
        let more = changes.count > mostLines || isMore ? "    … and more lines\n" : ""
        return PrintableText.escapeLines(changes.prefix(mostLines).map(\.text).joined() + more)
    }

    private static func lines(_ text: String) -> [Substring] {
        text.split(separator: "\n", omittingEmptySubsequences: false)
    }
}
