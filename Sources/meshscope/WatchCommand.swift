import ArgumentParser
import CaptureFiles
import KeyFiles
import MeshEvidence
import MeshProtocol
import MeshReports
import MeshStandby
import MeshVerdict

struct WatchCommand: ParsableCommand {
    enum Format: String, ExpressibleByArgument, CaseIterable { case text, jsonl }

    static let configuration = CommandConfiguration(
        commandName: "watch",
        abstract: "Listens without an end, keeps what it heard on disk, and says what changes.",
        discussion: """
            A source is a file that grows, a folder of files that follow one another, a FIFO, - (standard input), \
            interface:NAME (live capture by libpcap) or ellisys:PORT (HCI packets of btmon -E, by UDP). What is kept holds no \
            key; analyze, restore and verify ask it with --state.

            Examples:
              meshscope watch /var/log/btmon.btsnoop --keys office.json --state /var/lib/meshscope
              dumpcap -i nRF -b duration:3600 -w /srv/captures/mesh.pcapng &
              meshscope watch /srv/captures --keys office.json --state /var/lib/meshscope --master 0x0001
              meshscope watch /srv/captures --keys office.json --state /var/lib/meshscope --once

            Exit status: 0 stopped, or done with --once; 2 a state or key file that cannot be used.
            """)

    @Argument(
        help: ArgumentHelp(
            "Sources: a file, a folder, a FIFO, -, interface:NAME, ellisys:PORT.", valueName: "sources"))
    var sources: [String]

    @OptionGroup var keys: KeyOptions

    @Option(
        help: ArgumentHelp("The folder of what is kept; it is made where there is none.", valueName: "folder"),
        completion: .directory)
    var state: String

    @Flag(help: "Take what is there, and end: nightly runs over a folder go on where the last one ended.")
    var once = false

    @Option(
        help: ArgumentHelp("The unicast address of the master, whose silence is said.", valueName: "address"),
        transform: UnicastAddress.argument)
    var master: UnicastAddress?

    @Option(
        help: ArgumentHelp(
            "How long the master may be silent, such as 10m; without it, by its own rhythm.", valueName: "duration"),
        transform: WatchCommand.duration)
    var silentAfter: Duration?

    @Option(
        help: ArgumentHelp(
            "The IPv4 address to listen on for ellisys:PORT; anything else than 127.0.0.1 lets other machines send.",
            valueName: "address"))
    var listen = "127.0.0.1"

    @Option(
        help: ArgumentHelp("Where numbers for Prometheus' node exporter are written.", valueName: "file"),
        completion: .file())
    var metrics: String?

    @Option(
        help: ArgumentHelp(
            "A shell command to run for each change, which it gets as JSON on its standard input.", valueName: "command"
        ))
    var onChange: String?

    @Option(
        name: .customLong("iv-index"),
        help: ArgumentHelp(
            "A likely IV Index, decimal or with 0x, to open PDUs where no beacon was heard; no evidence.",
            valueName: "n"))
    var ivIndex: IVIndex?

    @Option(help: "Where no beacon tells the IV Index, search it with the PDUs: off, bounded, or full.")
    var ivSearch: IVSearchExtent = .bounded

    @Option(
        help: ArgumentHelp(
            "How often what was heard is written, 1s to 4m; 30s without it. A kill costs what was heard since the last time.",
            valueName: "duration"), transform: WatchCommand.duration)
    var saveEvery: Duration?

    @Option(help: "The lines' format: text or jsonl.")
    var format: Format = .text

    func validate() throws {
        guard Set(sources).count == sources.count else { throw ValidationError("A source is named twice.") }
        for source in sources { _ = try liveSource(source) }
        if once, let source = try sources.map(liveSource).first(where: \.isEndless) {
            throw ValidationError("--once takes what is there, and \(source.name) never ends: leave one of them out.")
        }
        if let onChange, KeyMask.hide(onChange) != onChange {
            throw ValidationError(
                "--on-change holds what looks like a key, which other users see in the list of processes; let the command read it from a file."
            )
        }
        guard (Duration.seconds(1)...(.seconds(240))).contains(saveEvery ?? Standby.interval) else {
            throw ValidationError(
                "--save-every is 1s to 4m: what a kill costs must be less than the allowance of an answer.")
        }
    }

    func run() throws {
        var options = AnalysisOptions(givenIVIndex: ivIndex, master: master)
        options.ivSearch = ivSearch
        let sources = try sources.map(liveSource)
        var (silent, hasMeasured): ([String], Bool) = ([], true)
        do throws(StateError) {
            let store = try StateStore(writing: state)
            var watch = try Watch(store, keys: keys, options: options, sources, isOnce: once)
            watch.silentAfter = silentAfter
            watch.saveInterval = saveEvery ?? Standby.interval
            watch.metrics = metrics
            watch.onChange = onChange.map(ChangeCommand.init)
            watch.isJSON = format == .jsonl
            try watch.run()
            (silent, hasMeasured) = (watch.silent, watch.hasMeasured)
        } catch {
            throw Terminal.fail(error)
        }
        guard once else { return }
        for source in silent { Terminal.complain("\(source): nothing was there to be read") }
        guard silent.isEmpty, hasMeasured else { throw ExitCode.unusableInput }
    }

    private func liveSource(_ text: String) throws -> LiveSource {
        if text == "-" { return .standardInput }
        if text.hasPrefix("interface:") {
            let name = String(text.dropFirst("interface:".count))
            guard !name.isEmpty else {
                throw ValidationError("interface: needs a name, such as interface:bluetooth-monitor.")
            }
            return .interface(name)
        }
        guard text.hasPrefix("ellisys:") else { return .path(text) }
        guard let port = UInt16(text.dropFirst("ellisys:".count)), port > 0 else {
            throw ValidationError("ellisys: needs a UDP port, such as ellisys:24352, to which btmon -E sends.")
        }
        return .ellisys(address: listen, port: port)
    }

    private static func duration(_ text: String) throws -> Duration {
        guard let offset = ClockOffset(argument: "=\(text)"), offset.duration > .zero else {
            throw ValidationError("is no duration such as 10m or 1h30m")
        }
        return offset.duration
    }
}
