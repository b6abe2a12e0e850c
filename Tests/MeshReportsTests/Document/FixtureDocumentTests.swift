import Foundation
import KeyFiles
import MeshEvidence
import MeshProtocol
import MeshReports
import MeshTimelines
import MeshVerdict
import TestSupport
import Testing

/// With one space for any, so that it does not matter where lines were broken.
private func joined(_ text: String) -> String {
    text.split { $0 == " " || $0 == "\n" }.joined(separator: " ")
}

/// Without Markdown's own marks.
private func unmarked(_ markdown: String) -> String {
    joined(markdown.replacing("**", with: "").replacing("\\", with: "").replacing("> ", with: ""))
}

/// Every text of a document, but for the titles of its columns.
private func statements(_ document: ReportDocument) -> [Prose] {
    document.sections.compactMap(\.title)
        + document.blocks.flatMap { block -> [Prose] in
            switch block {
            case .headline(let prose, _), .paragraph(let prose, depth: _): [prose]
            case .values(let values): values.flatMap { [$0.name, Prose($0.hexadecimal), $0.note ?? ""] }
            case .terms(let terms): terms.map(\.reason)
            case .list(let list): list.items.flatMap { [$0.text] + $0.details }
            case .table(let table): table.rows.flatMap(\.self)
            case .callout(let callout): [callout.label, callout.text]
            case .findings(let rows): rows.map(\.text)
            case .excerpt, .chart, .pause: []
            }
        }
}

@Suite struct FixtureDocumentTests {
    @Test(arguments: Checkout.fixtures())
    func noRenderingLosesAnything(fixture: String) throws {
        let keys = try Checkout.keyFile(of: fixture).map { try KeyFile.read(path: $0) } ?? []
        let path = Checkout.captures.appending(path: fixture).path
        let analysis = try Analyzer(keys: KeyRing(networks: keys)).analyze([path]).renamed([fixture])
        let document = AnalysisDocument.make(analysis)
        let text = joined(TextRenderer.render(document))
        let markdown = unmarked(MarkdownRenderer.render(document))
        #expect(!document.headlines.isEmpty)
        let missing = statements(document).filter { !$0.isEmpty }.map { joined($0.text) }.filter { wanted in
            !text.contains(wanted) || !markdown.contains(unmarked(wanted))
        }
        #expect(missing.isEmpty)
        for decimal in document.values.compactMap(\.decimal) {
            let isShown = text.contains("(\(decimal))") && markdown.contains("(\(decimal))")
            #expect(isShown, "\(decimal)")
        }
    }
}
