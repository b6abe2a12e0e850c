import Foundation
import TestSupport
import Testing

/// The large capture comes in the container and of the link type that was asked for.
@Suite struct BenchmarkCaptureTests {
    @Test(
        arguments: [
            ("pcap", nil, "pcap"), ("pcap-be", 201, "pcap"), ("pcapng", nil, "pcapng"),
            ("btsnoop", nil, "btsnoop"), ("btsnoop", 1004, "btsnoop"), ("pcap", 189, "pcap"),
            ("pklg", nil, "pklg"), ("hcidump", nil, "hcidump"), ("btt", nil, "btt"),
            ("btt", 201, "btt"),
            ("bttrp", nil, "bttrp"),
        ] as [(String, Int?, String)])
    func comesAsItWasAskedFor(container: String, linkType: Int?, format: String) throws {
        let frames = 200
        let folder = try Checkout.temporaryFolder()
        defer { try? FileManager.default.removeItem(at: folder) }
        let path = folder.appending(path: "x.capture").path
        let type = linkType.map { ["--link-type", "\($0)"] } ?? []
        let made = try Program.run(
            Program.meshscope,
            ["simulate", "benchmark", "--frames", "\(frames)", "--container", container, "-o", path] + type)
        #expect(made.status == 0, "\(made.error)")
        let report = try Program.run(
            Program.meshscope,
            ["analyze", path, "--keys", folder.path + "/x.keys.json", "--master", "0x0001", "--format", "json"])
        let json = try #require(
            try JSONSerialization.jsonObject(with: Data(report.output.utf8)) as? [String: Any], "\(report.error)")
        let capture = try #require((json["captures"] as? [[String: Any]])?.first)
        #expect(capture["format"] as? String == format)
        let network = try #require((json["networks"] as? [[String: Any]])?.first)
        // The first two frames are a beacon.
        #expect((network["pdus"] as? [String: Int])?["opened"] == frames - 2)
    }

    @Test func ofSeveralLinkTypesThereIsNone() throws {
        let result = try Program.run(
            Program.meshscope, ["simulate", "benchmark", "--container", "pcapng-mixed", "-o", "x.pcapng"])
        #expect(result.status == 64 && result.error.contains("one link type"))
    }
}
