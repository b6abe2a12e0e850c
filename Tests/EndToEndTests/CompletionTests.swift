import Foundation
import TestSupport
import Testing

private let hasExpect = Program.find("expect") != nil

/// What a person types, and what the tab key makes of it, in the shells that people use.
@Suite(.enabled(if: hasExpect, "expect is not installed"))
struct CompletionTests {
    /// Types into a shell that knows the completions, and waits for what should come out.
    private static let script = """
        set timeout 30
        lassign $argv shell folder typed wanted
        cd $folder
        set env(PATH) "$folder/bin:$env(PATH)"
        set env(TERM) vt100
        switch $shell {
          bash { spawn -noecho bash --norc --noprofile; send "PS1='READ''Y> '; source bin/meshscope.bash\r" }
          zsh { spawn -noecho zsh -f; send "PS1='READ''Y> '; fpath=($folder/bin \\$fpath); autoload -U compinit; compinit -u -D\r" }
          fish { spawn -noecho fish --no-config; send "function fish_prompt; echo -n READ''Y'> '; end; source bin/meshscope.fish\r" }
        }
        proc finish {status} { catch { exec kill -9 [exp_pid] }; exit $status }
        expect "READY> " {} timeout { finish 3 }
        sleep 0.5
        send -- "$typed\t"
        expect -ex $wanted { finish 0 } timeout { finish 1 }
        """

    @Test(.enabled(if: Program.find("bash") != nil)) func inBash() throws { try complete("bash", "bash") }
    @Test(.enabled(if: Program.find("zsh") != nil, "zsh is not installed")) func inZsh() throws {
        try complete("zsh", "zsh")
    }
    @Test(.enabled(if: Program.find("fish") != nil, "fish is not installed")) func inFish() throws {
        try complete("fish", "fish")
    }

    private func complete(_ shell: String, _ kind: String) throws {
        let folder = try Checkout.temporaryFolder()
        defer { try? FileManager.default.removeItem(at: folder) }
        let bin = folder.appending(path: "bin")
        try FileManager.default.createDirectory(at: bin, withIntermediateDirectories: false)
        try FileManager.default.createSymbolicLink(
            at: bin.appending(path: "meshscope"), withDestinationURL: Program.meshscope)
        let completions = try Program.run("--generate-completion-script", kind).output
        let name = kind == "zsh" ? "_meshscope" : "meshscope.\(kind)"
        try Data(completions.utf8).write(to: bin.appending(path: name))
        for name in ["steady.pcap", "steady.keys.json"] { try Data().write(to: folder.appending(path: name)) }
        try FileManager.default.createDirectory(
            at: folder.appending(path: "kept-state"), withIntermediateDirectories: false)
        let script = folder.appending(path: "script")
        try Data(Self.script.utf8).write(to: script)
        let typed = [
            ("meshscope analyze steady.p", "cap"), ("meshscope analyze steady.pcap --keys steady.k", "eys.json"),
            ("meshscope ana", "lyze"), ("meshscope analyze --mast", "er"), ("meshscope restore --for zep", "hyr"),
            ("meshscope analyze --state kept", "-state"), ("meshscope explain sequence_o", "utlier"),
        ]
        for (text, wanted) in typed {
            let outcome = try Program.run(
                try #require(Program.find("expect")), [script.path, shell, folder.path, text, wanted])
            #expect(outcome.status == 0, "\(shell): \(text)")
        }
    }
}

/// Manual pages, as `make documents` makes them.
@Suite(.enabled(if: isMaker, "generate-manual is not built: make test builds it"))
struct ManualTests {
    @Test func everyCommandHasAPageWithoutWarnings() throws {
        let folder = try Checkout.temporaryFolder()
        defer { try? FileManager.default.removeItem(at: folder) }
        let script = Checkout.root.appending(path: "Scripts/make-documents")
        let made = try Program.run(script, [Program.meshscope.path, folder.path])
        #expect(made.status == 0, "\(made.error)")
        let help = try Program.run("--help").output
        let commands = help.split(separator: "SUBCOMMANDS:").last.map(String.init) ?? ""
        let names = commands.split(separator: "\n").compactMap { line -> Substring? in
            line.hasPrefix("  ") && line.dropFirst(2).first != " " && !line.contains("See '")
                ? line.split(separator: " ").first : nil
        }
        #expect(names.count > 10)
        for name in ["meshscope"] + names.map({ "meshscope-\($0)" }) {
            let page = folder.appending(path: "man/\(name).1").path
            let text = try String(contentsOfFile: page, encoding: .utf8)
            for section in ["ENVIRONMENT", "FILES", "EXIT STATUS"] {
                #expect(text.split(separator: "\n").count { $0 == ".Sh \(section)" } == 1, "\(name): \(section)")
            }
            guard let groff = Program.find("groff") else { continue }
            let shown = try Program.run(groff, ["-ww", "-mdoc", "-Tutf8", "-z", page])
            #expect(shown.status == 0 && shown.error.isEmpty, "\(name): \(shown.error)")
        }
    }
}

private let isMaker = FileManager.default.isExecutableFile(
    atPath: Program.meshscope.deletingLastPathComponent().appending(path: "generate-manual").path)
