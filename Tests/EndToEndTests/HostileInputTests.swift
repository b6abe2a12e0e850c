import CaptureFiles
import Foundation
import TestSupport
import Testing

private let steady = Checkout.captures.appending(path: "steady.pcap").path
private let steadyKeys = Checkout.captures.appending(path: "steady.keys.json").path

/// Names, texts and files of somebody who means harm, and of a machine that is full.
@Suite struct HostileInputTests {
    private func withFolder(_ body: (URL) throws -> Void) throws {
        let folder = try Checkout.temporaryFolder()
        defer { try? FileManager.default.removeItem(at: folder) }
        try body(folder)
    }

    private func shell(_ line: String, in folder: URL) throws -> Program.Outcome {
        let line = "M='\(Program.meshscope.path)'; CAPTURE='\(steady)'; KEYS='\(steadyKeys)'; \(line)"
        return try Program.run(URL(filePath: "/bin/bash"), ["-c", line], folder: folder)
    }

    /// ESC, OSC, BEL, DEL, C1's CSI, an override of direction, a line separator.
    private static let marks = "\u{1B}[31m\u{1B}]0;x\u{07}\u{7F}\u{9B}31m\u{202E}\u{2066}\u{2028}"
    private static let hidden = "\u{1B}\u{07}\u{7F}\u{9B}\u{202E}\u{2066}\u{2028}".unicodeScalars

    /// Every command that says something, in every format, with names of files and of key files that a terminal would obey.
    @Test(arguments: [
        "$M analyze \"$NAME\" --keys k.json", "$M analyze \"$NAME\" --keys k.json --format json",
        "$M analyze \"$NAME\" \"no$NAME\" --keys k.json", "$M analyze \"no$NAME\" --keys \"no$NAME\"",
        "$M decode \"$NAME\" --keys k.json", "$M decode \"$NAME\" --keys k.json --format jsonl",
        "$M decode \"no$NAME\" --keys k.json", "$M keys --keys k.json", "$M keys --keys k.json --audit \"$NAME\"",
        "$M keys --keys \"no$NAME\"", "$M check \"$NAME\"", "$M check --captures . --reports \"$NAME.d\" --record",
        "$M check --captures . --reports .", "$M restore \"$NAME\" --keys k.json --stack zephyr -o \"$NAME.r\"",
        "$M verify \"$NAME\" --keys k.json --master 1 --since 2026-06-01T00:00:10Z",
        "$M verify \"$NAME\" --keys k.json --master 1 --since 2026-06-01T00:00:10Z --format json",
        "$M simulate \"$NAME\" -o x.pcap", "$M simulate steady -o \"no/$NAME\"", "$M \"$NAME\"",
        "$M analyze --\"$NAME\"",
    ])
    func noOutputHoldsWhatATerminalWouldObey(line: String) throws {
        try withFolder { folder in
            let name = Self.marks + ".pcap"
            try FileManager.default.copyItem(atPath: steady, toPath: folder.path + "/" + name)
            let keys = try String(contentsOfFile: steadyKeys, encoding: .utf8)
            let named = keys.replacing(
                "\"steady\"",
                with: "\"\(Self.marks.replacing("\u{1B}", with: "\\u001b").replacing("\u{07}", with: "\\u0007"))\"")
            #expect(named != keys)
            try Data(named.utf8).write(to: folder.appending(path: "k.json"))
            try Data(named.utf8).write(to: folder.appending(path: Self.marks + ".keys.json"))
            let outcome = try shell("NAME='\(name)'; \(line)", in: folder)
            #expect(!(outcome.output + outcome.error).isEmpty)
            let shown = (outcome.output + outcome.error).unicodeScalars.filter { Self.hidden.contains($0) }
            #expect(shown.isEmpty, "\(line): \(outcome.output.debugDescription) \(outcome.error.debugDescription)")
        }
    }

    /// JSON that is made visible is the same JSON.
    @Test func namesInJSONAreWhatTheyAre() throws {
        try withFolder { folder in
            let name = Self.marks + ".pcap"
            try FileManager.default.copyItem(atPath: steady, toPath: folder.path + "/" + name)
            let outcome = try shell("$M analyze '\(name)' --keys $KEYS --format json", in: folder)
            let report = try JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [String: Any]
            let capture = try #require((report?["captures"] as? [[String: Any]])?.first)
            #expect(capture["path"] as? String == name)
        }
    }

    @Test func namesThatAreNoUTF8CanBeOpened() throws {
        try withFolder { folder in
            let outcome = try shell(
                """
                A=$(printf 'b\\xff\\xe9.pcap'); cp $CAPTURE "$A"; gzip -c $CAPTURE > "$A.gz"; K=$(printf '\\xfe.json'); cp $KEYS "$K"
                O=$(printf '\\xfd.txt')
                $M analyze "$A" --keys "$K" -o "$O" && $M analyze "$A.gz" --keys "$K" > plain.txt && cat "$O" && ! $M analyze "$A" -o "$A"
                """, in: folder)
            #expect(outcome.status == 0 && outcome.output.contains("b\\u{10ffff}\\u{10ffe9}.pcap"))
            #expect(outcome.error.contains("is an input as well"))
        }
    }

    @Test func namesOfAnyOctetsAreReadBack() {
        for octets in [[0x61], [0xFF], [0xC3, 0xA9], [0xC3], [0xE2, 0x82], [0xF0, 0x9F, 0x98, 0x80, 0x80, 0x41]]
            as [[UInt8]]
        {
            #expect(FileName.octets(FileName.text(octets)) == octets)
        }
    }

    @Test func pipesAreReadOnce() throws {
        try withFolder { folder in
            let outcome = try shell(
                "cp $CAPTURE a; $M analyze <(cat a) <(cat a) --keys $KEYS > p; timeout 20 cat p; $M analyze a a --keys $KEYS > q",
                in: folder)
            #expect(outcome.status == 0 && outcome.output.contains("read from a pipe, once"))
            let answers = try ["p", "q"].map { name in
                try String(contentsOf: folder.appending(path: name), encoding: .utf8).split(separator: "\n").prefix(8)
            }
            #expect(answers[0] == answers[1])
        }
    }

    @Test func whatIsReadThroughStandardInputIsNotOverwritten() throws {
        try withFolder { folder in
            let outcome = try shell(
                "cp $CAPTURE a; $M analyze - --keys $KEYS -o a < a; S=$?; cmp a $CAPTURE && exit $S", in: folder)
            #expect(outcome.status == 2 && outcome.error.contains("is an input as well"))
        }
    }

    @Test(arguments: ["-o /dev/full", "> /dev/full"]) func aFullDiskIsCalledSo(target: String) throws {
        try withFolder { folder in
            let outcome = try shell("$M analyze $CAPTURE --keys $KEYS \(target)", in: folder)
            #expect(outcome.status == 2 && outcome.error.contains("the disk is full"))
        }
    }

    /// Killed while it writes, whatever it writes.
    @Test func aKillLeavesNothing() throws {
        try withFolder { folder in
            let outcome = try shell(
                """
                mkdir d; $M simulate benchmark --frames 100000000 -o d/x.pcap & P=$!
                for I in $(seq 100); do sleep 0.05; grep -q '^pos:.*[1-9][0-9]\\{6\\}' /proc/$P/fdinfo/* 2>/dev/null && break; done
                kill -9 $P; wait $P; ls -A d; test $I -lt 100
                """, in: folder)
            #expect(outcome.status == 0 && outcome.output.isEmpty, "\(outcome)")
        }
    }

    @Test func writersOfOneFileDoNotMix() throws {
        try withFolder { folder in
            let outcome = try shell(
                """
                for I in 1 2 3 4 5 6 7 8; do $M simulate lossy --seed $((I % 2)) --force -o x.pcap & done; wait; ls -A
                $M simulate lossy --seed 0 -o zero.pcap; $M simulate lossy --seed 1 -o one.pcap; cmp -s x.pcap zero.pcap || cmp x.pcap one.pcap
                """, in: folder)
            #expect(outcome.status == 0, "\(outcome.error)")
            #expect(outcome.output == "x.keys.json\nx.pcap\nx.truth.json\n")
        }
    }

    @Test(arguments: [("[", "]"), ("{\"networks\":", "}")]) func deepKeyFilesAreRefusedAtOnce(
        open: String, close: String
    ) throws {
        try withFolder { folder in
            let text =
                "{\"netKeys\":" + String(repeating: open, count: 8000) + "1" + String(repeating: close, count: 8000)
                + "}"
            try Data(text.utf8).write(to: folder.appending(path: "k.json"))
            let outcome = try shell("timeout 20 $M keys --keys k.json", in: folder)
            #expect(outcome.status == 2 && outcome.error.contains("has more than 16 levels"))
        }
    }

    /// Five networks of a thousand sources each: more than a report for people lists, and no fewer for machines.
    @Test func theSourcesOfAllNetworksAreInTheJSONOnly() throws {
        try withFolder { folder in
            let hostile = Program.meshscope.deletingLastPathComponent().appending(path: "hostile")
            let capture = folder.appending(path: "x.pcap").path
            #expect(try Program.run(hostile, ["networks", "5", capture]).status == 0)
            let call = ["analyze", capture, "--keys", capture + ".keys.json"]
            let text = try Program.run(Program.meshscope, call).output
            let rest = "… and 181 sources more: all of them are in the JSON."
            #expect(text.split(separator: "\n").count { $0.hasSuffix(rest) } == 5)
            let json = try Program.run(Program.meshscope, call + ["--format", "json"]).output
            let object = try #require(try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: Any])
            let networks = try #require(object["networks"] as? [[String: Any]])
            #expect(networks.map { ($0["sources"] as? [Any])?.count } == Array(repeating: 1000, count: 5))
            let page = try Program.run(Program.meshscope, call + ["--format", "html"]).output
            #expect(page.components(separatedBy: rest).count == 6)
        }
    }
}
