import Foundation
import TestSupport
import Testing

/// What another Swift program gets: the example that uses the library, and the modules of its product.
@Suite struct LibraryTests {
    private let example = Program.meshscope.deletingLastPathComponent().appending(path: "RecoverMaster")

    @Test func theExampleTellsWhatAReplacementIsGiven() throws {
        let folder = try Checkout.temporaryFolder()
        defer { try? FileManager.default.removeItem(at: folder) }
        let captures = Checkout.captures.path
        let saved = folder.appending(path: "state.json").path
        let result = try Program.run(
            example, [captures + "/steady.pcap", captures + "/steady.keys.json", saved])
        #expect(result.status == 0 && result.error.isEmpty, "\(result.error)")
        let answer = """
            IV Index 3496, IV Update flag 0, first SEQ 349596
              83351 + 5: unheard_at_assumed_rate
              83351 + 4096: allowance
              83351 + 262144: busier_than_heard

            """
        #expect(result.output.hasPrefix(answer) && result.output.hasSuffix(answer), "\(result.output)")
        #expect(result.output.contains("\n21 PDUs of 4 sources so far\ninfo: crcFailed, 3 times\n"))
        let state = try String(contentsOfFile: saved, encoding: .utf8)
        let key = try JSONDecoder().decode(
            Keys.self, from: Data(contentsOf: URL(filePath: captures + "/steady.keys.json")))
        #expect(!key.networks.isEmpty)
        for subnet in key.networks.flatMap(\.netkeys) { #expect(!state.contains(subnet.key), "a key shows") }
    }

    private struct Keys: Decodable {
        struct Network: Decodable {
            struct Key: Decodable { var key: String }
            var netkeys: [Key]
        }
        var networks: [Network]
    }

    private func text(_ path: String) throws -> String {
        try String(contentsOf: Checkout.root.appending(path: path), encoding: .utf8)
    }

    /// The targets of the library product.
    private func product() throws -> Set<String> {
        let library = try #require(
            try text("Package.swift").firstMatch(of: /library\(\s*name: "MeshAnalysis",\s*targets: \[([^\]]*)\]/))
        return Set(library.1.matches(of: /"(\w+)"/).map { String($0.1) })
    }

    /// The example stands for a stranger: it sees the modules of the product and nothing else.
    @Test func theExampleImportsTheProductAlone() throws {
        let source = try text("Examples/RecoverMaster/RecoverMaster.swift")
        let imports = source.matches(of: /(?m)^(.*)import (\w+)$/)
        #expect(imports.allSatisfy { $0.1.isEmpty }, "a stranger has no @testable import")
        let modules = Set(imports.map { String($0.2) }).subtracting(["Foundation"])
        #expect(modules.isSubset(of: try product()) && !modules.isEmpty)
    }

    /// A module whose types a public declaration shows is imported publicly: the compiler sees to that.
    @Test func theProductHoldsEveryModuleWhoseTypesItShows() throws {
        let sources = Checkout.root.appending(path: "Sources")
        let targets = Set(try FileManager.default.contentsOfDirectory(atPath: sources.path))
        let product = try product()
        for target in product {
            let folder = sources.appending(path: target)
            for file in try FileManager.default.subpathsOfDirectory(atPath: folder.path) where file.hasSuffix(".swift")
            {
                for shown in try text("Sources/\(target)/\(file)").matches(of: /(?m)^public import (\w+)$/) {
                    let module = String(shown.1)
                    #expect(product.contains(module) || !targets.contains(module), "\(target)/\(file) shows \(module)")
                }
            }
        }
        #expect(product.isSubset(of: targets) && product.count > 5)
    }
}
