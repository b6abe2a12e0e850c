import CaptureFiles
import Foundation
import KeyFiles
import MeshCrypto
import MeshEvidence
import MeshProtocol
import MeshReports
import MeshTimelines
import MeshVerdict
import TestSupport
import Testing

private func keys(of fixture: String) throws -> KeyRing {
    KeyRing(networks: try Checkout.keyFile(of: fixture).map { try KeyFile.read(path: $0) } ?? [])
}

@Suite struct FixtureTests {
    @Test func everyFixtureHasItsExpectedReport() throws {
        let result = try Program.run(
            "check", "--captures", Checkout.captures.path, "--reports", Checkout.reports.path)
        #expect(result.status == 0, "\(result.output)")
        #expect(Checkout.fixtures().count >= 20)
    }

    @Test func aDifferenceIsShownAndRecordingFails() throws {
        let folder = try Checkout.temporaryFolder()
        defer { try? FileManager.default.removeItem(at: folder) }
        let manager = FileManager.default
        for name in ["steady.pcap", "steady.keys.json"] {
            try manager.copyItem(atPath: Checkout.captures.path + "/" + name, toPath: folder.path + "/" + name)
        }
        let arguments = ["check", "--captures", folder.path, "--reports", folder.path + "/reports"]
        let missing = try Program.run(Program.meshscope, arguments)
        #expect(missing.status == 1 && missing.output.contains("is not there"))
        #expect(try Program.run(Program.meshscope, arguments + ["--record"]).status == 1)
        #expect(try Program.run(Program.meshscope, arguments).status == 0)
        let report = folder.path + "/reports/steady.json"
        let text = try String(contentsOfFile: report, encoding: .utf8)
        let (resume, restart) = ("\"verdict\" : \"resume\"", "\"verdict\" : \"restart\"")
        try text.replacing(resume, with: restart, maxReplacements: 1).write(
            toFile: report, atomically: true, encoding: .utf8)
        let differs = try Program.run(Program.meshscope, arguments)
        #expect(differs.status == 1)
        #expect(differs.output.contains("  --- \(report)\n  +++ what comes out now\n  @@ -"))
        // What is shown is a patch: it makes the expected report of what is shown to differ.
        let patch = differs.output.split(separator: "\n").filter { $0.hasPrefix("  ") }.map { $0.dropFirst(2) + "\n" }
        let beside = try Checkout.temporaryFolder()
        defer { try? FileManager.default.removeItem(at: beside) }
        let patched = beside.path + "/patched.json"
        try manager.copyItem(atPath: report, toPath: patched)
        try patch.joined().write(toFile: beside.path + "/patch", atomically: true, encoding: .utf8)
        let tool = try #require(Program.find("patch"))
        #expect(try Program.run(tool, ["-s", patched, beside.path + "/patch"]).status == 0)
        #expect(try String(contentsOfFile: patched, encoding: .utf8) == text)
        try theOutcomeIsToldToMachines(arguments, report, in: beside)
        #expect(differs.output.contains("0 passed, 1 failed"))
        try manager.removeItem(atPath: folder.path + "/steady.pcap")
        try manager.copyItem(atPath: Checkout.captures.path + "/lossy.pcap.gz", toPath: folder.path + "/lossy.pcap.gz")
        #expect(try Program.run(Program.meshscope, arguments).output.contains("MISSING  the capture of"))
    }

    private func theOutcomeIsToldToMachines(_ arguments: [String], _ report: String, in folder: URL) throws {
        let junit = folder.path + "/junit.xml"
        let outcome = try Program.run(
            Program.meshscope, arguments + ["--junit", junit], environment: ["GITHUB_ACTIONS": "true"])
        #expect(outcome.status == 1)
        let annotations = outcome.output.split(separator: "\n").filter { $0.hasPrefix("::error ") }
        #expect(annotations.count == 1 && annotations[0].contains("file=\(report),line="))
        let xml = try String(contentsOfFile: junit, encoding: .utf8)
        #expect(xml.contains("tests=\"1\" failures=\"1\" errors=\"0\""))
        let python = Checkout.root.appending(path: ".venv/bin/python")
        guard FileManager.default.isExecutableFile(atPath: python.path) else { return }
        let code = """
            import sys; from junitparser import JUnitXml
            for suite in JUnitXml.fromfile(sys.argv[1]):
                for case in suite: print(case.name.rsplit("/", 1)[-1], [type(one).__name__ for one in case.result], case.result[0].text.count("@@ -"))
            """
        let read = try Program.run(python, ["-c", code, junit])
        #expect(read.output.hasPrefix("steady.pcap ['Failure'] "), "\(read.output) \(read.error)")
    }

    /// What x.check.json asks is recorded and held like the analysis, and a question that cannot be answered is said.
    @Test func furtherQuestionsAreAsked() throws {
        let folder = try Checkout.temporaryFolder()
        defer { try? FileManager.default.removeItem(at: folder) }
        for name in ["swap.pcap", "swap.keys.json"] {
            try FileManager.default.copyItem(
                atPath: Checkout.captures.path + "/" + name, toPath: folder.path + "/" + name)
        }
        let arguments = ["check", "--captures", folder.path, "--reports", folder.path + "/reports"]
        func check(_ questions: String, _ options: [String] = []) throws -> Program.Outcome {
            let path = folder.path + "/swap.check.json"
            try questions.write(toFile: path, atomically: true, encoding: .utf8)
            return try Program.run(Program.meshscope, arguments + options)
        }
        let good = "{\"verify\": {\"since\": \"2026-06-01T00:00:45Z\"}, \"restore\": [\"bluez\"]}"
        #expect(try check(good, ["--record"]).status == 1)
        #expect(try check(good).status == 0)
        let rpl = folder.path + "/reports/swap.restore/bluez/rpl/0000d1dc/0005"
        #expect(try String(contentsOfFile: rpl, encoding: .utf8) == "0003a7")
        try "000000".write(toFile: rpl, atomically: true, encoding: .utf8)
        #expect(try check(good).output.contains("rpl/0000d1dc/0005"))
        try "0003a7".write(toFile: rpl, atomically: true, encoding: .utf8)
        let stray = folder.path + "/reports/swap.restore/bluez/rpl/0000d1dc/0099"
        try "000000".write(toFile: stray, atomically: true, encoding: .utf8)
        #expect(try check(good).output.contains("MISSING  what asks for \(stray)"))
        try FileManager.default.removeItem(atPath: stray)
        #expect(try check(good).status == 0)
        for (bad, why) in [
            ("{", "is no JSON of questions"), ("{\"verify\": {\"since\": \"noon\"}}", "verify.since is no time"),
            ("{\"restore\": [\"../x\"]}", "no stack is named ../x"),
            ("{\"verfy\": {}}", "asks \"verfy\""), ("{}", "MISSING  what asks for"),
        ] {
            let result = try check(bad)
            #expect(result.status == (bad == "{}" ? 1 : 2) && result.output.contains(why), "\(bad)")
        }
    }

    /// Wireshark's tables hold keys: that they differ is said, and not how.
    @Test func aDifferenceInKeysIsNotShown() throws {
        let folder = try Checkout.temporaryFolder()
        defer { try? FileManager.default.removeItem(at: folder) }
        let name = "dead-in-progress.restore"
        try FileManager.default.copyItem(atPath: Checkout.reports.path, toPath: folder.path + "/reports")
        let table = folder.path + "/reports/\(name)/wireshark/btmesh_nw_keys"
        try "\"0x00\"\n".write(toFile: table, atomically: true, encoding: .utf8)
        let capture = Checkout.captures.path + "/dead-in-progress.pcap"
        let result = try Program.run("check", capture, "--reports", folder.path + "/reports")
        #expect(result.status == 1 && result.output.contains("it holds keys, and is not shown"))
        let key = try KeyFile.read(path: try #require(Checkout.keyFile(of: "dead-in-progress.pcap")))[0].subnets[0]
        #expect(!result.output.contains(String(key.keys.netKey.value, radix: 16)))
    }

    /// A search takes milliseconds, and there are a million prefixes.
    private var withoutSearch: AnalysisOptions {
        var options = AnalysisOptions()
        options.ivSearch = .off
        return options
    }

    /// The capture is cut by one octet at a time: whatever is left gives a report or a clear error, never a trap.
    @Test(arguments: Checkout.fixtures())
    func everyPrefixGivesAReportOrAClearError(fixture: String) throws {
        let ring = try keys(of: fixture)
        let folder = try Checkout.temporaryFolder()
        defer { try? FileManager.default.removeItem(at: folder) }
        let path = folder.appending(path: "x").path
        let octets = try Data(contentsOf: Checkout.captures.appending(path: fixture))
        try octets.write(to: URL(filePath: path))
        let handle = try FileHandle(forWritingTo: URL(filePath: path))
        var frames = Int.max
        for count in stride(from: octets.count - 1, through: 0, by: -1) {
            try handle.truncate(atOffset: UInt64(count))
            do throws(CaptureError) {
                let analysis = try Analyzer(keys: ring, options: withoutSearch).analyze([path])
                #expect(analysis.captures[0].frames <= frames, "\(count) octets")
                frames = analysis.captures[0].frames
                let isTold = analysis.findings.contains { $0.kind == .damagedRecord }
                #expect(analysis.captures[0].isComplete != isTold, "\(count) octets")
            } catch {
                #expect(!error.explanation.isEmpty)
            }
        }
    }

    /// Random octets are changed, with seeds that a failure names.
    @Test(arguments: Checkout.fixtures())
    func damagedFixturesGiveAReportOrAClearError(fixture: String) throws {
        let ring = try keys(of: fixture)
        let octets = [UInt8](try Data(contentsOf: Checkout.captures.appending(path: fixture)))
        let folder = try Checkout.temporaryFolder()
        defer { try? FileManager.default.removeItem(at: folder) }
        let path = folder.appending(path: "x").path
        let truth = try Analyzer(keys: ring).analyze([Checkout.captures.appending(path: fixture).path])
        for seed in UInt64(1)...150 {
            var random = SeededNumbers(seed: seed)
            var damaged = octets
            for _ in 0..<(1 + random.below(40)) { damaged[random.below(damaged.count)] = UInt8(random.below(256)) }
            try Data(damaged).write(to: URL(filePath: path))
            do throws(CaptureError) {
                let analysis = try Analyzer(keys: ring, options: withoutSearch).analyze([path])
                for (network, expected) in zip(analysis.networks, truth.networks) {
                    // Damage can take evidence away; it can never make any.
                    #expect(network.distinct <= expected.distinct, "seed \(seed)")
                    if let state = network.iv?.state, let known = expected.iv?.state {
                        #expect(state <= known, "seed \(seed)")
                    }
                }
            } catch {
                #expect(!error.explanation.isEmpty, "seed \(seed)")
            }
        }
    }

    @Test(arguments: [
        ("unknown-magic.pcap", "no capture"), ("empty.pcap", "is empty"), ("ethernet.pcap", "link type 1 (Ethernet)"),
    ])
    func malformedCapturesAreRefused(name: String, message: String) throws {
        let path = Checkout.captures.path + "/malformed/" + name
        let result = try Program.run("analyze", path)
        #expect(result.status == 2)
        #expect(result.error.contains(message) && result.error.contains(name))
    }

    @Test(arguments: [
        ("record-cut-off.pcap", "is cut off"), ("record-length-beyond-file.btsnoop", "is cut off"),
        ("record-length-absurd.btsnoop", "longer than any Bluetooth frame"),
        ("block-length-wrong.pcapng", "ends with 40"), ("gzip-cut-off.pcap.gz", "unexpected end of file"),
    ])
    func capturesThatBreakOffAreAnalysedUpToThere(name: String, message: String) throws {
        let keys = Checkout.captures.path + "/malformed/keys.json"
        let path = Checkout.captures.path + "/malformed/" + name
        let result = try Program.run("analyze", path, "--keys", keys, "--format", "json")
        #expect(result.status == 0, "\(result.error)")
        #expect(result.output.contains("\"complete\" : false"))
        #expect(result.output.contains("damaged_record"))
        #expect(result.output.contains(message))
        #expect(result.output.contains("\"verdict\" : \"resume\""))
    }

    @Test func structuresThatRunOverAreFindings() throws {
        let keys = Checkout.captures.path + "/malformed/keys.json"
        let path = Checkout.captures.path + "/malformed/ad-structure-runs-over.pcap"
        let result = try Program.run("analyze", path, "--keys", keys, "--format", "json")
        #expect(result.status == 0)
        #expect(result.output.contains("malformed_structure"))
    }
}
