import Foundation
import TestSupport
import Testing

private let captures = Checkout.captures.path
private let sampleKey = "7dd7364cd842ad18c17c2b820c84c3d6"
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

    // MARK: Another key, another capture

    /// Neither an IV Index nor a new address helps who has the wrong key.
    @Test(arguments: [[], ["--master", "0x0001"]])
    func aWrongKeyIsSaidAndGetsNoAdviceForARightOne(options: [String]) throws {
        let arguments = ["analyze", captures + "/steady.pcap", "--netkey", sampleKey] + options
        let result = try Program.run(Program.meshscope, arguments)
        #expect(result.status == 1 && result.output.contains("This key opens nothing here"))
        #expect(!result.output.contains("--iv-index") && !result.output.contains("new unicast address"))
    }

    /// What the right key of another network opens is no less of another network.
    @Test func aWrongKeyBesideARightOneIsSaidWithTheSameNumbers() throws {
        let keys = ["--netkey", sampleKey]
        let alone = try Program.run(Program.meshscope, ["analyze", captures + "/steady.pcap"] + keys)
        let beside = try Program.run(
            Program.meshscope,
            ["analyze", captures + "/steady.pcap", "--master", "0x0777", "--keys", captures + "/steady.keys.json"]
                + keys)
        let numbers = "0 of 24 beacons, 0 of 169 PDUs"
        #expect(alone.output.contains(numbers) && beside.output.contains(numbers))
    }

    @Test func aPDUThatDoesNotOpenMayNeedAnotherIVIndex() throws {
        let arguments = [
            "analyze", captures + "/no-beacon-far.pcap", "--keys", captures + "/no-beacon-far.keys.json",
        ]
        let result = try Program.run(Program.meshscope, arguments)
        #expect(result.status == 1 && result.output.contains("--iv-index"))
        #expect(result.output.contains("new unicast address"))
    }

    /// A capture of one frame, an HCI command to reset the controller.
    private func withoutMesh(in folder: String) throws -> String {
        let header = "d4c3b2a1020004000000000000000000ffff0000c9000000"
        let frame = "00ba1c6a000000000800000008000000" + "0000000001030c00"
        let path = folder + "/reset.pcap"
        try Data(octets(header + frame)).write(to: URL(filePath: path))
        return path
    }

    /// Many devices that wait for a provisioner are summed up, and listed where somebody asks.
    @Test func manyStrangersAreSummedUp() throws {
        try withFolder { folder in
            let path = folder + "/waiting.pcap"
            let frames = (10..<22).map { device in
                "00ba1c6a000000002800000028000000" + "00000001" + "043e21020103" + "00" + "\(device)0000000000" + "15"
                    + "142b00" + String(repeating: "\(device)", count: 16) + "0000" + "c0"
            }
            let header = "d4c3b2a1020004000000000000000000ffff0000c9000000"
            try Data(octets(header + frames.joined())).write(to: URL(filePath: path))
            let short = try Program.run("analyze", path).output
            #expect(short.contains("… and 4 devices more; --all lists them"))
            let long = try Program.run("analyze", path, "--all").output
            func devices(_ text: String) -> Int { text.split(separator: "\n").count { $0.contains("heard 1×") } }
            #expect(devices(short) == 8 && devices(long) == 12 && !long.contains("--all"))
        }
    }

    /// Two devices that advertise the proxy service with a Network ID of no key, three times in all: mesh traffic, of others.
    @Test func proxyServersOfOtherNetworksAreCounted() throws {
        try withFolder { folder in
            let path = folder + "/proxies.pcap"
            let frames = ["0a", "0b", "0a"].map { device in
                "00ba1c6a000000002000000020000000" + "00000001" + "043e19020100" + "00" + device + "0000000000"
                    + "0d" + "0c16281800" + "1122334455667788" + "c0"
            }
            let header = "d4c3b2a1020004000000000000000000ffff0000c9000000"
            try Data(octets(header + frames.joined())).write(to: URL(filePath: path))
            let arguments = ["analyze", path, "--netkey", sampleKey]
            let text = try Program.run(Program.meshscope, arguments).output
            #expect(text.contains("1122334455667788") && !text.contains("holds mesh traffic"))
            let json = try Program.run(Program.meshscope, arguments + ["--format", "json"]).output
            let report = try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: Any]
            let servers = try #require(report?["foreign_proxy_servers"] as? [[String: Any]])
            #expect(servers.map { $0["network_id"] as? String } == ["1122334455667788"])
            #expect(servers.map { $0["heard"] as? Int } == [3] && servers.map { $0["devices"] as? Int } == [2])
        }
    }

    @Test(arguments: [[], ["--netkey", sampleKey], ["--netkey", sampleKey, "--master", "0x0001"]])
    func aCaptureWithoutMeshIsSaidAndGetsNoAdviceForKeys(options: [String]) throws {
        try withFolder { folder in
            let result = try Program.run(Program.meshscope, ["analyze", try withoutMesh(in: folder)] + options)
            #expect(result.output.contains("None of the 1 frame holds mesh traffic"))
            #expect(result.output.contains("Capture near a node"))
            for wrong in ["right key", "--iv-index", "--keys", "new unicast address"] {
                #expect(!result.output.contains(wrong), "\(wrong)")
            }
        }
    }

    @Test func verifyAndRestoreSayWhyNothingOpened() throws {
        try withFolder { folder in
            let reset = try withoutMesh(in: folder)
            for (capture, why) in [
                (reset, "None of the 1 frame holds"), (captures + "/steady.pcap", "This key opens nothing here"),
            ] {
                let verify = try Program.run(
                    "verify", capture, "--netkey", sampleKey, "--master", "0x0001", "--since", since)
                #expect(verify.status == 1 && verify.error.contains(why))
                let restore = try Program.run(
                    "restore", capture, "--netkey", sampleKey, "--for", "zephyr", "-o", folder + "/out")
                #expect(restore.status == 1 && restore.error.contains(why))
                #expect(!restore.error.contains("--master"))
            }
        }
    }

    // MARK: An address that is none

    @Test(arguments: [
        ("0xC000", "is a group address"), ("C000", "is a group address"), ("0xFFFF", "is a group address"),
        ("0x8123", "is a virtual address"), ("0x0000", "is the unassigned address"), ("10", "is no address"),
    ])
    func aMasterThatIsNoUnicastAddressIsToldWhatItIs(address: String, message: String) throws {
        let steady = captures + "/steady.pcap"
        for command in [["analyze", steady], ["verify", steady, "--since", since]] {
            let result = try Program.run(Program.meshscope, command + ["--master", address])
            #expect(result.status == 64 && result.error.contains(message), "\(result.error)")
            #expect(result.error.contains("0x0001 to 0x7FFF"))
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
