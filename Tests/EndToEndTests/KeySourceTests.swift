import Foundation
import TestSupport
import Testing

private let sampleKey = "7dd7364cd842ad18c17c2b820c84c3d6"
private let otherKey = "f7a2a44f8e8a8029064f173ddc1e2b00"
private let steadyKeys = Checkout.captures.appending(path: "steady.keys.json").path

/// Where keys come from, and what is said of it.
@Suite struct KeySourceTests {
    private let ignored = "meshscope: warning: MESHSCOPE_NETKEY is ignored: "

    @Test(arguments: [otherKey, "no key at all", "0=" + sampleKey])
    func anOptionWinsOverTheEnvironmentAndSaysSo(environment: String) throws {
        for (option, value) in [("--netkey", sampleKey), ("--keys", steadyKeys)] {
            let alone = try Program.run("keys", option, value)
            let both = try Program.run("keys", option, value, environment: ["MESHSCOPE_NETKEY": environment])
            #expect(both.status == 0 && both.output == alone.output)
            #expect(both.error == ignored + "\(option) is given, which wins\n", "\(both.error)")
            #expect(alone.error.isEmpty)
        }
    }

    @Test func anEmptyVariableIsNone() throws {
        let result = try Program.run("keys", "--keys", steadyKeys, environment: ["MESHSCOPE_NETKEY": " "])
        #expect(result.status == 0 && result.error.isEmpty)
    }

    @Test func theRuleIsInTheHelp() throws {
        let help = try Program.run("analyze", "--help").output.split { $0.isWhitespace }.joined(separator: " ")
        #expect(help.contains("is ignored, with a warning, where --netkey or --keys is given"))
    }

    @Test func aMisspeltMemberIsRefusedOrWarnedOf() throws {
        let folder = try Checkout.temporaryFolder()
        defer { try? FileManager.default.removeItem(at: folder) }
        let path = folder.appending(path: "k.json").path
        func run(_ text: String) throws -> Program.Outcome {
            try text.write(toFile: path, atomically: true, encoding: .utf8)
            return try Program.run("keys", "--keys", path)
        }
        let own = try run(#"{"networks": [{"mastr": "0x0001", "netkeys": [{"key": "\#(sampleKey)"}]}]}"#)
        #expect(own.status == 2 && own.output.isEmpty)
        #expect(own.error.contains(#"networks[0]: unknown member "mastr"; did you mean "master"?"#))
        let database = try run(#"{"netKeys": [{"key": "\#(sampleKey)", "odlKey": "\#(otherKey)"}]}"#)
        #expect(database.status == 0)
        let slip = #"k.json: netKeys[0]: unknown member "odlKey"; did you mean "oldKey"?"#
        #expect(database.error.hasPrefix("meshscope: warning: ") && database.error.contains(slip), "\(database.error)")
        #expect(try Program.run("decode", "/dev/null", "--keys", path).error.contains(slip))
    }
}
