import CaptureFiles
import Foundation
import KeyFiles
import MeshSimulation
import MeshTestSupport
import TestSupport
import Testing

/// A `meshscope watch` that runs while a test goes on.
final class WatchProcess {
    let process = Process()
    private let folder: TestFolder
    private let output: String
    let state: String

    init(
        _ arguments: [String], keys: String, state: String, environment: [String: String] = [:], shell: String? = nil
    ) throws {
        folder = try TestFolder()
        output = try folder.write([], "output")
        self.state = state
        let watch = ["watch"] + arguments + ["--keys", keys, "--state", state]
        if let shell {
            process.executableURL = URL(filePath: "/bin/sh")
            process.arguments = ["-c", shell + "; exec \"$0\" \"$@\"", Program.meshscope.path] + watch
        } else {
            process.executableURL = Program.meshscope
            process.arguments = watch
        }
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        let file = try FileHandle(forWritingTo: URL(filePath: output))
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = file
        process.standardError = file
        try process.run()
    }

    var said: String { (try? String(contentsOfFile: output, encoding: .utf8)) ?? "" }

    /// Waits until something is so; false where it is not within 30 s.
    func wait(until isSo: () -> Bool) -> Bool {
        for _ in 0..<1500 {
            if isSo() { return true }
            usleep(20_000)
        }
        return false
    }

    func kill() {
        Glibc.kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
    }

    /// Asks it to stop, and returns its exit status.
    func stop() -> Int32 {
        process.terminate()
        process.waitUntilExit()
        return process.terminationReason == .exit ? process.terminationStatus : -process.terminationStatus
    }
}

/// `meshscope watch` as people run it: the process, its signals, its files.
@Suite struct WatchTests {
    private static let steady = Checkout.captures.appending(path: "steady.pcap").path
    private static let keys = Checkout.captures.appending(path: "steady.keys.json").path

    /// The JSON of a capture, or of a state, under one name.
    private func report(_ arguments: [String], keys: String, renaming path: String) throws -> String {
        let result = try Program.run(Program.meshscope, ["analyze"] + arguments + ["--keys", keys, "--format", "json"])
        let plain = result.output.replacing(path, with: "x").replacing(
            #/,\n      "sha256" : (?:null|"[0-9a-f]*")/#, with: "")
        // When somebody listened is told by the machine's clock, and only where a state is asked.
        return plain.replacing(#/  "listening" : \{(?s:.)*?\n  \},\n/#, with: "")
    }

    @Test(arguments: Checkout.fixtures().filter { Checkout.keyFile(of: $0) != nil })
    func whatIsThereIsTakenOnce(fixture: String) throws {
        let folder = try TestFolder()
        let path = Checkout.captures.appending(path: fixture).path
        let keys = try #require(Checkout.keyFile(of: fixture))
        let state = folder.path("state")
        for _ in 1...2 {
            let result = try Program.run("watch", path, "--keys", keys, "--state", state, "--once")
            #expect(result.status == 0, "\(fixture): \(result.error)")
        }
        #expect(
            try report(["--state", state], keys: keys, renaming: path) == report([path], keys: keys, renaming: path),
            "\(fixture)")
    }

    /// Killed at random moments while the file grows: what is kept at the end is what an uninterrupted run keeps.
    @Test(arguments: UInt64(1)...4) func aKilledProcessGoesOn(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        let folder = try TestFolder()
        let octets = [UInt8](try Data(contentsOf: URL(filePath: Self.steady)))
        let path = try folder.write([], "growing.pcap")
        let file = try FileHandle(forWritingTo: URL(filePath: path))
        let state = folder.path("state")
        var place = 0
        var watch = try WatchProcess([path, "--save-every", "1s"], keys: Self.keys, state: state)
        while place < octets.count {
            let count = min(octets.count - place, Int.random(in: 1...(octets.count / 8), using: &generator))
            try file.write(contentsOf: Data(octets[place..<(place + count)]))
            place += count
            usleep(UInt32.random(in: 0...400_000, using: &generator))
            guard Bool.random(using: &generator) else { continue }
            watch.kill()
            watch = try WatchProcess([path, "--save-every", "1s"], keys: Self.keys, state: state)
        }
        // What was written last is read within a second.
        usleep(1_500_000)
        #expect(watch.stop() == 0, "\(watch.said)")
        let kept = try report(["--state", state], keys: Self.keys, renaming: path)
        #expect(try kept == report([Self.steady], keys: Self.keys, renaming: Self.steady), "seed \(seed)")
    }

    /// systemd's protocol: ready, alive, stopping.
    @Test func theServiceManagerIsTold() throws {
        let folder = try TestFolder()
        let path = folder.path("notify")
        let socket = Glibc.socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0)
        defer { close(socket) }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: Array(path.utf8)) }
        let bound = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(socket, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        try #require(bound == 0)
        func next() -> String {
            var waiting = pollfd(fd: socket, events: Int16(POLLIN), revents: 0)
            guard poll(&waiting, 1, 20_000) > 0 else { return "" }
            var octets = [UInt8](repeating: 0, count: 512)
            let count = recv(socket, &octets, octets.count, 0)
            return String(decoding: octets.prefix(max(0, count)), as: UTF8.self)
        }
        let watch = try WatchProcess(
            [Self.steady], keys: Self.keys, state: folder.path("state"),
            environment: ["NOTIFY_SOCKET": path, "WATCHDOG_USEC": "3000000"])
        #expect(next().hasPrefix("READY=1"))
        #expect(next() == "WATCHDOG=1")
        watch.process.terminate()
        var last = next()
        while last == "WATCHDOG=1" { last = next() }
        #expect(last == "STOPPING=1")
        watch.process.waitUntilExit()
        #expect(watch.process.terminationStatus == 0)
    }

    @Test func aSecondProcessIsRefused() throws {
        let folder = try TestFolder()
        let watch = try WatchProcess([Self.steady], keys: Self.keys, state: folder.path("state"))
        #expect(watch.wait { watch.said.contains("IV Index") })
        let second = try Program.run("watch", Self.steady, "--keys", Self.keys, "--state", watch.state, "--once")
        #expect(second.status == 2 && second.error.contains("another meshscope watch"), "\(second.error)")
        // Whoever asks is not kept away.
        #expect(try Program.run("state", watch.state).status == 0)
        #expect(watch.stop() == 0)
    }

    /// Files may not grow beyond a few blocks: the process says so, stays, and what was kept before is whole.
    @Test func aFullDiskIsSaidAndSurvived() throws {
        let folder = try TestFolder()
        let path = try folder.write([], "growing.pcap")
        let state = folder.path("state")
        let first = try Program.run("watch", path, "--keys", Self.keys, "--state", state, "--once")
        #expect(first.status == 0 || first.status == 2)
        try Data(contentsOf: URL(filePath: Self.steady)).write(to: URL(filePath: path))
        let watch = try WatchProcess(
            [path, "--save-every", "1s"], keys: Self.keys, state: state, shell: "ulimit -f 60")
        #expect(watch.wait { watch.said.contains("error") || !watch.process.isRunning }, "\(watch.said)")
        let isRefused = watch.said.contains("disk") || watch.said.contains("written")
        #expect(isRefused, "\(watch.said)")
        if watch.process.isRunning { _ = watch.stop() }
        // With room again, the next run goes on.
        let after = try Program.run("watch", path, "--keys", Self.keys, "--state", state, "--once")
        #expect(after.status == 0, "\(after.error)")
        #expect(
            try report(["--state", state], keys: Self.keys, renaming: path)
                == report([Self.steady], keys: Self.keys, renaming: Self.steady))
    }

    @Test func numbersAndChangesAreToldToOthers() throws {
        let folder = try TestFolder()
        let changes = folder.path("changes")
        let metrics = folder.path("metrics.prom")
        let result = try Program.run(
            "watch", Self.steady, "--keys", Self.keys, "--state", folder.path("state"), "--once", "--metrics", metrics,
            "--on-change", "cat >> \(changes)", "--format", "jsonl", "--master", "0x0001")
        #expect(result.status == 0)
        let told = try String(contentsOfFile: changes, encoding: .utf8).split(separator: "\n").sorted()
        let said = result.output.split(separator: "\n").sorted()
        #expect(told == said && said.count > 1)
        for line in said {
            let object = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
            #expect(object?["kind"] is String && object?["message"] is String, "\(line)")
        }
        let text = try String(contentsOfFile: metrics, encoding: .utf8)
        for line in [
            "meshscope_iv_index{network=\"steady\"} 3496", "meshscope_iv_update_in_progress{network=\"steady\"} 0",
            "meshscope_next_seq{network=\"steady\",source=\"0x0001\"} 83351",
            "meshscope_recommended_seq{network=\"steady\",source=\"0x0001\"}", "meshscope_frames_total{input=",
            "meshscope_beacon_age_seconds{network=\"steady\"}",
        ] {
            #expect(text.contains(line), "\(line) in\n\(text)")
        }
    }

    /// Every command that takes a state, alone: what it says is what it says of the capture.
    @Test func everyQuestionCanBeAskedOfTheState() throws {
        let folder = try TestFolder()
        let swap = Checkout.captures.appending(path: "swap.pcap").path
        let keys = try #require(Checkout.keyFile(of: "swap.pcap"))
        let state = folder.path("state")
        #expect(try Program.run("watch", swap, "--keys", keys, "--state", state, "--once").status == 0)
        let question = ["--keys", keys, "--master", "0x0001"]
        for (number, input) in [[swap], ["--state", state]].enumerated() {
            let output = folder.path("restored\(number)")
            let restored = try Program.run(
                Program.meshscope, ["restore"] + input + question + ["--for", "zephyr", "-o", output])
            #expect(restored.status == 0 || restored.status == 1, "\(restored.error)")
        }
        let values = try ["restored0", "restored1"].map { name in
            try FileManager.default.contentsOfDirectory(atPath: folder.path(name)).sorted().map { file in
                try String(contentsOfFile: folder.path("\(name)/\(file)"), encoding: .utf8)
                    .replacing(swap, with: "x")
            }
        }
        #expect(values[0].count == values[1].count && !values[0].isEmpty)
        let since = ["--since", "2026-06-01T00:00:45Z"]
        let verified = try [[swap], ["--state", state]].map { input in
            try Program.run(Program.meshscope, ["verify"] + input + question + since)
        }
        #expect(verified[0].output.prefix { $0 != "\n" } == verified[1].output.prefix { $0 != "\n" })
        #expect(verified[0].status == verified[1].status)
        let shown = try Program.run("state", state, "--format", "json")
        let object = try JSONSerialization.jsonObject(with: Data(shown.output.utf8)) as? [String: Any]
        #expect(object?["schema"] as? String == "meshscope.state/1")
        #expect(try Program.run("state", state, "--prune").status == 0)
        #expect(try Program.run("state", folder.path("none")).status == 2)
    }

    /// What was cut off where somebody stopped is no finding, and is read once it is whole.
    @Test(arguments: ["steady.pcap", "key-refresh.pcapng", "host-log.btsnoop", "pasted.btmon", "sniffer.btt"])
    func aStopInTheMiddleOfARecordLeavesNothing(fixture: String) throws {
        let folder = try TestFolder()
        let keys = try #require(Checkout.keyFile(of: fixture))
        let whole = Checkout.captures.appending(path: fixture).path
        let octets = try Data(contentsOf: URL(filePath: whole))
        let path = try folder.write([], "growing")
        let file = try FileHandle(forWritingTo: URL(filePath: path))
        var place = 0
        for cut in [octets.count / 3 + 5, octets.count * 2 / 3 + 1, octets.count] {
            try file.write(contentsOf: octets[place..<cut])
            place = cut
            let watch = try WatchProcess([path], keys: keys, state: folder.path("state"))
            usleep(900_000)
            #expect(watch.stop() == 0, "\(watch.said)")
        }
        let last = try Program.run("watch", path, "--keys", keys, "--state", folder.path("state"), "--once")
        #expect(last.status == 0, "\(last.output)")
        #expect(
            try report(["--state", folder.path("state")], keys: keys, renaming: path)
                == report([whole], keys: keys, renaming: whole), "\(fixture)")
    }

    /// A wrong key is given first, and the right one is read when the process is asked to.
    @Test func keysAreReadAgain() throws {
        let folder = try TestFolder()
        let keys = folder.path("keys.json")
        let wrong = try #require(Checkout.keyFile(of: "subnets.pcap"))
        try FileManager.default.copyItem(atPath: wrong, toPath: keys)
        let path = try folder.write([], "growing.pcap")
        let watch = try WatchProcess([path], keys: keys, state: folder.path("state"))
        #expect(watch.wait { FileManager.default.fileExists(atPath: watch.state + "/state.sqlite") })
        usleep(300_000)
        try Data(contentsOf: URL(filePath: Self.keys)).write(to: URL(filePath: keys))
        kill(watch.process.processIdentifier, SIGHUP)
        #expect(watch.wait { watch.said.contains("keys were read again") }, "\(watch.said)")
        let file = try FileHandle(forWritingTo: URL(filePath: path))
        try file.write(contentsOf: Data(contentsOf: URL(filePath: Self.steady)))
        #expect(watch.wait { watch.said.contains("IV Index 0x00000DA8") }, "\(watch.said)")
        #expect(watch.stop() == 0)
    }

    /// Nothing to read, or nothing that can be peeled: it is said, and only that source ends.
    @Test func aSourceThatIsNoneIsSaidAndEndsAlone() throws {
        let folder = try TestFolder()
        let other = try folder.write(Array("no capture at all, but some text\n".utf8), "notes.txt")
        let state = folder.path("state")
        let result = try Program.run(
            "watch", folder.path("missing.pcap"), other, Self.steady, "--keys", Self.keys, "--state", state, "--once")
        #expect(result.status == 2)
        #expect(result.output.contains("missing.pcap: is not there yet"), "\(result.output)")
        #expect(result.output.contains("notes.txt: "), "\(result.output)")
        #expect(result.output.contains("IV Index 0x00000DA8"), "\(result.output)")
    }

    /// What is there to be read at once: an empty folder, an empty file and a pipe that nobody writes have nothing.
    @Test func nothingToReadIsSaid() throws {
        let folder = try TestFolder()
        let (empty, pipe) = (folder.path("empty"), folder.path("pipe"))
        try FileManager.default.createDirectory(atPath: empty, withIntermediateDirectories: true)
        try #require(mkfifo(pipe, 0o600) == 0)
        let file = try folder.write([], "empty.pcap")
        for source in [empty, pipe, file] {
            let result = try Program.run(
                "watch", source, "--keys", Self.keys, "--state", folder.path("state"), "--once")
            #expect(result.status == 2 && result.error.contains("\(source): nothing was there to be read"))
        }
        let metrics = folder.path("none") + "/metrics.prom"
        let result = try Program.run(
            "watch", Self.steady, "--keys", Self.keys, "--state", folder.path("state"), "--once", "--metrics", metrics)
        #expect(result.status == 2 && result.error.contains(metrics))
    }

    /// A state that is taken away under it is no place to write to.
    @Test func aRemovedStateIsSaid() throws {
        let folder = try TestFolder()
        let path = try folder.write([], "growing.pcap")
        let watch = try WatchProcess([path, "--save-every", "1s"], keys: Self.keys, state: folder.path("state"))
        #expect(watch.wait { FileManager.default.fileExists(atPath: watch.state + "/state.sqlite") })
        usleep(500_000)
        try FileManager.default.removeItem(atPath: watch.state)
        let file = try FileHandle(forWritingTo: URL(filePath: path))
        try file.write(contentsOf: Data(contentsOf: URL(filePath: Self.steady)))
        #expect(watch.wait { watch.said.contains("was removed, or moved") }, "\(watch.said)")
        #expect(watch.stop() == 2)
    }

    /// The first file is renamed while it is read, another one takes its place, and is overwritten from its beginning.
    @Test func rotatedFilesAreReadOn() throws {
        let folder = try TestFolder()
        let capture = SimulatedCapture(.steady, seed: 8)
        let octets = capture.write(
            .pcap(.little, .microseconds), LinkFraming(.bluetoothLELinkLayerWithHeader),
            linkType: .bluetoothLELinkLayerWithHeader)
        let whole = try folder.write(octets, "whole.pcap")
        let parts = try Self.split(octets, into: 3)
        let simulated = try Program.run(
            "simulate", "steady", "--seed", "8", "-o", folder.path("sim.pcap"))
        #expect(simulated.status == 0)
        let path = folder.path("live.pcap")
        try Data(parts[0]).write(to: URL(filePath: path))
        let watch = try WatchProcess(
            [path, "--save-every", "1s"], keys: folder.path("sim.keys.json"), state: folder.path("state"))
        usleep(700_000)
        try FileManager.default.moveItem(atPath: path, toPath: folder.path("live.pcap.1"))
        try Data(parts[1]).write(to: URL(filePath: path))
        usleep(1_500_000)
        let file = try FileHandle(forWritingTo: URL(filePath: path))
        try file.truncate(atOffset: 0)
        try file.write(contentsOf: Data(parts[2]))
        usleep(2_000_000)
        #expect(watch.stop() == 0, "\(watch.said)")
        let keys = folder.path("sim.keys.json")
        let kept = try report(["--state", watch.state], keys: keys, renaming: path)
        #expect(try kept == report([whole], keys: keys, renaming: whole), "\(watch.said)")
    }

    /// A pcap cut into files that each begin with its header.
    private static func split(_ octets: [UInt8], into count: Int) throws -> [[UInt8]] {
        var (records, place) = ([Range<Int>](), 24)
        while place + 16 <= octets.count {
            let length = (0..<4).reduce(0) { $0 | Int(octets[place + 8 + $1]) << (8 * $1) }
            records.append(place..<(place + 16 + length))
            place += 16 + length
        }
        let size = (records.count + count - 1) / count
        return (0..<count).map { part in
            octets[..<24] + records[(part * size)..<min(records.count, (part + 1) * size)].flatMap { octets[$0] }
        }
    }

    /// A folder of files that follow one another; some are compressed later, as logrotate does.
    @Test func aFolderOfFilesIsOneCapture() throws {
        let folder = try TestFolder()
        let octets = [UInt8](try Data(contentsOf: URL(filePath: Self.steady)))
        let parts = try Self.split(octets, into: 5)
        let captures = folder.path("captures")
        try FileManager.default.createDirectory(atPath: captures, withIntermediateDirectories: true)
        func put(_ number: Int) throws {
            try Data(parts[number]).write(to: URL(filePath: "\(captures)/mesh_\(number).pcap"))
            usleep(20_000)
        }
        let state = folder.path("state")
        for number in 0..<5 {
            try put(number)
            if number == 3, let gzip = Program.find("gzip") {
                _ = try Program.run(gzip, ["\(captures)/mesh_0.pcap"])
            }
            guard number != 1 else { continue }
            let result = try Program.run("watch", captures, "--keys", Self.keys, "--state", state, "--once")
            #expect(result.status == 0, "\(result.error)")
        }
        #expect(
            try report(["--state", state], keys: Self.keys, renaming: captures)
                == report([Self.steady], keys: Self.keys, renaming: Self.steady))
    }

    private static let analyzer = Program.find("systemd-analyze")

    @Test(.enabled(if: analyzer != nil, "systemd-analyze is not installed"))
    func theUnitIsOneThatSystemdTakes() throws {
        let folder = try TestFolder()
        let script = Checkout.root.appending(path: "Scripts/install-service")
        let written = try Program.run(
            script, [Program.meshscope.path, folder.path("units"), Self.keys, "interface:bluetooth-monitor /srv/a", ""])
        #expect(written.status == 0, "\(written.error)")
        let unit = folder.path("units/meshscope.service")
        let text = try String(contentsOfFile: unit, encoding: .utf8)
        #expect(text.contains("CapabilityBoundingSet=CAP_NET_RAW"))
        for place in ["@BINARY@", "@KEYS@", "@SOURCES@", "@OPTIONS@", "@CAPABILITIES@"] {
            #expect(!text.contains(place))
        }
        let verified = try Program.run(try #require(Self.analyzer), ["verify", "--man=no", unit])
        let complaints = (verified.output + verified.error).split(separator: "\n").filter { $0.contains("meshscope") }
        #expect(complaints.isEmpty, "\(complaints)")
    }
}
