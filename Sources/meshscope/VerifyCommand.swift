import ArgumentParser
import CaptureFiles
import MeshAnalysis
import MeshProtocol
import MeshReports

struct VerifyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Tells from a capture of after the swap whether the nodes accept the replacement.",
        discussion: """
            The first word is the answer: accepted (nodes answer it), ignored (its SEQ is not above the old one's, or nobody \
            answers), unclear (not heard, or it asked nobody), conflict (the old device still sends). Only accepted ends \
            with status 0.

            Examples:
              meshscope verify before.pcap after.pcap --keys office.json --master 0x0001 --since 2026-06-01T12:00:00Z
              meshscope verify after.pcap --keys office.json --master 0x0001 --since 2026-06-01T12:00:00Z --last-seq 4110 --last-iv-index 12
            """)

    @OptionGroup var input: CaptureArguments

    @OptionGroup var keys: KeyOptions

    @Option(help: ArgumentHelp("The unicast address, 0x0001 to 0x7FFF.", valueName: "address"))
    var master: UnicastAddress

    @Option(help: ArgumentHelp("When the replacement took over.", valueName: "time"))
    var since: CaptureTime

    @Option(
        help: ArgumentHelp("The last SEQ of the old device, where no capture of before is at hand.", valueName: "n"))
    var lastSeq: UInt32?

    @Option(
        name: .customLong("last-iv-index"), help: ArgumentHelp("The IV Index that it sent with.", valueName: "n"))
    var lastIVIndex: IVIndex?

    @Option(help: "The report's format: text or json.")
    var format: ReportFormat = .text

    func validate() throws {
        guard (lastSeq == nil) == (lastIVIndex == nil) else {
            throw ValidationError("--last-seq and --last-iv-index belong together.")
        }
        guard lastSeq.map({ SequenceNumber($0) != nil }) ?? true else {
            throw ValidationError("A SEQ has 24 bits: 0 to 16777215.")
        }
    }

    func run() throws {
        let keyRing = try keys.keyRing()
        guard !keyRing.networks.isEmpty else {
            throw Terminal.fail("no key: give --keys FILE, --netkey or MESHSCOPE_NETKEY")
        }
        var old: SequencePosition?
        if let lastSeq, let lastIVIndex { old = SequencePosition(lastIVIndex, SequenceNumber(truncating: lastSeq)) }
        let (analysis, takeover, place) = try Self.takeover(of: master, since: since, old: old, keyRing) { analyzer in
            try Terminal.analyze(input.captures, analyzer)
        }
        if analysis.networks.allSatisfy({ $0.opened == 0 }) {
            Terminal.say("meshscope: warning: nothing opened with these keys; are they the right ones?\n")
        } else if keyRing.networks.count > 1 {
            let name = keyRing.networks[place].name ?? "\(place + 1)"
            Terminal.say("meshscope: of \(keyRing.networks.count) networks, this is \(PrintableText.escape(name))\n")
        }
        try Terminal.output(format == .text ? TakeoverReport.text(takeover) : try TakeoverReport.json(takeover))
        guard analysis.unusable.isEmpty else { throw ExitCode.unusableInput }
        guard takeover.verdict == .accepted else { throw ExitCode.answerIsNo }
    }

    /// Watches an address in all networks while `analyze` runs, and picks the network in which it is meant.
    static func takeover(
        of master: UnicastAddress, since: CaptureTime, old: SequencePosition? = nil, _ keyRing: KeyRing,
        analyze: (Analyzer) throws -> Analysis
    ) rethrows -> (analysis: Analysis, takeover: Takeover, network: Int) {
        var watches = keyRing.networks.indices.map { TakeoverWatch(master, network: $0, since: since, old: old) }
        let analyzer = Analyzer(keys: keyRing) { observation in
            if let network = observation.network { watches[network].take(observation) }
        }
        let analysis = try analyze(analyzer)
        // The network whose key file names the address, or else one in which it was heard.
        let all = watches.map { $0.takeover() }
        let heard = all.indices.filter { all[$0].first != nil }
        let named = all.indices.filter { keyRing.networks[$0].master == master }
        let place = heard.first(where: named.contains) ?? heard.first ?? named.first ?? 0
        return (analysis, all[place], place)
    }
}
