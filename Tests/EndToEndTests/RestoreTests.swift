import Foundation
import TestSupport
import Testing

private let python = Checkout.root.appending(path: ".venv/bin/python")
private let isInstalled = FileManager.default.isExecutableFile(atPath: python.path)

/// What `restore` writes, read back by other parsers and by the rules of each stack.
@Suite struct RestoreTests {
    private let capture = Checkout.captures.path + "/dead-in-progress.pcap"
    private let keys = Checkout.captures.path + "/dead-in-progress.keys.json"

    private struct Values {
        var ivIndex: UInt32
        var isUpdating: Bool
        var next: UInt32
        var sources: [String: (iv: UInt32, seq: UInt32)]
    }

    /// The report's own numbers.
    private func expected(_ options: [String] = []) throws -> Values {
        let report = try Program.run(
            Program.meshscope, ["analyze", capture, "--keys", keys, "--format", "json"] + options
        ).output
        let document = try #require(try JSONSerialization.jsonObject(with: Data(report.utf8)) as? [String: Any])
        let network = try #require((document["networks"] as? [[String: Any]])?.first)
        var values = Values(ivIndex: 0, isUpdating: false, next: 0, sources: [:])
        for source in network["sources"] as? [[String: Any]] ?? [] {
            let address = source["address"] as? String ?? ""
            let recovery = source["recovery"] as? [String: Any] ?? [:]
            if address == "0x0001" {
                values.ivIndex = UInt32(recovery["iv_index"] as? Int ?? 0)
                values.isUpdating = recovery["update_in_progress"] as? Bool ?? false
                values.next = UInt32(recovery["recommended_seq"] as? Int ?? 0)
            } else if let epoch = (source["epochs"] as? [[String: Any]])?.last {
                let iv = UInt32(epoch["iv_index"] as? Int ?? 0)
                values.sources[address] = (iv, UInt32(epoch["last_seq"] as? Int ?? 0))
            }
        }
        return values
    }

    private func restore(
        _ target: String, _ folder: String, _ options: [String] = []
    ) throws -> Program.Outcome {
        let arguments = ["restore", capture, "--keys", keys, "--for", target, "-o", folder + "/out"] + options
        return try Program.run(Program.meshscope, arguments)
    }

    private func text(_ folder: String, _ name: String) throws -> String {
        try String(contentsOfFile: folder + "/out/" + name, encoding: .utf8)
    }

    private func little(_ octets: some Collection<UInt8>) -> UInt32 {
        octets.reversed().reduce(0) { $0 << 8 | UInt32($1) }
    }

    private func withFolder(_ body: (String) throws -> Void) throws {
        let folder = try Checkout.temporaryFolder()
        defer { try? FileManager.default.removeItem(at: folder) }
        try body(folder.path)
    }

    private static let node = """
        {
        \t"cid":"05f1", "pid":"0001", "vid":"0001", "crpl":"0064",
          "elements":[{"elementIndex":0,"IVindex":99,"name":"a \\"quoted\\" {name}"}],
          "IVindex":  7 ,
          "IVupdate":0,
          "netKeys":[{"index":0,"key":"83e464e682c8058d5666b4c19fc681a7","keyRefresh":0}],
          "sequenceNumber":12,
          "token":"0011223344556677", "unicastAddress":"0001"
        }
        """

    @Test func bluez() throws {
        try withFolder { (folder: String) throws in
            let path = folder + "/node.json"
            try Self.node.write(toFile: path, atomically: true, encoding: .utf8)
            #expect(try restore("bluez", folder, ["--node-json", path]).status == 0)
            let want = try expected(["--stack", "bluez"])
            let written = try text(folder, "node.json")
            var object = try #require(
                try JSONSerialization.jsonObject(with: Data(written.utf8)) as? [String: Any])
            #expect(object["IVindex"] as? Int == Int(want.ivIndex) && object["IVupdate"] as? Int == 1)
            #expect(object["sequenceNumber"] as? Int == Int(want.next))
            // Not another octet: with the old values in place, it is the old text.
            let undone = written.replacing("  \(want.ivIndex) ,", with: "  7 ,")
                .replacing("\"IVupdate\":1", with: "\"IVupdate\":0")
                .replacing("\"sequenceNumber\":\(want.next)", with: "\"sequenceNumber\":12")
            #expect(undone == Self.node)
            let old = try JSONSerialization.jsonObject(with: Data(Self.node.utf8)) as? [String: Any]
            for name in ["IVindex", "IVupdate", "sequenceNumber"] { object[name] = old?[name] }
            #expect(NSDictionary(dictionary: object) == NSDictionary(dictionary: old ?? [:]))
            // rpl/<8 digits>/<4 digits> holds six digits and no newline.
            #expect(want.sources.count == 3)
            for (address, position) in want.sources {
                let name = "rpl/\(hexadecimal(position.iv, 8))/\(address.dropFirst(2).lowercased())"
                #expect(try text(folder, name) == hexadecimal(position.seq, 6))
            }
            #expect(try text(folder, "README.md").contains("must never transmit again"))
        }
    }

    private func hexadecimal(_ value: UInt32, _ digits: Int) -> String {
        let text = String(value, radix: 16)
        return String(repeating: "0", count: digits - text.count) + text
    }

    @Test func bluezKeepsAHigherSEQOfTheSameIVIndexAndRefusesOtherFiles() throws {
        try withFolder { (folder: String) throws in
            let want = try expected()
            let path = folder + "/node.json"
            let high = Self.node.replacing("\"IVindex\":  7 ", with: "\"IVindex\": \(want.ivIndex)")
                .replacing("\"IVupdate\":0", with: "\"IVupdate\":1")
                .replacing("\"sequenceNumber\":12", with: "\"sequenceNumber\":9000000")
            try high.write(toFile: path, atomically: true, encoding: .utf8)
            #expect(try restore("bluez", folder, ["--node-json", path]).status == 0)
            #expect(try text(folder, "node.json").contains("\"sequenceNumber\":9000000"))
            #expect(try text(folder, "README.md").contains("(9000000)"), "README and file agree")
            let again = try restore("bluez", folder, ["--node-json", path])
            #expect(again.status == 2 && again.error.contains("is there already"))
        }
        try withFolder { (folder: String) throws in
            let path = folder + "/node.json"
            try "{\"netKeys\":[]}".write(toFile: path, atomically: true, encoding: .utf8)
            let result = try restore("bluez", folder, ["--node-json", path])
            #expect(result.status == 2 && result.error.contains("is no node.json"))
            #expect(!FileManager.default.fileExists(atPath: folder + "/out"), "whole or not at all")
        }
    }

    /// `settings write NAME OCTETS`: IV u32 and a state octet, Seq three octets, RPL a u32 with bit 24.
    @Test func zephyr() throws {
        try withFolder { (folder: String) throws in
            #expect(try restore("zephyr", folder).status == 0)
            try check(
                try text(folder, "settings.txt").split(separator: "\n").map { line in
                    let words = line.split(separator: " ")
                    #expect(words.count == 4 && words[0] == "settings" && words[1] == "write")
                    return (String(words[2].dropFirst("bt/".count)), octets(String(words[3])))
                }, try expected(["--stack", "zephyr"]))
        }
    }

    /// The rules of nvs_partition_gen.py: a header, a namespace row first, keys of at most 15 characters, hex2bin data.
    @Test func espIDF() throws {
        try withFolder { (folder: String) throws in
            #expect(try restore("esp-idf", folder).status == 0)
            let rows = try text(folder, "nvs.csv").split(separator: "\n").map {
                $0.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
            }
            #expect(rows[0] == ["key", "type", "encoding", "value"] && rows[1] == ["mesh_core", "namespace", "", ""])
            let want = try expected(["--stack", "esp-idf"])
            var values: [(String, [UInt8])] = []
            for row in rows.dropFirst(2) {
                #expect(row.count == 4 && row[1] == "data" && row[2] == "hex2bin" && row[0].utf8.count <= 15)
                #expect(row[3].count % 2 == 0 && row[3].allSatisfy(\.isHexDigit))
                if row[0] == "mesh/rpl" {
                    #expect(octets(row[3]).count == 2 * want.sources.count)
                } else {
                    values.append((row[0], octets(row[3])))
                }
            }
            try check(values.map { ($0.0.replacing("rpl/00", with: "RPL/").replacing("rpl", with: "RPL"), $0.1) }, want)
        }
    }

    /// Espressif's generator makes an NVS image of the file, in which each value stands as it should.
    @Test(.enabled(if: isInstalled, "esp-idf-nvs-partition-gen is not in .venv"))
    func espIDFImage() throws {
        try withFolder { (folder: String) throws in
            #expect(try restore("esp-idf", folder).status == 0)
            let arguments = [
                "-m", "esp_idf_nvs_partition_gen", "generate", folder + "/out/nvs.csv", folder + "/nvs.bin", "0x6000",
            ]
            let result = try Program.run(python, arguments)
            #expect(result.status == 0, "\(result.error)")
            let image = try [UInt8](Data(contentsOf: URL(filePath: folder + "/nvs.bin")))
            let want = try expected(["--stack", "esp-idf"])
            let values = blobs(of: image, namespace: "mesh_core")
            #expect(values.first { $0.name == "mesh/rpl" }?.octets.count == 2 * want.sources.count)
            let others = values.filter { $0.name != "mesh/rpl" }
            try check(
                others.map { ($0.name.replacing("rpl/00", with: "RPL/").replacing("rpl", with: "RPL"), $0.1) }, want)
        }
    }

    /// The blobs on the first page of an NVS image, version 2: entries of 32 octets from 64 on, with namespace, type, span,
    /// chunk, CRC-32, a name of 16 octets and 8 of data; type 0x42 is a blob, whose octets follow.
    private func blobs(of image: [UInt8], namespace: String) -> [(name: String, octets: [UInt8])] {
        var found: [(name: String, octets: [UInt8])] = []
        var wanted: UInt8?
        var place = 64
        while place + 32 <= 4096, image[place] != 0xFF {
            let entry = Array(image[place..<place + 32])
            let name = String(decoding: entry[8..<24].prefix { $0 != 0 }, as: UTF8.self)
            if entry[0] == 0, name == namespace { wanted = entry[24] }
            if entry[0] == wanted, entry[1] == 0x42 {
                let size = Int(little(entry[24..<26]))
                found.append((name, Array(image[place + 32..<place + 32 + size])))
            }
            place += 32 * max(1, Int(entry[2]))
        }
        return found
    }

    private func check(_ values: [(name: String, octets: [UInt8])], _ want: Values) throws {
        var seen = 0
        for (name, octets) in values {
            switch name.lowercased() {
            case "mesh/iv":
                #expect(octets.count == 5 && little(octets.prefix(4)) == want.ivIndex)
                #expect(octets[4] & 1 == (want.isUpdating ? 1 : 0) && octets[4] >> 1 == 96)
            case "mesh/seq": #expect(octets.count == 3 && little(octets) == want.next)
            default:
                let address = try #require(UInt16(name.split(separator: "/").last ?? "", radix: 16))
                let digits = String(address, radix: 16, uppercase: true)
                let position = try #require(
                    want.sources["0x" + String(repeating: "0", count: 4 - digits.count) + digits])
                #expect(little(octets) & 0xFF_FFFF == position.seq)
                #expect(little(octets) >> 24 == (position.iv < want.ivIndex ? 1 : 0))
                seen += 1
            }
        }
        #expect(seen == want.sources.count && values.count == seen + 2)
    }

    @Test func callsOfTheOthers() throws {
        try withFolder { (folder: String) throws in
            #expect(try restore("nrf5-sdk", folder).status == 0)
            let want = try expected(["--stack", "nrf5-sdk"])
            let serial = try #require(try text(folder, "restore.c").split(separator: "\n").first { $0.contains(" ae") })
            let octets = octets(String(serial.split(separator: " ").last ?? ""))
            #expect(octets.count == 12 && octets[0] == 0xAE && little(octets[1..<5]) == want.ivIndex)
            #expect(octets[5] == 1 && little(octets[6..<8]) == 0)
            let block = little(octets[8..<12])
            #expect(block % 8192 == 0 && block >= want.next && block - want.next < 8192)
        }
        try withFolder { (folder: String) throws in
            #expect(try restore("silabs", folder, ["--master", "0x0001", "--elements", "3"]).status == 0)
            let want = try expected(["--stack", "silabs", "--master", "0x0001", "--elements", "3"])
            let calls = try text(folder, "restore.c")
            #expect(calls.contains("sl_btmesh_test_set_iv_index(0x\(hexadecimal(want.ivIndex, 8)));"))
            for element in 0..<3 {
                #expect(calls.contains("set_element_seqnum(\(element), 0x\(hexadecimal(want.next, 6)));"))
            }
        }
        try withFolder { (folder: String) throws in
            #expect(try restore("nrf-mesh", folder).status == 0)
            let want = try expected(["--stack", "nrf-mesh"])
            #expect(try text(folder, "restore.swift").contains("setSequenceNumber(0x\(hexadecimal(want.next, 6))"))
            #expect(try text(folder, "Restore.java").contains("setSequenceNumber(0x\(hexadecimal(want.next - 1, 6))"))
        }
        try withFolder { (folder: String) throws in
            #expect(try restore("wireshark", folder).status == 0)
            #expect(try text(folder, "btmesh_nw_keys").hasPrefix("\"0x"))
        }
    }

    @Test func withoutANumberNothingIsWritten() throws {
        try withFolder { (folder: String) throws in
            let result = try restore("zephyr", folder, ["--master", "0x0777"])
            #expect(result.status == 1 && result.error.contains("not_heard"))
            #expect(!FileManager.default.fileExists(atPath: folder + "/out"))
        }
    }

    @Test func verifyAnswersInOneWord() throws {
        let before = Checkout.captures.path + "/wrong-replacement.pcap"
        let arguments = [
            "verify", before, "--keys", Checkout.captures.path + "/wrong-replacement.keys.json", "--master", "0x0001",
            "--since", "2026-06-01T00:00:50Z",
        ]
        let result = try Program.run(Program.meshscope, arguments)
        #expect(result.status == 1 && result.output.hasPrefix("ignored: its start SEQ is not above the old one's"))
        let json = try Program.run(Program.meshscope, arguments + ["--format", "json"])
        #expect(json.output.contains("\"verdict\" : \"ignored\""))
        let unheard = try Program.run(Program.meshscope, arguments.dropLast() + ["2026-06-02T00:00:00Z"])
        #expect(unheard.status == 1 && unheard.output.hasPrefix("unclear: "))
    }

    /// What cannot be edited safely is refused, and nothing is written; `BlueZNodeTests` has the cases.
    @Test func bluezNodesThatContradictTheCapture() throws {
        let newer = Self.node.replacing("\"IVindex\":  7 ", with: "\"IVindex\": \(try expected().ivIndex + 5)")
        let foreign = Self.node.replacing("\"key\":\"83", with: "\"key\":\"84")
        for (text, message) in [(newer, "newer IV state"), (foreign, "a node of another network")] {
            try withFolder { (folder: String) throws in
                let path = folder + "/n"
                try text.write(toFile: path, atomically: true, encoding: .utf8)
                let result = try restore("bluez", folder, ["--node-json", path])
                #expect(result.status == 2 && result.error.contains(path + ": "), "\(result.error)")
                #expect(result.error.contains(message))
                #expect(!FileManager.default.fileExists(atPath: folder + "/out"))
            }
        }
        let other = try Program.run(
            "restore", capture, "--keys", keys, "--for", "zephyr", "--node-json", "n", "-o", "out")
        #expect(other.status == 64 && other.error.contains("--node-json is for --for bluez"))
        let result = try Program.run("restore", capture, "--keys", keys, "--for", "zephyr", "-o", "")
        #expect(result.status == 2 && result.error.contains("no name"))
    }

    @Test func aDeviceThatGoesOnIsNoReplacement() throws {
        let path = Checkout.captures.path + "/iv-update"
        let result = try Program.run(
            "verify", path + ".pcap", "--keys", path + ".keys.json", "--master", "0x0001", "--since",
            "2026-06-01T00:00:03Z")
        #expect(result.status == 1 && result.output.hasPrefix("unclear:"))
        let wrongDay = try Program.run(
            "verify", path + ".pcap", "--keys", path + ".keys.json", "--master", "0x0001", "--since",
            "2026-02-31T00:00:03Z")
        #expect(wrongDay.status == 64)
    }
}
