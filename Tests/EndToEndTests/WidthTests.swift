import Foundation
import KeyFiles
import MeshProtocol
import MeshReports
import MeshVerdict
import TestSupport
import Testing

/// The text report on terminals of several widths. `MESHSCOPE_RECORD=1 swift test --filter WidthTests` rewrites what is expected, and fails.
@Suite struct WidthTests {
    private static let folder = Checkout.reports.appending(path: "widths")
    private static let shown = ["steady.pcap", "iv-update.pcap", "key-refresh.pcapng", "subnets.pcap"]

    private func text(_ fixture: String, _ width: Int) throws -> String {
        let networks = try Checkout.keyFile(of: fixture).map { try KeyFile.read(path: $0) } ?? []
        let path = Checkout.captures.appending(path: fixture).path
        let analysis = try Analyzer(keys: KeyRing(networks: networks)).analyze([path]).renamed([fixture])
        return TextRenderer.render(AnalysisDocument.make(analysis), style: .init(width: width))
    }

    @Test(arguments: shown, [80, 100, 140])
    func theReportIsAsExpected(fixture: String, width: Int) throws {
        let file = Self.folder.appending(path: "\(fixture).\(width).txt")
        let text = try text(fixture, width)
        guard ProcessInfo.processInfo.environment["MESHSCOPE_RECORD"] == nil else {
            try FileManager.default.createDirectory(at: Self.folder, withIntermediateDirectories: true)
            try text.write(to: file, atomically: true, encoding: .utf8)
            Issue.record("\(file.lastPathComponent) was written anew: read the difference")
            return
        }
        #expect(try String(contentsOf: file, encoding: .utf8) == text)
    }

    @Test(arguments: Checkout.fixtures())
    func noLineIsWiderThanTheTerminal(fixture: String) throws {
        for width in [60, 80, 100, 140] {
            let lines = try text(fixture, width).split(separator: "\n")
            #expect(lines.allSatisfy { $0.count <= width }, "\(width)")
        }
    }
}
