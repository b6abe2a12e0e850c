import ArgumentParser
import CaptureFiles
import Foundation
import MeshSimulation
import TestSupport
import Testing

@testable import meshscope

private let steady = Checkout.captures.appending(path: "steady.pcap").path
private let keys = Checkout.captures.appending(path: "steady.keys.json").path

/// A file of which nothing can be read, and what is said of it.
struct UnreadableFile: Sendable, CustomTestStringConvertible {
    let name: String
    let octets: [UInt8]
    let words: [String]

    var testDescription: String { name }

    private static func capture(_ container: CaptureContainer, _ linkType: LinkType, frames: Int = 0) -> [UInt8] {
        var writer = CaptureWriter(container, linkTypes: [linkType])
        for _ in 0..<frames { writer.write([1, 2, 3, 4], at: CaptureTime(seconds: 1_780_272_000)) }
        return writer.removeOctets()
    }

    private static let containers: [(String, CaptureContainer)] = [
        ("pcap", .pcap(.little, .microseconds)), ("pcapng", .pcapng(.little, .microseconds)), ("btsnoop", .btsnoop),
    ]

    static let all: [UnreadableFile] =
        containers.flatMap { name, container in
            let linkType: LinkType = container == .btsnoop ? .btsnoopH4 : .bluetoothLELinkLayerWithHeader
            let whole = capture(container, linkType, frames: 1)
            return [
                UnreadableFile(name: "empty.\(name)", octets: capture(container, linkType), words: ["has no frames"]),
                UnreadableFile(
                    name: "first-record-cut-off.\(name)", octets: whole.dropLast(2),
                    words: ["holds no frame that can be read"]),
            ]
        }
        + [195, 215, 230, 283].map { number in
            UnreadableFile(
                name: "link-\(number).pcap",
                octets: capture(.pcap(.little, .microseconds), LinkType(.pcap, number), frames: 3),
                words: ["link type \(number) (IEEE 802.15.4)", "is 802.15.4, not Bluetooth"])
        } + [
            UnreadableFile(
                name: "ethernet.pcap", octets: capture(.pcap(.big, .nanoseconds), LinkType(.pcap, 1), frames: 3),
                words: ["link type 1 (Ethernet)", "holds no Bluetooth LE"]),
            UnreadableFile(name: "nothing", octets: [], words: ["is empty"]),
            UnreadableFile(
                name: "btsnooz", octets: [2, 1, 2, 3, 4, 5, 6, 7, 8, 0x78, 0x9C, 0xED], words: ["btsnooz.py"]),
            UnreadableFile(
                name: "bugreport.txt",
                octets: Array("Bluetooth Status\n--- BEGIN:BTSNOOP_LOG_SUMMARY (9 bytes in) ---\nAgE=\n".utf8),
                words: ["is a text and no capture", "btsnooz.py"]),
            UnreadableFile(
                name: "x.json", octets: Array("{\"netkeys\": []}".utf8), words: ["looks like keys: use --keys"]),
            UnreadableFile(name: "x.txt", octets: Array("Grüße\n".utf8), words: ["is no capture but text"]),
            UnreadableFile(name: "x.bin", octets: [0x80, 1, 2], words: ["begins with 80 01 02, which is no capture"]),
        ]
}

@Suite struct UnreadableFileTests {
    /// The commands whose usage asks for captures, and how each is asked.
    private func commands(_ captures: [String], in folder: URL) throws -> [[String]] {
        try Meshscope.configuration.subcommands.filter { Meshscope.usageString(for: $0).contains("<captures>") }
            .flatMap { command -> [[String]] in
                let name = try #require(command.configuration.commandName)
                let known = [name] + captures + ["--keys", keys]
                let master = ["--master", "0x0001"]
                switch name {
                case "analyze": return [known, known + ["--format", "json"] + master, [name] + captures]
                case "decode": return [known, known + ["--format", "jsonl"]]
                case "verify": return [known + master + ["--since", "2026-06-01T00:00:10Z"]]
                case "restore": return [known + master + ["--for", "zephyr", "-o", folder.path + "/restored"]]
                case "keys": return [known + ["--audit"], known + ["--wireshark", folder.path + "/profile"]]
                case "convert":
                    let output = ["-o", folder.path + "/converted.pcapng"]
                    return [known + output + ["--evidence"], [name] + captures + output]
                case "check": return [[name] + captures + ["--reports", folder.path]]
                default:
                    Issue.record("\(name) takes captures, and is not asked here")
                    return []
                }
            }
    }

    @Test(arguments: UnreadableFile.all) func everyCommandEndsWithStatusTwoAndSaysWhy(file: UnreadableFile) throws {
        let folder = try Checkout.temporaryFolder()
        defer { try? FileManager.default.removeItem(at: folder) }
        let path = folder.appending(path: file.name).path
        try Data(file.octets).write(to: URL(filePath: path))
        for arguments in try commands([path], in: folder) {
            let result = try Program.run(Program.meshscope, arguments)
            #expect(result.status == 2, "\(arguments): \(result.error)")
            for word in file.words {
                #expect((result.output + result.error).contains(word), "\(arguments): \(result.error)")
            }
            #expect((result.output + result.error).contains(file.name))
        }
        let made = try FileManager.default.contentsOfDirectory(atPath: folder.path)
        #expect(made == [file.name], "a command wrote something all the same")
    }

    /// What can be read is analysed all the same, and the answer is the one without the other file.
    @Test(arguments: UnreadableFile.all) func besideAGoodOneItIsSaidAndTheAnswerStays(file: UnreadableFile) throws {
        let folder = try Checkout.temporaryFolder()
        defer { try? FileManager.default.removeItem(at: folder) }
        let path = folder.appending(path: file.name).path
        try Data(file.octets).write(to: URL(filePath: path))
        for captures in [[steady, path], [path, steady]] {
            let result = try Program.run(
                Program.meshscope, ["analyze"] + captures + ["--keys", keys, "--format", "json"])
            #expect(result.status == 2 && result.output.contains(" : 349596"), "\(result.error)")
            #expect(result.output.contains("\"verdict\" : \"resume\""))
            for word in file.words { #expect(result.error.contains(word), "\(result.error)") }
        }
    }

    @Test func whatIsNoKeyFileIsToldWhatItIs() throws {
        let folder = try Checkout.temporaryFolder()
        defer { try? FileManager.default.removeItem(at: folder) }
        let table: [(octets: [UInt8], words: String)] = [
            ([UInt8](try Data(contentsOf: URL(filePath: steady))), "is a capture (pcap), not keys"),
            (Array("<!doctype html>".utf8), "is a web page (HTML) and no key file"),
            (
                Array("\"No.\",\"Time\",\"Source\",\"Destination\"\n".utf8),
                "is an export of Wireshark as text and no key file"
            ),
            (Array("PK\u{03}\u{04}".utf8) + Array(repeating: 0, count: 40), "| meshscope analyze CAPTURE --keys -'"),
        ]
        for (octets, words) in table {
            let path = folder.appending(path: "x").path
            // A capture is longer than a key file may be.
            try Data(octets + Array(repeating: 0, count: octets.count > 1000 ? 3 << 20 : 0)).write(
                to: URL(filePath: path))
            for command in ["analyze", "decode", "restore", "verify", "keys"] {
                let more = [
                    "restore": ["--for", "zephyr", "-o", folder.path + "/out"],
                    "verify": ["--master", "0x0001", "--since", "2026-06-01T00:00:10Z"], "keys": ["--audit"],
                ]
                let result = try Program.run(
                    Program.meshscope, [command, steady, "--keys", path] + (more[command] ?? []))
                #expect(result.status == 2 && result.error.contains(words), "\(command): \(result.error)")
            }
        }
    }
}

/// What the messages tell to type does what they say.
@Suite struct AdvisedCommandTests {
    /// How each archive is made of a file `steady.pcap` in the folder, as `x`.
    private static let makers = [
        "zip -q x.zip steady.pcap && mv x.zip x", "7z a -t7z x.7z steady.pcap > /dev/null && mv x.7z x",
        "tar cf x steady.pcap", "tar czf x steady.pcap", "bzip2 -c steady.pcap > x", "lz4 -q -c steady.pcap > x",
        "lz4 -q -l -c steady.pcap > x", "xz --format=lzma -c steady.pcap > x", "gzip -c steady.pcap | zstd -c > x",
        "bzip2 -c steady.pcap | xz -c > x", "zip -q x.zip steady.pcap && gzip -c x.zip > x && rm x.zip",
        "mkdir -p FS/data/misc/bluetooth/logs && cp steady.pcap FS/data/misc/bluetooth/logs/btsnoop_hci.log && "
            + "zip -q -r x.zip FS && mv x.zip x",
    ]

    @Test(arguments: makers) func theCommandAnalysesWhatIsInTheArchive(maker: String) throws {
        let folder = try Checkout.temporaryFolder()
        defer { try? FileManager.default.removeItem(at: folder) }
        try FileManager.default.copyItem(atPath: steady, toPath: folder.path + "/steady.pcap")
        func shell(_ command: String) throws -> Program.Outcome {
            try Program.run(URL(filePath: "/bin/bash"), ["-c", command], folder: folder)
        }
        let made = try shell(maker)
        try #require(made.status == 0, "make test-packages installs what is missing: \(made.error)")
        let refusal = try Program.run(Program.meshscope, ["analyze", "x", "--keys", keys], folder: folder)
        #expect(refusal.status == 2 && refusal.output.isEmpty)
        let quoted = refusal.error.split(separator: "'").map(String.init).first { $0.contains("| meshscope analyze -") }
        let command = try #require(quoted, "\(refusal.error)")
            .replacing("FILE", with: "x").replacing("NAME", with: "steady.pcap").replacing("KEYS", with: "'\(keys)'")
            .replacing("meshscope", with: "'\(Program.meshscope.path)'")
        let advised = try shell(command)
        let plain = try Program.run(
            Program.meshscope, ["analyze", "-", "--keys", keys], input: Data(contentsOf: URL(filePath: steady)))
        #expect(advised.status == 0 && advised.output == plain.output, "\(command): \(advised.error)")
    }

    /// The same for a file of keys.
    @Test func theCommandReadsKeysOutOfAnArchive() throws {
        let folder = try Checkout.temporaryFolder()
        defer { try? FileManager.default.removeItem(at: folder) }
        let outcome = try Program.run(
            URL(filePath: "/bin/bash"),
            [
                "-c",
                "bzip2 -c '\(keys)' > k.bz2; '\(Program.meshscope.path)' analyze '\(steady)' --keys k.bz2; "
                    + "bzcat k.bz2 | '\(Program.meshscope.path)' analyze '\(steady)' --keys - > out && cat out",
            ], folder: folder)
        #expect(outcome.status == 0 && outcome.output.hasPrefix("✓ Master 0x0001 of network steady can be resumed"))
        #expect(outcome.error.contains("'bzcat FILE | meshscope analyze CAPTURE --keys -' reads it"))
    }

    /// `check` finds keys and report of `x.pcap.zst` under the same names as those of `x.pcap`.
    @Test func theNameOfACompressedCaptureHasTheSameStem() {
        for compression in Compression.allCases {
            #expect(CaptureName.stem("a.b/x.pcap" + compression.ending) == "a.b/x")
            #expect(CaptureName.stem("a.b/x" + compression.ending) == "a.b/x")
        }
        #expect(CaptureName.stem("a.b/x.pcap") == "a.b/x")
    }

    /// From a file, from standard input and from a named pipe, captures and keys.
    @Test(arguments: Compression.allCases) func everyCompressionIsReadFromFilesAndPipes(compression: Compression) throws
    {
        let folder = try Checkout.temporaryFolder()
        defer { try? FileManager.default.removeItem(at: folder) }
        let (meshscope, tool) = (Program.meshscope.path, compression.rawValue)
        let script = """
            set -e
            \(tool) -c '\(steady)' > x; \(tool) -c '\(keys)' > k
            '\(meshscope)' analyze x --keys k > 1
            '\(meshscope)' analyze - --keys k < x > 2
            cat x | '\(meshscope)' analyze - --keys k > 3
            '\(meshscope)' analyze x --keys - < k > 4
            '\(meshscope)' analyze <(cat x) --keys <(cat k) > 5
            for I in 1 2 3 4 5; do head -n 30 $I | md5sum; done | sort -u | wc -l
            head -n 1 1
            """
        let outcome = try Program.run(URL(filePath: "/bin/bash"), ["-c", script], folder: folder)
        #expect(outcome.status == 0, "\(outcome.error)")
        #expect(outcome.output.hasPrefix("1\n✓ Master 0x0001 of network steady can be resumed"), "\(outcome.output)")
    }
}
