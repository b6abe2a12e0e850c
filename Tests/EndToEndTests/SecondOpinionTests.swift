import ByteParsing
import Foundation
import KeyFiles
import MeshCrypto
import MeshEvidence
import MeshProtocol
import MeshTimelines
import MeshReports
import MeshVerdict
import TestSupport
import Testing

private let python = Checkout.root.appending(path: ".venv/bin/python")
private let isInstalled = FileManager.default.isExecutableFile(atPath: python.path)

/// Another implementation authenticates the beacons of the same captures: PyPI's bluetooth-mesh-network, which knows Mesh
/// Private beacons where tshark does not.
@Suite(.enabled(if: isInstalled, "bluetooth-mesh-network is not in .venv"))
struct SecondOpinionTests {
    private struct Statement: Hashable {
        var key: Int
        var kind: String
        var ivIndex: UInt32
        var isUpdating: Bool
        var isKeyRefresh: Bool
    }

    @Test(arguments: [
        "private-beacons.pcap", "steady.pcap", "subnets.pcap", "iv-update.pcap", "dead-in-progress.pcap",
        "provisioning.pcap",
    ])
    func agreesOnEveryBeacon(fixture: String) throws {
        let path = Checkout.captures.appending(path: fixture).path
        let networks = try KeyFile.read(path: try #require(Checkout.keyFile(of: fixture)))
        let keys = networks[0].subnets.map { Hexadecimal.text($0.keys.netKey.value, digits: 32) }
        let script = Checkout.root.appending(path: "Scripts/second-opinion").path
        let result = try Program.run(python, [script, path] + keys)
        #expect(result.status == 0, "\(result.error)")
        var theirs: [Statement: Int] = [:]
        for line in result.output.split(separator: "\n") {
            let words = line.split(separator: " ")
            let statement = Statement(
                key: Int(words[0]) ?? -1, kind: String(words[1]), ivIndex: UInt32(words[2]) ?? 0,
                isUpdating: words[3] == "1", isKeyRefresh: words[4] == "1")
            theirs[statement] = Int(words[5])
        }
        var ours: [Statement: Int] = [:]
        _ = try Analyzer(keys: KeyRing(networks: networks)).analyze(
            [path],
            receive: { observation, _ in
                guard case .authentic(_, .beacon(let beacon)) = observation.statement else { return }
                let said = beacon.statement
                let statement = Statement(
                    key: beacon.subnet.value, kind: beacon.evidence.rawValue, ivIndex: said.state.index.value,
                    isUpdating: said.state.isUpdateInProgress, isKeyRefresh: said.isKeyRefresh)
                ours[statement, default: 0] += beacon.heard
            })
        #expect(!theirs.isEmpty && ours == theirs)
    }

    /// The Private Beacon of the specification's sample data, as that implementation reads it.
    @Test func readsTheSamplePrivateBeacon() throws {
        let code = """
            from bluetooth_mesh.network.mesh import MeshPrivateBeacon
            from bluetooth_mesh.network.crypto import NetworkKey
            key = NetworkKey(bytes.fromhex("f7a2a44f8e8a8029064f173ddc1e2b00")).private_beacon_key
            octets = bytes.fromhex("435f18f85cf78a3121f58478a561e488e7cbf3174f022a514741")
            beacon, value = MeshPrivateBeacon.unpack(octets, key)
            print(beacon.pack(key)[1] == value, hex(beacon.iv_index), beacon.iv_update)
            """
        let theirs = try Program.run(python, ["-c", code]).output
        #expect(theirs == "True 0x1010abcd True\n")
        let octets = octets("02435f18f85cf78a3121f58478a561e488e7cbf3174f022a514741")
        var reader = ByteReader(octets.span)
        guard case .meshPrivate(let beacon) = try MeshBeacon(parsing: &reader) else {
            Issue.record("no Mesh Private beacon")
            return
        }
        let keys = NetworkKeys(NetKey(value: block("f7a2a44f8e8a8029064f173ddc1e2b00")))
        let said = try #require(beacon.authenticate(withPrivateBeaconKey: keys.privateBeaconKey))
        #expect(said.state == .updateInProgress(IVIndex(0x1010_abcd)))
    }
}

/// The published JSON Schema, by a validator that others wrote.
@Suite(.enabled(if: isInstalled, "jsonschema is not in .venv"))
struct SchemaTests {
    private func errors(_ paths: [String], schema name: String = "meshscope.analysis-1") throws -> String {
        let code = """
            import json, sys, jsonschema
            def closed(part):
                # Fields may be added in a later version; what this one writes is described, every field of it.
                if isinstance(part, dict):
                    part = {name: closed(value) for name, value in part.items()}
                    if "properties" in part and "type" in part: part.setdefault("additionalProperties", False)
                if isinstance(part, list): part = [closed(one) for one in part]
                return part
            schema = closed(json.load(open(sys.argv[1])))
            jsonschema.Draft202012Validator.check_schema(schema)
            validator = jsonschema.Draft202012Validator(schema)
            for path in sys.argv[2:]:
                for error in validator.iter_errors(json.load(open(path))):
                    print(path, error.json_path, error.message[:200])
            """
        let schema = Checkout.root.appending(path: "Sources/MeshReports/Schemas/\(name).schema.json").path
        let result = try Program.run(python, ["-c", code, schema] + paths)
        #expect(result.status == 0, "\(result.error)")
        return result.output
    }

    /// Every field is described, in the schemas that the program prints, and the format promises that fields may come.
    @Test func everyFieldIsDescribed() throws {
        let code = """
            import json, sys
            def look(part, path):
                if isinstance(part, list):
                    for one in part: look(one, path)
                if not isinstance(part, dict): return
                if part.get("additionalProperties") is False: print(path, "is closed")
                for name, field in part.get("properties", {}).items():
                    if len(field.get("description", "")) < 4: print(path + "." + name)
                for name, one in part.items(): look(one, path + "." + name)
            for path in sys.argv[1:]: look(json.load(open(path)), path)
            """
        let folder = try Checkout.temporaryFolder()
        defer { try? FileManager.default.removeItem(at: folder) }
        for schema in JSONSchema.allCases {
            let printed = try Program.run("schema", schema.rawValue)
            let path = folder.appending(path: "schema.json")
            try Data(printed.output.utf8).write(to: path)
            let kept = Checkout.root.appending(
                path: "Sources/MeshReports/Schemas/meshscope.\(schema.rawValue)-1.schema.json")
            #expect(try String(contentsOf: kept, encoding: .utf8) == printed.output)
            #expect(try Program.run(python, ["-c", code, path.path]).output == "", "\(schema)")
        }
    }

    /// Each line of `decode --format jsonl`, of every fixture.
    @Test func everyDecodedLineFitsItsSchema() throws {
        let folder = try Checkout.temporaryFolder()
        defer { try? FileManager.default.removeItem(at: folder) }
        var paths: [String] = []
        for fixture in Checkout.fixtures() {
            let keys = Checkout.keyFile(of: fixture).map { ["--keys", $0] } ?? []
            let capture = Checkout.captures.appending(path: fixture).path
            let lines = try Program.run(Program.meshscope, ["decode", capture, "--format", "jsonl"] + keys).output
            // A few of each, since the validator takes a millisecond a line.
            for line in lines.split(separator: "\n").prefix(40) {
                let path = folder.appending(path: "\(paths.count).json")
                try Data(line.utf8).write(to: path)
                paths.append(path.path)
            }
        }
        #expect(paths.count > 1000)
        #expect(try errors(paths, schema: "meshscope.decode-1") == "")
    }

    @Test func everyExpectedReportFitsTheSchema() throws {
        let folder = Checkout.root.appending(path: "Reports")
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.path).filter { $0.hasSuffix(".json") }
        let takeovers = names.filter { $0.hasSuffix(".verify.json") }
        let analyses = names.filter { !takeovers.contains($0) }
        #expect(analyses.count > 40 && takeovers.count > 1)
        #expect(try errors(analyses.sorted().map { folder.appending(path: $0).path }) == "")
        let paths = takeovers.sorted().map { folder.appending(path: $0).path }
        #expect(try errors(paths, schema: "meshscope.takeover-1") == "")
    }

    /// Reports that no fixture gives: without keys, of several captures, of captures that break off or cannot be used.
    @Test func otherReportsFitTheSchema() throws {
        let folder = try Checkout.temporaryFolder()
        defer { try? FileManager.default.removeItem(at: folder) }
        let captures = Checkout.captures.path
        let keys = ["--keys", captures + "/steady.keys.json"]
        let calls: [[String]] = [
            [captures + "/steady.pcap"], [captures + "/steady.pcap", captures + "/lossy.pcap.gz"] + keys,
            [captures + "/steady.pcap", captures + "/malformed/ethernet.pcap"] + keys,
            [captures + "/malformed/record-cut-off.pcap"] + keys,
            [captures + "/steady.pcap", "--master", "0x0777", "--elements", "3"] + keys,
            [captures + "/steady.pcap", "--failed-at", "2026-06-01T00:00:05Z", "--stack", "silabs"] + keys,
            [captures + "/steady.pcap", "--takeover-at", "2027-06-01T00:00:05Z", "--replacement-iv-index", "1"] + keys,
            [captures + "/steady.pcap", "--netkey", "7dd7364cd842ad18c17c2b820c84c3d6", "--iv-index", "7"],
        ]
        for (index, call) in calls.enumerated() {
            let path = folder.appending(path: "\(index).json").path
            let arguments = ["analyze"] + call + ["--format", "json", "--output", path]
            let result = try Program.run(Program.meshscope, arguments)
            #expect((0...2).contains(result.status), "\(call)")
            #expect(try errors([path]) == "", "\(call)")
        }
    }
}
