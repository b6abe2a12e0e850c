import ArgumentParser
import CaptureFiles
import FoundationEssentials
import KeyFiles
import MeshVerdict
import MeshProtocol
import MeshReports

enum ReportFormat: String, ExpressibleByArgument, CaseIterable { case text, json }

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

    @Option(help: "The report's format: text or json.")
    var format: ReportFormat = .text

    @Option(
        name: .shortAndLong, help: ArgumentHelp("Where the report goes, instead of standard output.", valueName: "file")
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
        try OutputFile.write(try report(analysis), to: output)
        guard analysis.unusable.isEmpty else { throw ExitCode.unusableInput }
        guard analysis.isAnswered else { throw ExitCode.answerIsNo }
    }

    private func report(_ analysis: Analysis) throws -> String {
        switch format {
        case .text:
            TextRenderer.render(
                AnalysisDocument.make(analysis), style: output == nil && Terminal.wantsColor ? .colored : .plain)
        case .json: try JSONReport.render(analysis)
        }
    }
}
