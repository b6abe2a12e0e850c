public import ArgumentParser
public import MeshReports

extension JSONSchema: ExpressibleByArgument {}

struct SchemaCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "schema",
        abstract: "Prints the JSON Schema of what meshscope writes.",
        discussion: """
            analysis is of analyze --format json, takeover of verify --format json, decode of a line of decode --format jsonl.

            Examples:
              meshscope schema
              meshscope schema decode > decode.schema.json
            """)

    @Argument(help: "Which: \(JSONSchema.allValueStrings.joined(separator: ", ")).")
    var schema: JSONSchema = .analysis

    func run() throws { try Terminal.output(schema.text) }
}
