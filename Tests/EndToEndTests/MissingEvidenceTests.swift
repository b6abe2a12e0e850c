import Foundation
import TestSupport
import Testing

private let captures = Checkout.captures.path
private let since = "2026-06-01T00:00:50Z"

/// What commands say where the evidence is cut short, or is that of something else.
@Suite struct MissingEvidenceTests {
    private func withFolder(_ body: (String) throws -> Void) throws {
        let folder = try Checkout.temporaryFolder()
        defer { try? FileManager.default.removeItem(at: folder) }
        try body(folder.path)
    }

    /// A capture that breaks off in its last frame.
    private func cut(_ name: String, into folder: String) throws -> String {
        let octets = try Data(contentsOf: URL(filePath: captures + "/" + name))
        let path = folder + "/cut.pcap"
        try octets.dropLast(3).write(to: URL(filePath: path))
        return path
    }

    // MARK: A capture that breaks off

    @Test func everyCommandThatAnswersSaysThatACaptureBreaksOff() throws {
        try withFolder { folder in
            let cut = try cut("swap.pcap", into: folder)
            let keys = ["--keys", captures + "/swap.keys.json"]
            let whole = try Program.run(
                Program.meshscope, ["verify", captures + "/swap.pcap", "--master", "0x0001", "--since", since] + keys)
            #expect(whole.status == 0 && !whole.error.contains("breaks off"))
            let verify = try Program.run(
                Program.meshscope, ["verify", cut, "--master", "0x0001", "--since", since] + keys)
            #expect(verify.status == 0 && verify.error.contains("warning: \(cut) breaks off"))
            let analyze = try Program.run(Program.meshscope, ["analyze", cut] + keys)
            #expect(analyze.status == 0 && analyze.output.contains("ATTENTION: \(cut) breaks off"))
        }
    }

    @Test func aRestoredFolderSaysThatTheCaptureBreaksOff() throws {
        try withFolder { folder in
            let arguments = [
                "restore", try cut("dead-in-progress.pcap", into: folder), "--for", "zephyr", "-o", folder + "/out",
                "--keys", captures + "/dead-in-progress.keys.json",
            ]
            let result = try Program.run(Program.meshscope, arguments)
            #expect(result.status == 0 && result.error.contains("ATTENTION: \(folder)/cut.pcap breaks off"))
            let readme = try String(contentsOfFile: folder + "/out/README.md", encoding: .utf8)
            #expect(readme.contains("breaks off"))
        }
    }

    // MARK: Somebody else under the master's address

    @Test func theAnswerSaysThatAnotherDeviceSendsAsTheMaster() throws {
        let arguments = [
            captures + "/wrong-replacement.pcap", "--keys", captures + "/wrong-replacement.keys.json",
        ]
        let report = try Program.run(Program.meshscope, ["analyze"] + arguments).output
        let answer = try #require(report.components(separatedBy: "\nCaptures\n").first)
        let words = answer.split { $0 == " " || $0 == "\n" }.joined(separator: " ")
        #expect(words.contains("ATTENTION: SEQ fell from 0x010A35 to 0x000000"))
        #expect(words.contains("another device sends under this address"))
        try withFolder { folder in
            let result = try Program.run(
                Program.meshscope, ["restore"] + arguments + ["--for", "zephyr", "-o", folder + "/out"])
            #expect(result.status == 0 && result.error.contains("another device sends under this address"))
        }
    }
}
