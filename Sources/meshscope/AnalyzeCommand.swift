import ArgumentParser
import CaptureFiles
import FoundationEssentials
import KeyFiles
import MeshVerdict
import MeshProtocol
import MeshReports

/// The forms of a report.
enum ReportFormat: String, ExpressibleByArgument, CaseIterable { case text, json, html }

/// How a text report looks, of the commands that print one.
struct TextOptions: ParsableArguments {
    @Flag(name: .shortAndLong, help: "The numbers alone: IV Index, IV Update flag and start SEQ, a line each.")
    var quiet = false

    @Flag(name: .customLong("all"), help: "List every stranger, such as unprovisioned devices, however many there are.")
    var listsAll = false

    @Flag(name: .customLong("utc"), help: "No local times beside UTC on a terminal.")
    var isUTC = false

    /// For where the report goes.
    func style(isForTerminal: Bool) -> TextRenderer.Style {
        isForTerminal ? Terminal.style(localTime: !isUTC) : .plain
    }
}

struct AnalyzeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "analyze",
        abstract: "Tells the IV Index of a network and the next SEQ of each source.",
        discussion: """
            Reads \(CaptureFormat.list), also compressed with \(Compression.list). Several captures are one analysis, in the order of \
            time.

            Examples:
              meshscope analyze capture.pcap --keys office.json --master 0x0001
              meshscope analyze monday.pcapng tuesday.pcapng --keys office.json --format json --output report.json
              zcat capture.btsnoop.gz | meshscope analyze - --keys office.json
              meshscope analyze --state /var/lib/meshscope --keys office.json --master 0x0001
            """)

    @OptionGroup var input: CaptureArguments

    @OptionGroup var keys: KeyOptions

    @OptionGroup var question: QuestionOptions

    @OptionGroup var standby: StateOptions

    @Option(help: "The report's format: text, json, or html: one page with pictures.")
    var format: ReportFormat = .text

    @OptionGroup var text: TextOptions

    @Option(
        name: .shortAndLong,
        help: ArgumentHelp("Where the report goes, instead of standard output.", valueName: "file"),
        completion: .file()
    )
    var output: String?

    func validate() throws { try input.requireSome(or: standby.folder) }

    func run() throws {
        if let output { try OutputFile.requireOther(than: input.captures + keys.keyFiles, output) }
        let keyRing = try keys.keyRing()
        let kept = try standby.read(keyRing)
        var options = question.options(input)
        options.listening = kept?.listening
        let analyzer = Analyzer(keys: keyRing, options: options, continuing: kept?.kept)
        let analysis = try Terminal.analyze(input.captures, analyzer)
        try OutputFile.write(texts: { try write(analysis, to: $0) }, to: output)
        if text.quiet { for master in analysis.masters { Terminal.sayAttentions(analysis, of: master) } }
        Terminal.warnOfAge(analysis)
        guard analysis.unusable.isEmpty else { throw ExitCode.unusableInput }
        guard analysis.isAnswered else { throw ExitCode.answerIsNo }
    }

    private func write(_ analysis: Analysis, to sink: (String) throws -> Void) throws {
        switch format {
        case .text:
            let document =
                text.quiet ? AnalysisDocument.brief(analysis) : AnalysisDocument.make(analysis, listsAll: text.listsAll)
            try sink(TextRenderer.render(document, style: text.style(isForTerminal: output == nil)))
        case .json:
            try JSONReport.render(analysis, provenance: Provenance(analysis, of: input.captures), to: sink)
        case .html: try sink(HTMLRenderer.render(AnalysisDocument.page(analysis), of: analysis))
        }
    }
}
