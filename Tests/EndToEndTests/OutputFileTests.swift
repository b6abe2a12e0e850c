import Foundation
import TestSupport
import Testing

private let steady = Checkout.captures.appending(path: "steady.pcap").path
private let steadyKeys = Checkout.captures.appending(path: "steady.keys.json").path
private let analyze = ["analyze", steady, "--keys", steadyKeys, "--format", "json"]

/// Where a report goes that `-o` names, and what is left of what was there.
@Suite struct OutputFileTests {
    private func withFolder(_ body: (URL) throws -> Void) throws {
        let folder = try Checkout.temporaryFolder()
        defer { try? FileManager.default.removeItem(at: folder) }
        try body(folder)
    }

    private func report() throws -> String { try Program.run(Program.meshscope, analyze).output }

    private func text(_ folder: URL, _ name: String) throws -> String {
        try String(contentsOf: folder.appending(path: name), encoding: .utf8)
    }

    private func names(_ folder: URL) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
    }

    private func type(_ folder: URL, _ name: String) throws -> FileAttributeType? {
        let attributes = try FileManager.default.attributesOfItem(atPath: folder.path + "/" + name)
        return attributes[.type] as? FileAttributeType
    }

    private func link(_ folder: URL, _ name: String, to destination: String) throws {
        let path = folder.path + "/" + name
        try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: destination)
    }

    private let command =
        "'\(Program.meshscope.path)' analyze '\(steady)' --keys '\(steadyKeys)' --format json"

    private func shell(_ line: String, in folder: URL, status: Int32 = 0) throws {
        let result = try Program.run(URL(filePath: "/bin/sh"), ["-c", line], folder: folder)
        #expect(result.status == status, "\(result.error)")
    }

    private func write(to output: String, in folder: URL, _ command: [String] = analyze) throws -> Program.Outcome {
        try Program.run(Program.meshscope, command + ["-o", output], folder: folder)
    }

    @Test func aLinkIsFollowedAndTheFileBehindItKeepsItsMode() throws {
        try withFolder { folder in
            let kept = folder.appending(path: "kept")
            try FileManager.default.createDirectory(at: kept, withIntermediateDirectories: false)
            let file = kept.path + "/report.json"
            try Data("old".utf8).write(to: URL(filePath: file))
            try FileManager.default.setAttributes([.posixPermissions: 0o640], ofItemAtPath: file)
            try link(folder, "second", to: "kept/report.json")
            try link(folder, "first", to: folder.path + "/second")
            #expect(try write(to: "first", in: folder).status == 0)
            #expect(try text(kept, "report.json") == report())
            #expect(try FileManager.default.attributesOfItem(atPath: file)[.posixPermissions] as? Int == 0o640)
            #expect(try type(folder, "first") == .typeSymbolicLink && type(folder, "second") == .typeSymbolicLink)
            #expect(try names(folder) == ["first", "kept", "second"] && names(kept) == ["report.json"])
        }
    }

    @Test func aLinkToNothingYetMakesTheFileThatItNames() throws {
        try withFolder { folder in
            try link(folder, "link", to: "report.json")
            #expect(try write(to: "link", in: folder).status == 0)
            #expect(try text(folder, "report.json") == report())
            #expect(try type(folder, "link") == .typeSymbolicLink)
        }
    }

    @Test func linksInACircleAreAnError() throws {
        try withFolder { folder in
            try link(folder, "a", to: "b")
            try link(folder, "b", to: "a")
            let result = try write(to: "a", in: folder)
            #expect(result.status == 2 && result.error.contains("cannot be written"))
            #expect(try names(folder) == ["a", "b"])
        }
    }

    /// As `/dev/stdout` is one: a link to what this process has open. `>>` keeps what was there.
    @Test func standardOutputUnderAnotherNameIsWrittenTo() throws {
        try withFolder { folder in
            try link(folder, "stdout", to: "/proc/self/fd/1")
            try link(folder, "link", to: "stdout")
            #expect(try write(to: "link", in: folder).output == report())
            #expect(try names(folder) == ["link", "stdout"])
            try shell("echo before > log; \(command) -o link >> log", in: folder)
            #expect(try text(folder, "log") == "before\n" + report())
            #expect(try type(folder, "link") == .typeSymbolicLink && type(folder, "stdout") == .typeSymbolicLink)
        }
    }

    @Test func aPipeIsWrittenToAndStays() throws {
        try withFolder { folder in
            try link(folder, "link", to: "pipe")
            try shell("mkfifo pipe && { cat pipe > got & \(command) -o link; wait; }", in: folder)
            #expect(try text(folder, "got") == report())
            #expect(try names(folder) == ["got", "link", "pipe"])
        }
    }

    /// Where there is no room for it, and where a folder has its name.
    @Test func nothingIsLeftOfAFailureAndTheOldReportStays() throws {
        try withFolder { folder in
            try Data("old".utf8).write(to: folder.appending(path: "report"))
            try shell("trap '' XFSZ; ulimit -f 1; \(command) -o report", in: folder, status: 2)
            #expect(try names(folder) == ["report"] && text(folder, "report") == "old")
            let taken = folder.appending(path: "taken")
            try FileManager.default.createDirectory(at: taken, withIntermediateDirectories: false)
            #expect(try write(to: "taken", in: folder).status == 2)
            #expect(try names(folder) == ["report", "taken"] && names(taken).isEmpty)
        }
    }

    /// Another writer's half file is not this one's to empty.
    @Test func whatIsWrittenMeanwhileHasANameOfItsOwn() throws {
        try withFolder { folder in
            try Data("another's".utf8).write(to: folder.appending(path: "x.pcap.part"))
            let command = ["simulate", "benchmark", "--frames", "10"]
            #expect(try write(to: "x.pcap", in: folder, command).status == 0)
            #expect(try text(folder, "x.pcap.part") == "another's")
            #expect(try names(folder) == ["x.keys.json", "x.pcap", "x.pcap.part"])
        }
    }
}
