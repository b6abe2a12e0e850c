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
            one of its files cannot be used. What differs is shown as diff -u does; where GITHUB_ACTIONS is set, also as \
            annotations.

            Examples:
              meshscope check
              meshscope check --captures fixtures --reports fixtures/expected
              meshscope check fixtures/office.pcap --reports expected
              meshscope check --junit check.xml
              meshscope check --record        # rewrites the reports, and exits with 1
            """)

    @Argument(help: "Captures to check, instead of all in the folder.", completion: .file())
    var captures: [String] = []

    @Option(
        name: .customLong("captures"), help: ArgumentHelp("The folder of captures.", valueName: "dir"),
        completion: .directory)
    var captureFolder = "Captures"

    @Option(help: ArgumentHelp("The folder of expected reports.", valueName: "dir"), completion: .directory)
    var reports = "Reports"

    @Flag(help: "Rewrite the reports with what comes out now. Exits with 1, so that it cannot pass for a check.")
    var record = false

    @Option(
        help: ArgumentHelp(
            "Also write the outcome as JUnit's XML, a test case for each capture.", valueName: "file"),
        completion: .file(extensions: ["xml"]))
    var junit: String?

    func run() throws {
        let paths = try captures.isEmpty ? listCaptures() : captures
        guard !paths.isEmpty else { throw Terminal.fail("\(captureFolder): holds no captures") }
        var owners: [String: String] = [:]
        var cases: [CheckReport.Case] = []
        for path in paths {
            let start = ContinuousClock.now
            let outcome = try check(path, &owners)
            let spent = start.duration(to: .now).components
            cases.append(
                .init(path, outcome, milliseconds: spent.seconds * 1000 + spent.attoseconds / 1_000_000_000_000_000))
            try Terminal.output("\(word(for: outcome)) \(Self.shown(path))\n\(Self.lines(outcome))")
        }
        let failed = cases.count { $0.outcome != .passed }
        let stray = record ? [] : strays(owners, paths)
        for line in stray {
            try Terminal.output("MISSING  \(Self.shown(line))\n")
            cases.append(.init(line, .differs("is missing", file: nil, line: nil)))
        }
        let report = CheckReport(cases)
        if let junit { try OutputFile.write(try report.junit(), to: junit) }
        if ProcessInfo.processInfo.environment["GITHUB_ACTIONS"] == "true" { try Terminal.output(report.annotations()) }
        if record {
            Terminal.say(
                "meshscope: the reports in \(Self.shown(reports)) are rewritten: read the change before you keep it\n")
        } else {
            try Terminal.output("\(paths.count - failed) passed, \(failed + stray.count) failed\n")
        }
        let isUnusable = cases.contains { if case .unusable = $0.outcome { true } else { false } }
        guard failed == 0, stray.isEmpty, !record else { throw isUnusable ? ExitCode.unusableInput : .answerIsNo }
    }

    private func word(for outcome: CheckReport.Outcome) -> String {
        switch outcome {
        case .passed: record ? "recorded" : "ok      "
        case .differs: "DIFFERS "
        case .unusable: "UNUSABLE"
        }
    }

    /// What is wrong, below the capture's line.
    private static func lines(_ outcome: CheckReport.Outcome) -> String {
        switch outcome {
        case .passed: ""
        case .differs(let text, _, _), .unusable(let text):
            text.split(separator: "\n", omittingEmptySubsequences: true).map { "  \($0)\n" }.joined()
        }
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

    /// What differs. `owners`: which capture has which report.
    private func check(_ path: String, _ owners: inout [String: String]) throws -> CheckReport.Outcome {
        let files: [FixtureReports.File]
        do {
            files = try FixtureReports(of: path).files
        } catch {
            return .unusable("cannot be analysed: \(KeyMask.explain(PrintableText.escape("\(error)")))\n")
        }
        for file in files {
            // Two captures with one stem would record over each other.
            if let other = owners.updateValue(path, forKey: file.name) {
                let text = "has the report \(Self.shown(file.name)), as \(Self.shown(other)) does; rename one\n"
                return .differs(text, file: nil, line: nil)
            }
        }
        guard record else {
            let different = files.compactMap(compare)
            guard let first = different.first else { return .passed }
            return .differs(different.map(\.text).joined(), file: first.path, line: first.line)
        }
        for file in files {
            let target = URL(filePath: reports + "/" + file.name)
            try? FileManager.default.createDirectory(
                at: target.deletingLastPathComponent(), withIntermediateDirectories: true)
            try OutputFile.write(file.text, to: target.path)
        }
        return .passed
    }

    /// How an expected report differs, from which line on; `nil` where it does not.
    private func compare(_ file: FixtureReports.File) -> (text: String, path: String, line: Int?)? {
        let path = reports + "/" + file.name
        let shown = Self.shown(path)
        guard let data = try? Data(contentsOf: URL(filePath: path)) else {
            return file.isOptional ? nil : ("\(shown) is not there; --record writes it\n", shown, nil)
        }
        let expected = String(decoding: data, as: UTF8.self)
        guard expected != file.text else { return nil }
        guard !file.holdsKeys else { return ("\(shown) differs; it holds keys, and is not shown\n", shown, nil) }
        let text = UnifiedDifference.text(expected, file.text, names: (shown, "what comes out now"))
        return (text, shown, UnifiedDifference.firstLine(expected, file.text))
    }
}
