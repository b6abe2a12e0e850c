import ArgumentParser
import Foundation
import MeshTimelines
import TestSupport
import Testing

@testable import meshscope

private let sampleKey = "7dd7364cd842ad18c17c2b820c84c3d6"
private let steady = Checkout.captures.appending(path: "steady.pcap").path
private let steadyKeys = Checkout.captures.appending(path: "steady.keys.json").path

@Suite struct CommandTests {
    @Test func answersOnAFixture() throws {
        let result = try Program.run("analyze", steady, "--keys", steadyKeys)
        #expect(result.status == 0)
        #expect(
            result.output.hasPrefix("✓ Master 0x0001 of network steady can be resumed, if it failed by 2026-06-01T"))
        #expect(result.error.isEmpty)
        #expect(!result.output.contains("\u{1B}"), "no colours without a terminal")
    }

    /// libpcap with the libraries that it brings is loaded only by what needs it: a pcap of an old version here.
    @Test func libpcapIsLoadedWhereItIsNeeded() throws {
        let loaded = try Program.run("--version", environment: ["LD_TRACE_LOADED_OBJECTS": "1"]).output
        #expect(loaded.contains("libcrypto") && !loaded.contains("libpcap"))

        let folder = try Checkout.temporaryFolder()
        defer { try? FileManager.default.removeItem(at: folder) }
        var octets = try Data(contentsOf: URL(filePath: steady))
        let minorVersion = 6
        #expect(octets[minorVersion] == 4)
        octets[minorVersion] = 3
        let old = folder.appending(path: "old.pcap")
        try octets.write(to: old)
        let call = ["--keys", steadyKeys, "-q"]
        let answers = try [steady, old.path].map { try Program.run(Program.meshscope, ["analyze", $0] + call) }
        #expect(answers[0].status == 0 && answers.map(\.output)[0] == answers.map(\.output)[1])
        let libraries = try Program.run("analyze", old.path, environment: ["LD_DEBUG": "files"]).error
        #expect(libraries.contains("libpcap.so"))
    }

    /// The report stays the capture's, whenever it is made.
    @Test func anAnswerThatIsPastIsSaidOnStandardErrorOnly() throws {
        let call = ["analyze", steady, "--keys", steadyKeys]
        let then = try Program.run(Program.meshscope, call)
        let later = try Program.run(Program.meshscope, call, environment: ["SOURCE_DATE_EPOCH": "1790000000"])
        #expect(then.error.isEmpty && later.output == then.output && later.status == 0)
        #expect(later.error.contains("was sure until 2026-06-05T00:00:18Z, which is past"))
    }

    @Test func quietIsThreeLines() throws {
        let answer = try Program.run("analyze", steady, "--keys", steadyKeys, "-q").output
        let lines = answer.split(separator: "\n")
        #expect(
            lines.count == 3 && zip(lines, ["IV Index", "IV Update flag", "start SEQ"]).allSatisfy { $0.contains($1) })
        let failed = "2026-06-01T00:00:05Z"
        let warned = try Program.run("analyze", steady, "--keys", steadyKeys, "-q", "--failed-at", failed)
        #expect(warned.error.contains("ATTENTION: the source was heard after it is said to have failed"))
        let none = try Program.run("analyze", steady, "--keys", steadyKeys, "-q", "--master", "0x7777")
        #expect(none.output.hasPrefix("✗ Master 0x7777") && none.status == 1)
    }

    /// One query is the whole answer.
    @Test func theJSONsMasterHasTheTriple() throws {
        let text = try Program.run("analyze", steady, "--keys", steadyKeys, "--format", "json").output
        let object = try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
        let master = try #require(object["master"] as? [String: Any])
        #expect(master["iv_index"] as? Int == 3496 && master["update_in_progress"] as? Bool == false)
        #expect(master["recommended_seq"] as? Int == 349_596 && master["minimum_seq"] as? Int == 83_351)
        let sum = try Program.filter([UInt8](try Data(contentsOf: URL(filePath: steady))), through: "sha256sum")
        let capture = try #require((object["captures"] as? [[String: Any]])?.first)
        #expect(capture["sha256"] as? String == String(decoding: sum.prefix(64), as: UTF8.self))
        let version = try Program.run("--version").output
        #expect((object["tool"] as? [String: Any])?["version"] as? String == String(version.dropLast()))
        let findings = try #require(object["findings"] as? [[String: Any]])
        #expect(findings.allSatisfy { !($0["message"] as? String ?? "").isEmpty })
    }

    @Test(arguments: Fact.Kind.allCases)
    func everyFindingIsExplainedWithAnExample(kind: Fact.Kind) throws {
        let outcome = try Program.run("explain", kind.rawValue)
        #expect(
            outcome.status == 0 && outcome.output.contains("In a report it stands as:\n  \(kind.severity.rawValue)"))
        #expect(outcome.output.contains("Severity: `\(kind.severity.rawValue)`"))
        #expect(outcome.output.split(separator: "\n").allSatisfy { $0.count <= 100 })
    }

    @Test func aKindThatIsNoneIsRefusedWithTheOthers() throws {
        #expect(try Program.run("explain", "sequence_jumps").status == 64)
        let list = try Program.run("explain").output
        #expect(Fact.Kind.allCases.allSatisfy { list.contains($0.rawValue) })
    }

    @Test(arguments: [
        ("{\"networks\": [\n  {\"netkeys\": [ {\"index\": 0, \"key\": 5x } ] } ] }", "look at line 2, column 38"),
        ("{\"networks\": [\n", "it ends before all that was begun is closed"),
    ])
    func whatIsNoJSONIsToldWithItsPlace(text: String, place: String) throws {
        let folder = try Checkout.temporaryFolder()
        defer { try? FileManager.default.removeItem(at: folder) }
        let keys = folder.appending(path: "keys.json")
        try Data(text.utf8).write(to: keys)
        let outcome = try Program.run("analyze", steady, "--keys", keys.path)
        #expect(outcome.status == 2 && outcome.error.contains("is no JSON: \(place)"), "\(outcome.error)")
    }

    @Test func anAddressThatIsNearlyOneIsToldHowToBeWritten() throws {
        let outcome = try Program.run("analyze", steady, "--master", "10")
        #expect(outcome.status == 64 && outcome.error.contains("for the address 0x0010 write that"))
        let misspelt = try Program.run("analyze", steady, "--mster", "0x0001")
        #expect(misspelt.error.contains("Did you mean '--master'?"))
        for arguments in [["analyse", steady], [steady]] {
            let unknown = try Program.run(Program.meshscope, arguments)
            #expect(
                unknown.status == 64 && unknown.error.contains("there are analyze, decode, restore"), "\(unknown.error)"
            )
        }
        let stack = try Program.run("analyze", steady, "--stack", "zefir")
        #expect(stack.status == 64 && stack.error.contains("- zephyr"))
    }

    /// Whoever sends under the master's address now is said right behind the numbers, whether or not peers take what it says.
    @Test func anotherSenderUnderTheAddressIsSaid() throws {
        let keys = Checkout.captures.appending(path: "wrong-replacement.keys.json").path
        let capture = Checkout.captures.appending(path: "wrong-replacement.pcap").path
        let text = try Program.run("analyze", capture, "--keys", keys).output
        let lines = text.split(separator: "\n").map(String.init)
        let warning = try #require(lines.firstIndex { $0.hasPrefix("  ATTENTION: SEQ ") }, "\(text)")
        let number = try #require(lines.firstIndex { $0.contains("start SEQ  ") })
        #expect(lines[0].hasPrefix("! ") && number < warning && warning < number + 3)
    }

    @Test func aWrongKeyIsSaidWithItsNID() throws {
        let outcome = try Program.run("analyze", steady, "--netkey", sampleKey)
        let text = outcome.output.replacing("\n ", with: "").replacing("  ", with: " ")
        #expect(
            text.contains("This key opens nothing here: 0 of 24 beacons, 0 of 169 PDUs (its NID is 0x68, heard: 0x37)"))
        #expect(!text.contains("new unicast address"), "no way out that would be wrong")
    }

    @Test func aFailureIsToldByATimeOrBeforeTheEnd() throws {
        func headline(_ failedAt: String) throws -> String {
            let result = try Program.run("analyze", steady, "--keys", steadyKeys, "--failed-at", failedAt)
            return result.status == 0 ? String(result.output.prefix { $0 != "." }) : "\(result.status) \(result.error)"
        }
        let ago = try headline("3s ago")
        #expect(ago.hasPrefix("✓ Master 0x0001 of network steady can be resumed;") && !ago.contains("if it failed by"))
        #expect(try headline("2026-06-01T00:00:19Z").hasPrefix("✓ Master 0x0001 of network steady can be resumed;"))
        for wrong in ["3 ago", "ago", "3w ago", "-3h ago", "1.5h ago"] {
            #expect(try headline(wrong).hasPrefix("64 "), "\(wrong)")
        }
    }

    @Test func theREADMEShowsWhatTheDemoPrints() throws {
        let arguments = ["analyze", "Captures/steady.pcap", "--keys", "Captures/steady.keys.json"]
        let demo = try Program.run(Program.meshscope, arguments, folder: Checkout.root).output
        let readme = try String(contentsOfFile: Checkout.root.path + "/README.md", encoding: .utf8)
        #expect(readme.contains("```\n" + demo + "```"))
    }

    @Test func theAnswerNoIsStatusOne() throws {
        #expect(try Program.run("analyze", steady, "--netkey", sampleKey).status == 1)
        #expect(try Program.run("analyze", steady, "--keys", steadyKeys, "--master", "0x7777").status == 1)
        #expect(try Program.run("analyze", steady).status == 0, "without a key nothing was asked")
    }

    @Test(arguments: [
        (["analyze", "/nonexistent.pcap"], "No such file"), (["analyze", "/tmp"], "directory"),
        (["analyze", "/dev/null"], "empty"), (["analyze", "/bin/sh"], "no capture"),
        (["analyze", steady, "--netkey", "12345"], "--netkey number 1: the key has 5 characters"),
        (["analyze", steady, "--netkey", "7dd7364cd842ad18c17c2b820c84c3dz"], "position 32"),
        (["analyze", steady, "--netkey", "0x" + sampleKey, "--netkey", sampleKey], "same key"),
        (["analyze", steady, "--keys", "/nonexistent"], "cannot be opened"),
        (["analyze", steady, "--keys", steady], "is a capture (pcap), not keys"),
        (["analyze", steady, "--keys", steadyKeys, "--netkey", sampleKey, "--netkey", "0=" + sampleKey], "same key"),
        (["analyze", steady, "--keys", steadyKeys, "--keys", steadyKeys], "in two networks"),
        (["analyze", steadyKeys], "looks like keys: use --keys"),
        (["analyze", steady, "--output", "/nonexistent/report"], "cannot be written"),
        (["check", "--captures", "/nonexistent"], "no folder"), (["keys"], "no key"),
        (["simulate", "steady", "-o", "/nonexistent/x.pcap"], "cannot be written"),
    ])
    func anUnusableInputIsStatusTwoAndSaysWhy(arguments: [String], message: String) throws {
        let result = try Program.run(Program.meshscope, arguments)
        #expect(result.status == 2)
        #expect(result.error.contains(message), "\(result.error)")
        #expect(result.error.hasPrefix("meshscope: error: "))
        #expect(result.output.isEmpty)
        #expect(!result.error.contains("7dd7364c"), "a key shows")
    }

    @Test(arguments: [
        ["analyze"], ["frobnicate"], ["analyze", steady, "--format", "xml"], ["analyze", steady, "--master", "0x8000"],
        ["analyze", steady, "--master", "10"], ["simulate", "steady", "-o", "-"],
        ["analyze", steady, "--iv-index", "-1"], ["analyze", "-", "-"], ["simulate", "nothing", "-o", "x"],
        ["simulate", "steady", "--link-type", "1", "-o", "x"],
    ])
    func wrongUsageIsStatusSixtyFour(arguments: [String]) throws {
        #expect(try Program.run(Program.meshscope, arguments).status == 64)
    }

    @Test func readsStandardInputAlsoCompressed() throws {
        let plain = try Program.run("analyze", steady, "--keys", steadyKeys, "--format", "json")
        let octets = try Data(contentsOf: URL(filePath: steady))
        let arguments = ["analyze", "-", "--keys", steadyKeys, "--format", "json"]
        let piped = try Program.run(Program.meshscope, arguments, input: octets)
        let named = plain.output.replacing("\"path\" : \"\(steady)\"", with: "\"path\" : \"-\"")
        #expect(piped.output == named.replacing(#/"sha256" : "[0-9a-f]{64}"/#, with: "\"sha256\" : null"))
        let gzip = try #require(Program.find("gzip"))
        let shell =
            "\(gzip.path) -c '\(steady)' | '\(Program.meshscope.path)' analyze - --keys '\(steadyKeys)' --format json"
        #expect(try Program.run(URL(filePath: "/bin/sh"), ["-c", shell]).output == piped.output)
    }

    @Test func anOutputNeverTakesTheInputsPlace() throws {
        let folder = try Checkout.temporaryFolder()
        defer { try? FileManager.default.removeItem(at: folder) }
        for (name, original) in [("x.pcap", steady), ("k.json", steadyKeys)] {
            try FileManager.default.copyItem(atPath: original, toPath: folder.path + "/" + name)
        }
        for target in ["x.pcap", "k.json", "./x.pcap"] {
            let arguments = ["analyze", "x.pcap", "--keys", "k.json", "-o", target]
            let result = try Program.run(Program.meshscope, arguments, folder: folder)
            #expect(result.status == 2 && result.error.contains("is an input"))
        }
        #expect(try Data(contentsOf: folder.appending(path: "x.pcap")) == Data(contentsOf: URL(filePath: steady)))
    }

    @Test func readsKeysFromAPipe() throws {
        let bash = try #require(Program.find("bash"))
        let shell = "'\(Program.meshscope.path)' analyze '\(steady)' --keys <(cat '\(steadyKeys)')"
        #expect(try Program.run(bash, ["-c", shell]).status == 0)
    }

    @Test func anUnusableCaptureDoesNotTakeTheOthersWithIt() throws {
        let result = try Program.run("analyze", steady, "/nonexistent.pcap", "--keys", steadyKeys)
        #expect(result.status == 2)
        #expect(result.output.contains("can be resumed") && result.output.contains("ATTENTION: /nonexistent.pcap"))
        #expect(result.error.contains("/nonexistent.pcap"))
    }

    @Test func nothingFromTheAirReachesTheTerminalUnescaped() throws {
        let folder = try Checkout.temporaryFolder()
        defer { try? FileManager.default.removeItem(at: folder) }
        let path = folder.appending(path: "\u{1B}[31mred.pcap").path
        try FileManager.default.copyItem(atPath: steady, toPath: path)
        let result = try Program.run("analyze", path, "--keys", steadyKeys)
        #expect(result.status == 0 && !result.output.contains("\u{1B}"))
    }

    @Test func takesKeysFromTheEnvironment() throws {
        let environment = ["MESHSCOPE_NETKEY": "0=\(sampleKey) 1=f7a2a44f8e8a8029064f173ddc1e2b00"]
        let result = try Program.run("keys", environment: environment)
        #expect(result.status == 0)
        #expect(result.output.contains("3ecaff672f673370") && result.output.contains("0x68"))
        #expect(!result.output.contains("5423d967da639a99cb02231a83f7d254"), "secrets only when asked")
        let secrets = try Program.run("keys", "--show-secrets", environment: environment)
        #expect(secrets.output.contains("5423d967da639a99cb02231a83f7d254"))
        #expect(!secrets.output.contains(sampleKey))
    }

    @Test func writesAReportWholeOrNotAtAll() throws {
        let folder = try Checkout.temporaryFolder()
        defer { try? FileManager.default.removeItem(at: folder) }
        let report = folder.appending(path: "report.json").path
        let arguments = ["analyze", steady, "--keys", steadyKeys, "--format", "json"]
        #expect(try Program.run(Program.meshscope, arguments + ["-o", report]).output.isEmpty)
        let printed = try Program.run(Program.meshscope, arguments).output
        #expect(try String(contentsOfFile: report, encoding: .utf8) == printed)
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["report.json"])
    }

    @Test func aClosedPipeIsNoError() throws {
        let shell = "'\(Program.meshscope.path)' analyze '\(steady)' --keys '\(steadyKeys)' --format json | head -n 1; "
        let status = "echo ${PIPESTATUS[0]}"
        let bash = try #require(Program.find("bash"))
        #expect(try Program.run(bash, ["-c", shell + status]).output == "{\n0\n")
    }

    @Test func doesNotDependOnLocaleOrTimeZone() throws {
        let arguments = ["analyze", steady, "--keys", steadyKeys]
        let plain = try Program.run(Program.meshscope, arguments)
        // The zones below `right` count leap seconds.
        for zone in ["Asia/Kathmandu", "right/UTC"] {
            let other = try Program.run(
                Program.meshscope, arguments,
                environment: ["TZ": zone, "LC_ALL": "tr_TR.UTF-8", "LANG": "ar_EG"])
            #expect(plain.output == other.output, "\(zone)")
        }
    }

    @Test func simulationsRepeat() throws {
        let folder = try Checkout.temporaryFolder()
        defer { try? FileManager.default.removeItem(at: folder) }
        func simulate(_ name: String, _ seed: String) throws -> Data {
            let path = folder.appending(path: name).path
            #expect(try Program.run("simulate", "subnets", "--seed", seed, "-o", path).status == 0)
            return try Data(contentsOf: URL(filePath: path))
        }
        let first = try simulate("a.pcap", "4")
        #expect(try simulate("b.pcap", "4") == first)
        #expect(try simulate("c.pcap", "5") != first)
        let truth = try String(contentsOfFile: folder.path + "/a.truth.json", encoding: .utf8)
        #expect(truth.contains("meshscope.truth/1"))
        #expect(try Program.run("analyze", folder.path + "/a.pcap", "--keys", folder.path + "/a.keys.json").status == 0)
    }

    @Test func helpHasExamples() throws {
        for command in [[], ["analyze"], ["decode"], ["check"], ["keys"], ["simulate"]] {
            let result = try Program.run(Program.meshscope, command + ["--help"])
            #expect(result.status == 0 && result.output.contains("Example"))
        }
    }

    /// A subcommand's help is the same, however it is asked for.
    @Test func helpIsTheSameEitherWay() throws {
        let names = Meshscope.configuration.subcommands.compactMap { $0.configuration.commandName }
        #expect(names.count >= 10)
        for name in names {
            let wanted = try Program.run(Program.meshscope, ["help", name])
            for arguments in [[name, "--help"], [name, "-h"]] {
                let result = try Program.run(Program.meshscope, arguments)
                #expect(result.status == 0 && result.output == wanted.output, "\(arguments)")
            }
        }
    }

    @Test func wiresharkTablesAreSecretAndReplaceNothing() throws {
        let folder = try Checkout.temporaryFolder()
        defer { try? FileManager.default.removeItem(at: folder) }
        let profile = folder.appending(path: "profile").path
        let arguments = ["keys", "--keys", steadyKeys, "--wireshark", profile, steady]
        #expect(try Program.run(Program.meshscope, arguments).status == 0)
        let table = try String(contentsOfFile: profile + "/btmesh_nw_keys", encoding: .utf8)
        #expect(table.split(separator: "\n").count == 1 && table.hasPrefix("\"0x"))
        for name in ["btmesh_nw_keys", "btmesh_dev_keys", "btmesh_label_uuids"] {
            let attributes = try FileManager.default.attributesOfItem(atPath: profile + "/" + name)
            #expect(attributes[.posixPermissions] as? Int == 0o600, "\(name)")
        }
        let again = try Program.run(Program.meshscope, arguments)
        #expect(again.status == 2 && again.error.contains("is there already"))
        let unknown = try Program.run("keys", "--keys", steadyKeys, "--wireshark", folder.path + "/other")
        #expect(unknown.status == 2 && unknown.error.contains("no IV Index is known"))
        #expect(try Program.run("keys", "--keys", steadyKeys, steady).status == 64)
    }

    @Test func decodeFilters() throws {
        func lines(_ options: String...) throws -> [Substring] {
            let result = try Program.run(Program.meshscope, ["decode", steady, "--keys", steadyKeys] + options)
            #expect(result.status == 0, "\(options): \(result.error)")
            return result.output.split(separator: "\n")
        }
        let all = try lines()
        #expect(try lines("--network", "steady").count == all.count)
        #expect(try lines("--network", "1").count == all.count)
        let middle = "2026-06-01T00:00:12Z"
        let (before, after) = (try lines("--until", middle), try lines("--since", middle))
        #expect(!before.isEmpty && !after.isEmpty && before.count + after.count == all.count)
        #expect(before.allSatisfy { $0 < middle } && after.allSatisfy { $0 > middle.dropLast() })
        #expect(try lines("--since", "2026-06-01T02:00:12+02:00").count == after.count)
        #expect(all.allSatisfy { $0.contains("  adv heard  ") })
        let wrong = try Program.run("decode", steady, "--keys", steadyKeys, "--network", "nothing")
        #expect(wrong.status == 2 && wrong.error.contains("--network"))
        #expect(try Program.run("decode", steady, "--keys", steadyKeys, "--since", "noon").status == 64)
    }

    /// Configuration messages hand out keys; neither the list nor the JSON shows one.
    @Test func decodeShowsNoKeyThatTheCaptureHandsOut() throws {
        let capture = Checkout.captures.appending(path: "key-refresh.pcapng").path
        let keys = try #require(Checkout.keyFile(of: "key-refresh.pcapng"))
        let folder = try Checkout.temporaryFolder()
        defer { try? FileManager.default.removeItem(at: folder) }
        #expect(try Program.run("keys", "--keys", keys, "--wireshark", folder.path + "/p", capture).status == 0)
        let table = try String(contentsOfFile: folder.path + "/p/btmesh_nw_keys", encoding: .utf8)
        let secrets = Set(table.split { !$0.isHexDigit }.filter { $0.count == 32 && $0.contains { $0 != "0" } })
        #expect(secrets.count >= 3, "the old and the new NetKey, and an AppKey")
        for format in ["text", "jsonl"] {
            let output = try Program.run("decode", capture, "--keys", keys, "--format", format).output
            #expect(output.contains("Config NetKey Update") && output.contains("Config AppKey Update"))
            for secret in secrets { #expect(!output.contains(secret)) }
        }
        let report = try Program.run("analyze", capture, "--keys", keys, "--format", "json").output
        for secret in secrets { #expect(!report.contains(secret)) }
    }
}
