import ArgumentParser
import MeshReports
import MeshStandby

struct StateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "state",
        abstract: "Shows what meshscope watch keeps in a folder; no keys are needed.",
        discussion: """
            When it listened, which sources it read how far, and the last SEQ and the IV Index of each network, with what is \
            to be expected of them. What a replacement must be given, analyze and restore tell with --state and the keys.

            Examples:
              meshscope state /var/lib/meshscope
              meshscope state /var/lib/meshscope --format json --output state.json
              meshscope state /var/lib/meshscope --prune
            """)

    @Argument(help: "The folder.", completion: .directory)
    var folder: String

    @Option(help: "The format: text or json.")
    var format: ReportFormat = .text

    @Flag(help: "Forget when it listened before the last run, and give the room on disk back.")
    var prune = false

    @Option(
        name: .shortAndLong, help: ArgumentHelp("Where it goes, instead of standard output.", valueName: "file"))
    var output: String?

    func run() throws {
        let report: StateReport
        do throws(StateError) {
            if prune { try StateStore(writing: folder).prune() }
            let store = try StateStore(reading: folder)
            guard let shown = try store.show() else { throw StateError(folder, "nothing was kept yet") }
            report = StateReport(shown.state, try store.listening(), inputs: shown.inputs, octets: store.size)
        } catch {
            throw Terminal.fail(error)
        }
        try OutputFile.write(format == .json ? try report.json() : report.text, to: output)
    }
}
