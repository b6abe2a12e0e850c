import ArgumentParser
import ByteParsing
import Foundation
import MeshCrypto

/// Writes what costs a reader most: for `make bench-hostile`, which holds N against 4 N.
@main struct Hostile: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "hostile",
        abstract: "Writes a capture that is made to cost its reader much.",
        discussion: "Cases: \(HostileCase.allCases.map(\.rawValue).joined(separator: ", ")).")

    @Argument(
        help: "The case.",
        transform: { text in
            guard let known = HostileCase(rawValue: text) else { throw ValidationError("There is no case '\(text)'.") }
            return known
        })
    var `case`: HostileCase

    @Argument(help: "How many.")
    var count: Int

    @Argument(help: "Where the capture goes; its keys go beside it.")
    var output: String

    func run() throws {
        var capture = HostileCapture()
        capture.write(`case`, count)
        try Data(capture.octets()).write(to: URL(filePath: output))
        let rows = capture.keys.enumerated().map { index, key in
            "{\"index\": \(index), \"key\": \"\(Hexadecimal.text(key.value, digits: 32))\"}"
        }
        let networks = `case` == .networks ? rows.map { [$0] } : [rows]
        let texts = networks.map { "{\"name\": \"hostile\", \"netkeys\": [\($0.joined(separator: ",\n"))]}" }
        let file = "{\"networks\": [\(texts.joined(separator: ",\n"))]}\n"
        try Data(file.utf8).write(to: URL(filePath: output + ".keys.json"))
    }
}
