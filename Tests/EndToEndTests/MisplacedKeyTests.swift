import Foundation
import TestSupport
import Testing

private let key = "7dd7364cd842ad18c17c2b820c84c3d6"
private let steady = Checkout.captures.appending(path: "steady.pcap").path
private let steadyKeys = Checkout.captures.appending(path: "steady.keys.json").path
private let advice = "this looks like a key: use --keys, --netkey or MESHSCOPE_NETKEY"

private func grouped(_ separator: String) -> String {
    stride(from: 0, to: 32, by: 2).map { String(key.dropFirst($0).prefix(2)) }.joined(separator: separator)
}

/// No two octets of the key stand beside each other, whatever is between them.
private func showsKey(_ text: String) -> Bool {
    let digits = text.lowercased().replacing("0x", with: "").filter { !":- ".contains($0) }
    return digits.contains("7dd7364c") || digits.contains("0c84c3d6")
}

/// A subcommand and its arguments, as the argument parser tells them.
private struct Command: Decodable {
    struct Argument: Decodable {
        struct Name: Decodable {
            let kind: String
            let name: String

            var text: String { (kind == "long" ? "--" : "-") + name }
        }

        let kind: String
        let names: [Name]?
    }

    let commandName: String
    let arguments: [Argument]?
    let subcommands: [Command]?

    static func all() throws -> [Command] {
        struct Dump: Decodable { let command: Command }
        let text = try Program.run("--experimental-dump-help").output
        return try JSONDecoder().decode(Dump.self, from: Data(text.utf8)).command.subcommands ?? []
    }

    /// What the command needs to get as far as to its work.
    var base: [String] {
        let input = [steady, "--keys", steadyKeys]
        let master = ["--master", "0x0001"]
        switch commandName {
        case "analyze", "decode": return input
        case "restore": return input + master + ["--for", "bluez", "-o", "restored"]
        case "verify": return input + master + ["--since", "2026-06-01T00:00:10Z"]
        case "convert": return input + ["-o", "converted.pcapng"]
        case "check": return [steady, "--reports", Checkout.reports.path]
        case "keys": return ["--keys", steadyKeys]
        case "watch":
            let state = FileManager.default.temporaryDirectory.appending(path: "meshscope-misplaced-state").path
            return input + ["--state", state, "--once"]
        case "state": return [FileManager.default.temporaryDirectory.appending(path: "meshscope-no-state").path]
        case "simulate": return ["steady", "-o", "simulated.pcap"]
        default: return []
        }
    }
}

@Suite struct MisplacedKeyTests {
    private func run(_ arguments: [String]) throws -> Program.Outcome {
        let folder = try Checkout.temporaryFolder()
        defer { try? FileManager.default.removeItem(at: folder) }
        return try Program.run(Program.meshscope, arguments, folder: folder)
    }

    private func expectSilence(_ arguments: [String]) throws {
        let result = try run(arguments)
        #expect([0, 1, 2, 64].contains(result.status), "\(arguments): \(result.status)")
        #expect(!showsKey(result.output), "\(arguments): \(result.output)")
        #expect(!showsKey(result.error), "\(arguments): \(result.error)")
    }

    @Test func noOptionOfAnyCommandShowsAKeyThatIsItsValue() throws {
        var tried = 0
        for command in try Command.all() {
            for argument in command.arguments ?? [] {
                for name in (argument.names ?? []).map(\.text) {
                    let glued = name.hasPrefix("--") ? "\(name)=\(key)" : name + key
                    try expectSilence([command.commandName, glued])
                    tried += 1
                    guard argument.kind == "option" else { continue }
                    try expectSilence([command.commandName] + command.base + [name, key])
                    try expectSilence([command.commandName] + command.base + [name, grouped(":").uppercased()])
                }
            }
        }
        #expect(tried > 60, "the dump of the help has another form: \(tried)")
    }

    @Test func noCommandShowsAKeyThatIsAnArgumentOrAnUnknownOption() throws {
        let commands = try Command.all()
        #expect(commands.count >= 8)
        for form in [key, key.uppercased(), "0x" + key, grouped(":"), grouped("-"), grouped(" "), "1=" + key] {
            try expectSilence([form])
            try expectSilence(["help", form])
            for command in commands {
                try expectSilence([command.commandName, form])
                try expectSilence([command.commandName] + command.base + [form])
                try expectSilence([command.commandName, "--" + form])
                try expectSilence([command.commandName] + command.base + ["--netkeys=" + form])
            }
        }
    }

    private static let after = ["--since", "2026-06-01T00:00:10Z"]
    private static let unusable: [[String]] = [
        ["analyze", key], ["check", key], ["check", "--captures", key], ["keys", "--keys", key],
        ["analyze", steady, "--output", "/nonexistent/" + key], ["decode", key, "--keys", steadyKeys],
        ["verify", key, "--keys", steadyKeys, "--master", "0x0001"] + after,
    ]
    private static let wrongUsage: [[String]] = [
        ["analyze", steady, "--master", key], ["analyze", steady, "--stack", key], ["simulate", key, "-o", "x"],
        ["verify", steady, "--master", "0x0001", "--since", key],
        [key], [key.uppercased()], ["analyze", steady, "--master", grouped(":")],
    ]

    @Test(arguments: unusable.map { ($0, Int32(2)) } + wrongUsage.map { ($0, Int32(64)) })
    func aKeyInTheWrongPlaceIsAnsweredWithTheRightOne(arguments: [String], status: Int32) throws {
        let result = try run(arguments)
        #expect(result.status == status)
        #expect((result.output + result.error).contains(advice), "\(result.error)")
        #expect((result.output + result.error).contains("[masked: looks like a key]"))
    }

    @Test func theParsersOtherMessagesStayAsTheyWere() throws {
        let result = try run(["analyze", steady, "--master", "0x8000"])
        #expect(result.status == 64 && result.error.hasPrefix("Error: The value '0x8000' is invalid for '--master"))
        #expect(result.error.contains("Usage: meshscope analyze") && !result.error.contains("Note:"))
        let version = try run(["--version"])
        #expect(version.status == 0 && !version.output.isEmpty && version.error.isEmpty)
    }

    /// A capture that has such a name is analysed, and its name is in no report.
    @Test func noReportNamesACaptureByAKey() throws {
        let folder = try Checkout.temporaryFolder()
        defer { try? FileManager.default.removeItem(at: folder) }
        let whole = try Data(contentsOf: URL(filePath: steady))
        try whole.write(to: folder.appending(path: key + ".pcap"))
        try whole.dropLast(7).write(to: folder.appending(path: "cut-\(key).pcap"))
        try Data().write(to: folder.appending(path: "empty-\(key)"))
        let keys = ["--keys", steadyKeys]
        let master = keys + ["--master", "0x0001"]
        for name in ["\(key).pcap", "cut-\(key).pcap", "empty-\(key)"] {
            for arguments in [
                ["analyze", name] + keys, ["analyze", steady, name, "--format", "json"] + keys,
                ["decode", name, "--format", "jsonl"] + keys, ["check", name, "--reports", "reports"],
                ["check", name, "--reports", "reports", "--record"],
                ["verify", name, "--format", "json", "--since", "2026-06-01T00:00:10Z"] + master,
                ["restore", name, "--for", "zephyr", "-o", "restored-" + name] + master,
            ] {
                let result = try Program.run(Program.meshscope, arguments, folder: folder)
                #expect(!showsKey(result.output) && !showsKey(result.error), "\(arguments)")
                #expect([0, 1, 2].contains(result.status), "\(arguments)")
            }
        }
        let readme = try String(contentsOfFile: folder.path + "/restored-\(key).pcap/README.md", encoding: .utf8)
        #expect(readme.contains("masked: looks like a key") && !showsKey(readme))
        let report = try Program.run(
            Program.meshscope, ["analyze", "\(key).pcap", "--format", "json"] + keys, folder: folder)
        #expect(report.status == 0)
        #expect(report.output.contains(#""path" : "[masked: looks like a key].pcap""#))
    }
}
