import CaptureFiles
import Foundation
import KeyFiles
import MeshEvidence
import MeshProtocol
import MeshReports
import MeshTestSupport
import MeshTimelines
import MeshVerdict
import TestSupport
import Testing

/// Captures written anew, and bundles of evidence.
@Suite struct ConvertTests {
    private let folder: TestFolder

    init() throws { folder = try TestFolder() }

    private func path(_ name: String) -> String { folder.url.appending(path: name).path }

    private struct Answer: Equatable {
        var states: [IVState?]
        var sources: [String]
    }

    private func answer(_ path: String, _ keys: KeyRing) throws -> Answer {
        let analysis = try Analyzer(keys: keys).analyze([path])
        return Answer(
            states: analysis.networks.map(\.iv?.state),
            sources: analysis.networks.flatMap { network in
                network.sources.map { source in
                    "\(source.address) \(source.epochs.last.map { "\($0.lastPosition)" } ?? "") \(source.verdict.recovery.map { "\($0.recommended)" } ?? "")"
                }
            })
    }

    private func keys(_ fixture: String) throws -> KeyRing {
        KeyRing(networks: try KeyFile.read(path: try #require(Checkout.keyFile(of: fixture))))
    }

    /// The capture of another kind, and the number of frames in it.
    private func convert(_ fixture: String, _ arguments: [String], to name: String) throws -> String {
        let output = path(name)
        let capture = Checkout.captures.appending(path: fixture).path
        let result = try Program.run(Program.meshscope, ["convert", capture, "-o", output] + arguments)
        #expect(result.status == 0, "\(fixture): \(result.error)")
        return output
    }

    /// All but one, whose IV Index only a full search finds.
    static let fixtures = Checkout.fixtures().filter { !$0.contains("no-beacon-far") }

    @Test(arguments: fixtures) func aPcapngGivesTheSameAnswer(fixture: String) throws {
        let keys = try keys(fixture)
        let whole = try answer(Checkout.captures.appending(path: fixture).path, keys)
        let output = try convert(fixture, [], to: "a.pcapng")
        #expect(try answer(output, keys) == whole)
    }

    /// What Wireshark shows of a bundle is its comments, and the keys stand nowhere in it.
    @Test(arguments: fixtures) func anEvidenceBundleGivesTheSameAnswer(fixture: String) throws {
        let keyFile = try #require(Checkout.keyFile(of: fixture))
        let keys = try keys(fixture)
        let output = try convert(fixture, ["--evidence", "--keys", keyFile], to: "e.pcapng")
        let whole = try answer(Checkout.captures.appending(path: fixture).path, keys)
        let bundle = try answer(output, keys)
        #expect(bundle == whole)
        let octets = try Data(contentsOf: URL(filePath: output))
        for key in try Self.secrets(keyFile) {
            #expect(octets.range(of: key) == nil && octets.range(of: Data(key.hexadecimal.utf8)) == nil, "a key")
        }
    }

    /// Each value of 16 octets in hexadecimal that stands in a key file, apart from device UUIDs.
    private static func secrets(_ keyFile: String) throws -> [Data] {
        let text = String(decoding: try Data(contentsOf: URL(filePath: keyFile)), as: UTF8.self)
        return text.matches(of: /"(?:key|net|app|dev)[^"]*"\s*:\s*"([0-9a-fA-F]{32})"/).map { match in
            Data(TestSupport.octets(String(match.1)))
        }
    }

    @Test func tsharkShowsTheCommentOfEachFrame() throws {
        let keyFile = try #require(Checkout.keyFile(of: "steady.pcap"))
        let output = try convert("steady.pcap", ["--evidence", "--keys", keyFile], to: "e.pcapng")
        let tshark = try #require(Program.find("tshark"))
        let shown = try Program.run(tshark, ["-n", "-r", output, "-T", "fields", "-e", "frame.comment"])
        let lines = shown.output.split(separator: "\n", omittingEmptySubsequences: false).dropLast()
        #expect(lines.count > 20 && lines.allSatisfy { $0.contains("IV Index 0x00000DA8") })
        #expect(lines.contains { $0.contains("source 0x0001, the master") })
    }

    @Test(arguments: ["link-251.pcap", "link-192-ppi.pcap", "link-272-v3.pcap", "steady.pcap", "mixed.pcapng"])
    func aPcapOfSniffersHasOneLinkType(fixture: String) throws {
        let keys = try keys(fixture)
        let output = try convert(fixture, [], to: "a.pcap")
        var file = try CaptureFile(path: output)
        while let frame = try file.nextFrame() {
            let linkType = frame.linkType
            #expect(linkType == .bluetoothLELinkLayerWithHeader)
        }
        guard fixture != "mixed.pcapng" else { return }
        #expect(try answer(output, keys) == answer(Checkout.captures.appending(path: fixture).path, keys))
    }

    @Test(arguments: [
        (["host-log.btsnoop", "-o", "x.bttrp"], 2, "no frames from the air"),
        (["steady.pcap", "-o", "x.bin"], 64, "--to"),
        (["steady.pcap", "--evidence", "-o", "x.pcap"], 64, "pcapng"),
        (["malformed/empty.pcap", "-o", "x.pcapng"], 2, "empty"),
    ])
    func whatCannotBeWrittenIsSaidAndNothingIsLeft(_ arguments: [String], _ status: Int32, _ says: String) throws {
        let output = path(arguments.last ?? "")
        let capture = Checkout.captures.appending(path: arguments[0]).path
        let result = try Program.run(
            Program.meshscope, ["convert", capture] + arguments.dropFirst().dropLast() + [output])
        #expect(result.status == status && result.error.contains(says), "\(result.error)")
        #expect(!FileManager.default.fileExists(atPath: output))
    }
}

extension Data {
    fileprivate var hexadecimal: String { map { String(format: "%02x", $0) }.joined() }
}
