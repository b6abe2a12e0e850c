public import ArgumentParser
import CaptureFiles
import KeyFiles
import MeshEvidence
public import MeshProtocol
public import MeshReports
import MeshTimelines
import MeshVerdict

extension DecodeKind: ExpressibleByArgument {}

struct DecodeCommand: ParsableCommand {
    enum Format: String, ExpressibleByArgument, CaseIterable { case text, jsonl }

    static let configuration = CommandConfiguration(
        commandName: "decode",
        abstract: "Lists every distinct mesh PDU and beacon that a key opens, one a line.",
        discussion: """
            A PDU stands once, at its first hearing, whatever relays and retransmissions repeat it. Access messages are \
            named where a key file holds their application or device key.

            Examples:
              meshscope decode capture.pcap --keys office.json | less -S
              meshscope decode capture.pcap --keys office.json --source 0x0001 --kind access
              meshscope decode capture.pcap --keys office.json --format jsonl > messages.jsonl
            """)

    @OptionGroup var input: CaptureArguments

    @OptionGroup var keys: KeyOptions

    @Option(
        help: ArgumentHelp("Only PDUs of this source, such as 0x0001.", valueName: "address"),
        transform: UnicastAddress.argument)
    var source: UnicastAddress?

    @Option(help: ArgumentHelp("Only PDUs to this destination, such as 0xC000.", valueName: "address"))
    var destination: MeshAddress?

    @Option(help: "Only lines of this kind.")
    var kind: DecodeKind?

    @Option(
        help: ArgumentHelp("Only this network: its name, or its number in the order of the keys.", valueName: "name"))
    var network: String?

    @Option(
        help: ArgumentHelp("Only from this time on, such as 2026-06-01T12:00:00Z.", valueName: "time"),
        transform: CaptureTime.argument)
    var since: CaptureTime?

    @Option(help: ArgumentHelp("Only up to this time.", valueName: "time"), transform: CaptureTime.argument)
    var until: CaptureTime?

    @Option(
        name: .customLong("iv-index"),
        help: ArgumentHelp(
            "A likely IV Index, decimal or with 0x, to open PDUs where no beacon was heard.", valueName: "n"))
    var ivIndex: IVIndex?

    @Option(help: "The format: text or jsonl.")
    var format: Format = .text

    func validate() throws {
        try input.requireSome()
        if let since, let until, until < since { throw ValidationError("--until is before --since.") }
    }

    func run() throws {
        let keyRing = try keys.keyRing()
        var filter = DecodeReport.Filter()
        filter.source = source
        filter.destination = destination
        filter.kind = kind
        filter.since = since
        filter.until = until
        filter.network = try network.map { try index(ofNetwork: $0, keyRing) }
        var lines = ShownLines(
            report: DecodeReport(keyRing, format: format == .text ? .text : .jsonLines, filter: filter))
        let analyzer = Analyzer(keys: keyRing, options: input.options(givenIVIndex: ivIndex))
        let analysis: Analysis
        do throws(CaptureError) {
            analysis = try analyzer.analyze(
                input.captures, receive: { observation, novelty in lines.take(observation, novelty) })
        } catch {
            throw Terminal.fail(error)
        }
        try lines.finish()
        if lines.areNone { Terminal.warn(reason(analysis)) }
        for error in analysis.unusable { Terminal.complain(error) }
        for failure in analysis.captures.compactMap(\.failure) { Terminal.warn(failure) }
        guard analysis.unusable.isEmpty else { throw ExitCode.unusableInput }
        guard analysis.isAnswered else { throw ExitCode.answerIsNo }
    }
}

/// The lines of a report on their way to standard output.
private struct ShownLines {
    var report: DecodeReport
    private(set) var areNone = true
    private var failure: (any Error)?

    init(report: DecodeReport) { self.report = report }

    /// What cannot be written is told at the end.
    mutating func take(_ observation: Observation, _ novelty: Novelty) {
        guard failure == nil else { return }
        do { try show(report.apply(observation, novelty)) } catch { failure = error }
    }

    mutating func finish() throws {
        if let failure { throw failure }
        try show(report.finish())
    }

    private mutating func show(_ lines: [UInt8]) throws {
        guard !lines.isEmpty else { return }
        areNone = false
        try Terminal.output(lines)
    }
}

extension DecodeCommand {
    /// Why no line was shown.
    private func reason(_ analysis: Analysis) -> String {
        if analysis.networks.isEmpty { return "no key was given, and nothing that needs none was heard" }
        let isOpen = analysis.networks.contains { $0.opened > 0 || $0.iv != nil }
        return isOpen ? "nothing matches the filters" : "nothing opened with these keys; meshscope analyze says why"
    }

    private func index(ofNetwork text: String, _ keyRing: KeyRing) throws -> NetworkIndex {
        if let index = keyRing.networks.firstIndex(where: { $0.name == text }) { return NetworkIndex(index) }
        guard let number = Int(text), keyRing.networks.indices.contains(number - 1) else {
            throw Terminal.fail("--network: no network of the keys has this name or number; numbers begin at 1")
        }
        return NetworkIndex(number - 1)
    }
}

extension CaptureTime {
    /// RFC 3339 with a time zone, since a machine's own is nothing to rely on.
    static func argument(_ text: String) throws -> CaptureTime {
        guard let time = CaptureTime(text: text) else {
            throw ValidationError(
                "is no time with a zone, such as 2026-06-01T12:00:00Z (UTC) or 2026-06-01T14:00:00+02:00")
        }
        return time
    }
}

extension MeshAddress: ExpressibleByArgument {
    /// `0x` and up to four hexadecimal digits.
    public init?(argument: String) {
        guard argument.hasPrefix("0x") || argument.hasPrefix("0X"), !argument.contains("+"),
            let value = UInt16(argument.dropFirst(2), radix: 16)
        else { return nil }
        self.init(value)
    }
}
