import Foundation
import MeshReports
import MeshTimelines
import TestSupport
import Testing

@Suite struct FindingsDocumentTests {
    private static let page = Checkout.root.appending(path: "Sources/MeshReports/MeshReports.docc/Findings.md")

    /// `MESHSCOPE_RECORD=1 swift test --filter FindingsDocumentTests` rewrites the page, and fails.
    @Test func thePageSaysWhatTheCodeSays() throws {
        let markdown = MarkdownRenderer.render(FindingsDocument.make())
        guard ProcessInfo.processInfo.environment["MESHSCOPE_RECORD"] == nil else {
            try markdown.write(to: Self.page, atomically: true, encoding: .utf8)
            Issue.record("Findings.md was written anew: read the difference")
            return
        }
        #expect(try String(contentsOf: Self.page, encoding: .utf8) == markdown)
    }

    @Test func thePageHasEveryKindWithItsSeverityInTheirOrder() throws {
        let lines = try String(contentsOf: Self.page, encoding: .utf8).split(separator: "\n")
        #expect(lines.filter { $0.hasPrefix("## ") } == Fact.Kind.allCases.map { "## `\($0.rawValue)`" })
        let severities = lines.filter { $0.hasPrefix("Severity: ") }
        #expect(severities == Fact.Kind.allCases.map { "Severity: `\($0.severity.rawValue)`" })
    }

    @Test(arguments: Fact.Kind.allCases)
    func anExplanationHasThreeToFiveSentencesOfItsOwn(kind: Fact.Kind) {
        let sentences = (kind.explanation + " ").components(separatedBy: ". ").dropLast()
        #expect((3...5).contains(sentences.count))
        #expect(kind.explanation.hasSuffix(".") && !kind.explanation.contains("  "))
        #expect(Fact.Kind.allCases.count { $0.explanation == kind.explanation } == 1)
    }

    /// What is to be typed must be there to be typed.
    @Test func theOptionsThatExplanationsNameAreOptionsOfTheProgram() throws {
        let named = Fact.Kind.allCases.flatMap { $0.explanation.split(separator: "`").filter { $0.hasPrefix("--") } }
        #expect(!named.isEmpty)
        let help = try Program.run("help", "analyze").output
        for option in Set(named.compactMap { $0.split(separator: " ").first }) {
            #expect(help.contains(option), "\(option)")
        }
    }
}
