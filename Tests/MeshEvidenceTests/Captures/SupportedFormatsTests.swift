import BluetoothFrames
import CaptureFiles
import Foundation
import MeshEvidence
import MeshTestSupport
import MeshVerdict
import TestSupport
import Testing

/// Formats and link types stand once, as data; what is written of them elsewhere must say the same.
@Suite struct SupportedFormatsTests {
    private let readme: String

    init() throws {
        readme = String(decoding: try Data(contentsOf: Checkout.root.appending(path: "README.md")), as: UTF8.self)
    }

    /// A table of the README with these rows, and nothing before or behind them.
    private func table(_ heads: [String], _ rows: [[String]]) -> String {
        let lines = [heads, heads.map { _ in "---" }] + rows
        return "\n\n" + lines.map { "| " + $0.joined(separator: " | ") + " |\n" }.joined() + "\n"
    }

    @Test func theReadmeNamesEveryFormatAndNoOther() {
        let rows = CaptureFormat.allCases.map { [$0.rawValue, $0.summary] }
        let expected = table(["format", "what of it"], rows)
        #expect(readme.contains(expected), "README.md must hold:\(expected)")
    }

    @Test func theReadmeNamesEveryLinkTypeAndNoOther() {
        let rows = Encapsulation.ofLinkTypes.map { type, _ in
            [type.registry == .pcap ? "\(type.number)" : "btsnoop \(type.number)", type.name ?? "–"]
        }
        let expected = table(["link type", "frames"], rows)
        #expect(readme.contains(expected), "README.md must hold:\(expected)")
    }

    @Test func everyLinkTypeAndEncapsulationStandsOnceAndHasAName() {
        let types = Encapsulation.ofLinkTypes.map(\.linkType)
        #expect(Set(types).count == types.count)
        #expect(Set(Encapsulation.ofLinkTypes.map(\.encapsulation)).count == types.count)
        #expect(types.allSatisfy { $0.name != nil })
        #expect(Encapsulation.supported == LinkType.list(types))
        #expect(types.allSatisfy { Encapsulation.supported.contains("\($0.number)") })
    }

    @Test func theReadmeNamesEveryCompression() {
        #expect(Compression.allCases.allSatisfy { Compression.list.contains($0.rawValue) })
        #expect(readme.contains("also compressed with \(Compression.list) "))
    }

    @Test func errorsNameWhatCanBeRead() throws {
        let folder = try Checkout.temporaryFolder()
        defer { try? FileManager.default.removeItem(at: folder) }
        for octets in [[], [0x7F, 0x45, 0x4C, 0x46]] as [[UInt8]] {
            let path = folder.appending(path: "x").path
            try Data(octets).write(to: URL(filePath: path))
            let error = #expect(throws: CaptureError.self) { _ = try CaptureFile(path: path).format }
            #expect(error?.explanation.contains("\(CaptureFormat.list) are read") == true)
            let compressed = "also compressed with \(Compression.list)"
            #expect(octets.isEmpty || error?.explanation.contains(compressed) == true)
        }
        let ethernet = Checkout.captures.appending(path: "malformed/ethernet.pcap").path
        let refusal = #expect(throws: CaptureError.self) { _ = try Analyzer(keys: scriptRing).analyze([ethernet]) }
        let expected =
            "has link type 1 (Ethernet), which holds no Bluetooth LE; link types 187, 189, 192, 201, 220, 249, 251, 254, 256 and "
            + "272, and btsnoop datalinks 1001, 1002, 1003, 1004 and 2001 can be read"
        #expect(refusal?.explanation == expected)
    }
}
