public import ArgumentParser
import CaptureFiles
import FoundationEssentials
import KeyFiles
public import MeshAnalysis
public import MeshProtocol
import MeshReports

extension Stack: ExpressibleByArgument {}
extension IVSearchExtent: ExpressibleByArgument {}

enum ReportFormat: String, ExpressibleByArgument, CaseIterable { case text, json }

extension IVIndex: ExpressibleByArgument {
    /// Decimal, or hexadecimal behind `0x`.
    public init?(argument: String) {
        let isHexadecimal = argument.hasPrefix("0x") || argument.hasPrefix("0X")
        guard let value = isHexadecimal ? UInt32(argument.dropFirst(2), radix: 16) : UInt32(argument) else {
            return nil
        }
        self.init(value)
    }
}

extension UnicastAddress: ExpressibleByArgument {
    public init?(argument: String) {
        self.init(text: argument)
    }
}

struct AnalyzeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "analyze",
        abstract: "Tells the IV Index of a network and the next SEQ of each source.",
        discussion: """
            Reads pcap, pcapng and btsnoop, also compressed with gzip. Several captures are one analysis, in the order of \
            time.

            Examples:
              meshscope analyze capture.pcap --keys office.json --master 0x0001
              meshscope analyze monday.pcapng tuesday.pcapng --keys office.json --format json --output report.json
              zcat capture.btsnoop.gz | meshscope analyze - --keys office.json
            """)

    @Argument(help: "Captures; - is standard input.")
    var captures: [String]

    @OptionGroup var keys: KeyOptions

    @Option(
        name: .customLong("iv-index"),
        help: ArgumentHelp(
            "A likely IV Index, decimal or with 0x, to open PDUs where no beacon was heard; no evidence.",
            valueName: "n"))
    var ivIndex: IVIndex?

    @Option(
        help: ArgumentHelp(
            "Where no beacon tells the IV Index, search it with the PDUs: off, bounded, or full.",
            discussion: "bounded tries 0 to 0x000FFFFF in a moment; full goes on through 32 bits, which takes a while.")
    )
    var ivSearch: IVSearchExtent = .bounded

    @Option(
        help: ArgumentHelp(
            "The unicast address of the failed device in hexadecimal, 0x0001 to 0x7FFF.", valueName: "address"))
    var master: UnicastAddress?

    @Option(
        name: .customLong("replacement-iv-index"),
        help: ArgumentHelp(
            "Tell what a replacement would do by itself that starts with this IV Index.", valueName: "n"))
    var replacementIVIndex: IVIndex?

    @Option(
        help: ArgumentHelp(
            "When it failed, such as 2026-06-01T12:00:00Z; without it, the end of the captures.", valueName: "time"))
    var failedAt: CaptureTime?

    @Option(help: ArgumentHelp("When the replacement is to take over.", valueName: "time"))
    var takeoverAt: CaptureTime?

    @Option(
        help:
            "What it ran, for what a restart of it may have skipped: \(Stack.allCases.map(\.rawValue).joined(separator: ", "))."
    )
    var stack: Stack?

    @Option(help: ArgumentHelp("How many elements it had; each has a row.", valueName: "n"))
    var elements: Int?

    @Option(help: "The report's format: text or json.")
    var format: ReportFormat = .text

    @Option(
        name: .shortAndLong, help: ArgumentHelp("Where the report goes, instead of standard output.", valueName: "file")
    )
    var output: String?

    func validate() throws {
        guard captures.filter({ $0 == "-" }).count <= 1 else {
            throw ValidationError("Standard input can be read only once.")
        }
        guard elements.map((1...255).contains) ?? true else {
            throw ValidationError("A node has 1 to 255 elements.")
        }
        guard master != nil || elements == nil else { throw ValidationError("--elements is for the node of --master.") }
    }

    func run() throws {
        if let output { try OutputFile.requireOther(than: captures + keys.keyFiles, output) }
        let analyzer = Analyzer(
            keys: try keys.keyRing(), options: options)
        let progress = ProgressLine()
        let analysis: Analysis
        do {
            analysis = try analyzer.analyze(captures) { progress.show($0) }
            progress.clear()
        } catch {
            progress.clear()
            throw Terminal.fail(error)
        }
        try OutputFile.write(try report(analysis), to: output)
        for error in analysis.unusable { _ = Terminal.fail(error) }
        guard analysis.unusable.isEmpty else { throw ExitCode.unusableInput }
        guard analysis.isAnswered else { throw ExitCode.answerIsNo }
    }

    private var options: AnalysisOptions {
        var options = AnalysisOptions(givenIVIndex: ivIndex, master: master)
        options.ivSearch = ivSearch
        options.replacementIVIndex = replacementIVIndex
        options.failedAt = failedAt
        options.takeoverAt = takeoverAt
        options.stack = stack
        options.elements = elements
        return options
    }

    private func report(_ analysis: Analysis) throws -> String {
        switch format {
        case .text: TextReport.render(analysis, style: output == nil && Terminal.wantsColor ? .colored : .plain)
        case .json: try JSONReport.render(analysis)
        }
    }
}

/// How far a long read has come, on a terminal's standard error.
struct ProgressLine {
    private let isShown = Terminal.isErrorTerminal

    func show(_ progress: AnalysisProgress) {
        guard isShown else { return }
        if let search = progress.search {
            Terminal.say("\r\u{1B}[K\(progress.frames) frames; searching the IV Index, \(Int(search * 100)) %")
            return
        }
        let share = progress.octets.map { $0.size > 0 ? ", \($0.read * 100 / $0.size) %" : "" } ?? ""
        Terminal.say("\r\u{1B}[K\(progress.frames) frames\(share)")
    }

    func clear() {
        if isShown { Terminal.say("\r\u{1B}[K") }
    }
}
