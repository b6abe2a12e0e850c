import ArgumentParser
import CaptureFiles
import MeshEvidence
import MeshProtocol
import MeshReports
import MeshTimelines
import MeshVerdict

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

    @OptionGroup var standby: StateOptions

    @Option(
        help: ArgumentHelp(
            "The unicast address, 0x0001 to 0x7FFF; without it, the master that the key file names.",
            valueName: "address"
        ),
        transform: UnicastAddress.argument)
    var master: UnicastAddress?

    @Option(
        help: ArgumentHelp(
            "When the replacement took over, such as 2026-06-01T12:00:00Z or 2026-06-01T14:00:00+02:00.",
            valueName: "time"), transform: CaptureTime.argument)
    var since: CaptureTime

    @Option(
        help: ArgumentHelp(
            "The last SEQ of the old device, decimal or with 0x, where no capture of before is at hand.", valueName: "n"
        ),
        transform: SequenceNumber.argument)
    var lastSeq: SequenceNumber?

    @Option(
        name: .customLong("last-iv-index"), help: ArgumentHelp("The IV Index that it sent with.", valueName: "n"))
    var lastIVIndex: IVIndex?

    @Option(help: "The report's format: text, json or html.")
    var format: ReportFormat = .text

    func validate() throws {
        try input.requireSome(or: standby.folder)
        guard (lastSeq == nil) == (lastIVIndex == nil) else {
            throw ValidationError("--last-seq and --last-iv-index belong together.")
        }
    }

    func run() throws {
        let keyRing = try keys.requiredKeyRing()
        let master = try asked(keyRing)
        var old: SequencePosition?
        if let lastSeq, let lastIVIndex { old = SequencePosition(lastIVIndex, lastSeq) }
        let kept = try standby.read(keyRing, looksBack: true)
        var question = TakeoverQuestion(
            master, since: since, old: old ?? kept?.kept.last(of: master, before: since), in: keyRing)
        var options = input.options()
        options.master = master
        let analyzer = Analyzer(keys: keyRing, options: options, continuing: kept?.kept)
        let analysis = try Terminal.analyze(input.captures, analyzer) {
            observation, novelty in
            question.apply(observation, novelty)
        }
        guard var takeover = question.judge() else { throw Terminal.fail("no network is given") }
        let place = takeover.network
        takeover.reporters = analysis.masters.first { $0.network == place }?.card?.reporters ?? []
        sayWhatIsMissing(analysis, takeover, analysis[place], master)
        if keyRing.networks.count > 1 {
            Terminal.say("meshscope: of \(keyRing.networks.count) networks, this is \(name(of: place, keyRing))\n")
        }
        let others = analysis.networkIndexes.filter { index in
            index != place
                && analysis[index].sources.contains { source in
                    source.address == master && source.epochs.contains { $0.lastFrame.time >= since }
                }
        }
        for other in others {
            Terminal.warn("\(master) sends in \(name(of: other, keyRing)) as well: ask for that with its keys alone")
        }
        switch format {
        case .text:
            try Terminal.output(
                TextRenderer.render(TakeoverDocument.make(takeover), style: Terminal.style(localTime: false)))
        case .json: try Terminal.output(try TakeoverReport.json(takeover))
        case .html: try Terminal.output(try HTMLRenderer.render(TakeoverDocument.make(takeover)))
        }
        guard analysis.unusable.isEmpty else { throw ExitCode.unusableInput }
        for attention in AnalysisDocument.doubts(analysis, in: place) { Terminal.warn(attention.text.text) }
        guard takeover.verdict == .accepted, analysis.doubts.isEmpty else { throw ExitCode.answerIsNo }
    }

    /// The one that the user names, or the only one that the keys name.
    private func asked(_ keyRing: KeyRing) throws -> UnicastAddress {
        if let master { return master }
        let named = Set(keyRing.networks.compactMap(\.master))
        guard let only = named.first, named.count == 1 else {
            throw ValidationError(
                named.isEmpty
                    ? "No key file names the master: say its address with --master."
                    : "The key files name \(named.count) masters: say which with --master.")
        }
        return only
    }

    private func name(of index: NetworkIndex, _ keyRing: KeyRing) -> String {
        PrintableText.escape(keyRing[index].name ?? "\(index.value + 1)")
    }

    /// Why nothing may have been heard of the replacement.
    private func sayWhatIsMissing(
        _ analysis: Analysis, _ takeover: Takeover, _ network: Analysis.Network, _ master: UnicastAddress
    ) {
        for capture in AnalysisDocument.breaks(analysis) { Terminal.warn(capture.text.text) }
        if analysis.networks.allSatisfy({ $0.opened == 0 }),
            let reason = AnalysisDocument.whyNothingOpened(analysis, in: takeover.network)
        {
            Terminal.warn(reason.text)
        } else if let end = analysis.lastTime, end < since {
            Terminal.warn("the captures end at \(end.text(digits: 0)), before --since \(since.text(digits: 0))")
        } else if takeover.first == nil, takeover.oldLast == nil {
            let heard = network.heardAddresses.prefix(8).map { "\($0)" }
            Terminal.warn("\(master) was never heard; heard were \(heard.joined(separator: ", "))")
        }
    }
}

extension SequenceNumber {
    static func argument(_ text: String) throws -> SequenceNumber {
        guard let number = IVIndex(argument: text).flatMap({ SequenceNumber($0.value) }) else {
            throw ValidationError("is no SEQ: 0 to 16777215, or 0x000000 to 0xFFFFFF")
        }
        return number
    }
}
