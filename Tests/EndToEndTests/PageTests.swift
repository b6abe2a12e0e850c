import Foundation
import MeshReports
import TestSupport
import Testing

private let python = Checkout.root.appending(path: ".venv/bin/python")
private let chromium = "/usr/bin/chromium"
private let canLook =
    FileManager.default.fileExists(atPath: chromium)
    && (try? Program.run(python, ["-c", "import playwright, axe_playwright_python"]).status) == 0

/// HTML reports in a real browser: `Scripts/check-pages` says what is looked at.
@Suite(.enabled(if: canLook, "chromium, playwright or axe is not installed"), .serialized)
struct PageTests {
    private func look(_ pages: [(page: String, report: String)]) throws -> String {
        let script = Checkout.root.appending(path: "Scripts/check-pages").path
        let outcome = try Program.run(python, [script, chromium] + pages.flatMap { [$0.page, $0.report] })
        #expect(outcome.status == 0, "\(outcome.error)")
        return outcome.output
    }

    @Test func everyFixturesPageIsWhatItsReportSays() throws {
        let folder = try Checkout.temporaryFolder()
        defer { try? FileManager.default.removeItem(at: folder) }
        var pages: [(page: String, report: String)] = []
        for fixture in Checkout.fixtures() {
            let keys = Checkout.keyFile(of: fixture).map { ["--keys", $0] } ?? []
            let capture = Checkout.captures.appending(path: fixture).path
            let paths = ["html", "json"].map { folder.appending(path: "\(fixture).\($0)").path }
            for (format, path) in zip(["html", "json"], paths) {
                let call = ["analyze", capture, "--format", format, "-o", path] + keys
                #expect([0, 1].contains(try Program.run(Program.meshscope, call).status))
            }
            pages.append((paths[0], paths[1]))
        }
        #expect(pages.count > 50)
        #expect(try look(pages) == "")
    }

    /// Several captures, another network's key, verify, restore, and no key at all.
    @Test func otherPagesAreWholeToo() throws {
        let folder = try Checkout.temporaryFolder()
        defer { try? FileManager.default.removeItem(at: folder) }
        let captures = Checkout.captures.path
        let keys = ["--keys", captures + "/steady.keys.json"]
        let calls = [
            ["analyze", captures + "/steady.pcap"],
            ["analyze", captures + "/steady.pcap", captures + "/lossy.pcap.gz"] + keys,
            ["analyze", captures + "/steady.pcap", captures + "/malformed/ethernet.pcap"] + keys,
            ["analyze", captures + "/steady.pcap", "--netkey", "7dd7364cd842ad18c17c2b820c84c3d6"],
            [
                "verify", captures + "/swap.pcap", "--keys", captures + "/swap.keys.json", "--master", "0x0001",
                "--since",
                "2026-06-01T00:00:50Z",
            ],
        ]
        var pages: [(page: String, report: String)] = []
        for (number, call) in calls.enumerated() {
            let path = folder.appending(path: "\(number).html").path
            try Data(try Program.run(Program.meshscope, call + ["--format", "html"]).output.utf8).write(
                to: URL(filePath: path))
            pages.append((path, "-"))
        }
        let restored = folder.appending(path: "restored").path
        let restore = ["restore", captures + "/steady.pcap", "--for", "zephyr", "--output", restored] + keys
        #expect(try Program.run(Program.meshscope, restore).status == 0)
        pages.append((restored + "/report.html", "-"))
        #expect(try look(pages) == "")
    }

    /// Names that come from files and from the air stay text, however they are made.
    @Test(arguments: [
        #"</title><script>alert(1)</script><img src=x onerror=alert(2)>"#, #"" onmouseover="alert(3)" x=""#,
        "{{{style}}}{{>page}}", "\u{202E}\u{2066}\u{1B}[31m", String(repeating: "n", count: 10_000),
        "&lt;b&gt; & ' ` $",
    ])
    func hostileNamesStayText(name: String) throws {
        let folder = try Checkout.temporaryFolder()
        defer { try? FileManager.default.removeItem(at: folder) }
        let steady = Checkout.captures.appending(path: "steady")
        var keys = try #require(
            try JSONSerialization.jsonObject(with: Data(contentsOf: steady.appendingPathExtension("keys.json")))
                as? [String: Any])
        var networks = try #require(keys["networks"] as? [[String: Any]])
        networks[0]["name"] = name
        networks[0]["nodes"] = [["addr": "0x0001", "name": name]]
        keys["networks"] = networks
        let keyPath = folder.appending(path: "keys.json")
        try JSONSerialization.data(withJSONObject: keys).write(to: keyPath)
        let short = String(name.filter { $0 != "/" }.prefix(60))
        let capture = folder.appending(path: "\(short).pcap")
        try FileManager.default.copyItem(at: steady.appendingPathExtension("pcap"), to: capture)
        let page = folder.appending(path: "page.html").path
        let call = ["analyze", capture.path, "--keys", keyPath.path, "--format", "html", "-o", page]
        let outcome = try Program.run(Program.meshscope, call)
        #expect(outcome.status == 0, "\(outcome.error)")
        let text = try String(contentsOfFile: page, encoding: .utf8)
        #expect(
            !text.contains("<script") && !text.contains("<img") && !text.contains("\u{1B}")
                && !text.contains("\u{202E}"))
        #expect(try look([(page, "-")]) == "")
    }
}

/// What needs no browser.
@Suite struct PageTextTests {
    @Test func theSamePageForAnyNumberOfThreads() throws {
        let capture = Checkout.captures.appending(path: "iv-update.btsnoop").path
        let found = Checkout.fixtures().first { $0.hasPrefix("iv-update") }
        let path = found.map { Checkout.captures.appending(path: $0).path } ?? capture
        let keys = Checkout.captures.appending(path: "iv-update.keys.json").path
        let pages = try ["1", "2", "8"].map {
            try Program.run("analyze", path, "--keys", keys, "--format", "html", "--threads", $0).output
        }
        #expect(pages[0].hasPrefix("<!doctype html>") && pages[0].hasSuffix("</html>\n"))
        #expect(Set(pages).count == 1)
    }

    /// Ten million frames give no larger page than a hundred thousand: what is drawn is thinned.
    @Test func aLongCapturesPageIsSmall() throws {
        let folder = try Checkout.temporaryFolder()
        defer { try? FileManager.default.removeItem(at: folder) }
        let capture = folder.appending(path: "b.pcap").path
        let simulated = try Program.run("simulate", "benchmark", "--frames", "200000", "-o", capture)
        #expect(simulated.status == 0, "\(simulated.error)")
        let keys = capture.replacing(".pcap", with: ".keys.json")
        let page = try Program.run("analyze", capture, "--keys", keys, "--format", "html").output
        #expect(page.utf8.count < 1_000_000 && page.utf8.count > 100_000, "\(page.utf8.count)")
    }
}
