public import ArgumentParser
import CaptureFiles
public import MeshTimelines
import MeshReports

extension Fact.Kind: ExpressibleByArgument {}

struct ExplainCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "explain",
        abstract: "Tells what a finding of a report means, and what to do.",
        discussion: """
            A finding is named as in the JSON report, such as sequence_jump; without one, all are listed.

            Examples:
              meshscope explain
              meshscope explain beacon_replayed
            """)

    @Argument(help: ArgumentHelp("The finding, as the JSON report names it.", valueName: "finding"))
    var kind: Fact.Kind?

    func run() throws {
        let document = kind.map { FindingsDocument.make(of: $0) } ?? FindingsDocument.list()
        try Terminal.output(TextRenderer.render(document, style: Terminal.style(localTime: false)))
    }
}
