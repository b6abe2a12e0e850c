import ArgumentParser
import CaptureFiles
import Foundation
import KeyFiles
import MeshEvidence
import MeshProtocol
import MeshReports
import MeshTimelines
import MeshVerdict
import TestSupport
import Testing

@testable import meshscope

/// What every command that reads captures does with one, by the same functions, without a process.
///
/// `check` has no function of its own: it runs `analyze`, `verify` and `restore`.
private struct Commands {
    /// The commands of `Meshscope` that this covers.
    static let covered: Set<String> = ["analyze", "decode", "verify", "restore", "keys", "check", "convert"]

    let keys: KeyRing
    let master: UnicastAddress
    let since: CaptureTime

    init(_ capture: CutCapture) throws {
        keys = KeyRing(networks: try Checkout.keyFile(of: capture.fixture).map { try KeyFile.read(path: $0) } ?? [])
        master = try #require(keys.networks.compactMap(\.master).first ?? UnicastAddress(1))
        since = capture.times[capture.times.count / 2]
    }

    /// Every command. `number`: counts the runs; from one to the next the format changes, and the stack to restore.
    ///
    /// Returns what `analyze` made of the capture. A search of the IV Index takes milliseconds, and there are some ten
    /// thousand captures: only one of 32 is searched.
    @discardableResult
    func run(on path: String, _ number: Int) throws -> Analysis {
        let isText = number % 2 == 0
        let search = number % 32 == 31 ? IVSearchExtent.bounded : .off
        var decode = DecodeReport(keys, format: isText ? .text : .jsonLines)
        var question = TakeoverQuestion(master, since: since, in: keys)
        var notes = EvidenceNotes()
        var state = MeshState(keys)
        var stream = EvidenceStream(keys, search: search)
        var captures = try CaptureReading([path])
        try captures.run(into: &stream) { observations in
            for observation in observations {
                let novelty = state.apply(observation)
                question.apply(observation, novelty)
                notes.apply(observation, novelty)
                #expect(throws: Never.self) { try decode.apply(observation, novelty) }
            }
        }
        _ = decode.finish()
        try verify(question, isText)
        let target = RestoreFiles.Target.all[number % RestoreFiles.Target.all.count]
        try restore(state, stream.keyRing, for: target)
        let analysis = Analysis(state, keys: stream.keyRing, unusable: captures.unusable)
        writeKeys(of: analysis)
        _ = try isText ? TextRenderer.render(AnalysisDocument.make(analysis)) : JSONReport.render(analysis)
        let parts = isText ? notes.parts(analysis) : [CaptureConversion.Part(path)]
        let targets = CaptureConversion.Target.allCases
        _ = try CaptureConversion(parts, to: targets[number % targets.count]).run { _ in }
        return analysis
    }

    private func verify(_ question: TakeoverQuestion, _ isText: Bool) throws {
        guard let takeover = question.judge() else { return }
        _ = try isText ? TextRenderer.render(TakeoverDocument.make(takeover)) : TakeoverReport.json(takeover)
    }

    private func restore(_ state: MeshState, _ keys: KeyRing, for target: RestoreFiles.Target) throws {
        var options = AnalysisOptions(master: master)
        options.stack = target.stack
        let analysis = Analysis(state, keys: keys, options: options)
        for master in analysis.masters { _ = try RestoreCommand.files(analysis, master, for: target) }
    }

    private func writeKeys(of analysis: Analysis) {
        var tables = WiresharkTables()
        for network in analysis.networks { tables.add(network.keys, ivIndexes: network.transmitIndexes) }
        _ = tables.files
    }
}

/// A file that is written again and again.
private struct Scratch: ~Copyable {
    private let folder: URL
    let path: String

    init() throws {
        folder = try Checkout.temporaryFolder()
        path = folder.appending(path: "x").path
    }

    deinit { try? FileManager.default.removeItem(at: folder) }

    func write(_ octets: some Collection<UInt8>) throws { try Data(octets).write(to: URL(filePath: path)) }
}

/// What the capture is known to hold: an analysis of a part of it can say no more.
private struct Truth {
    private let distinct: [Int]
    private let states: [IVState?]

    init(_ analysis: Analysis) {
        distinct = analysis.networks.map(\.distinct)
        states = analysis.networks.map(\.iv?.state)
    }

    /// Whether this much is evident from the other one as well, which has all its frames and more.
    func isWithin(_ other: Truth) -> Bool {
        zip(distinct, other.distinct).allSatisfy { $0 <= $1 }
            && zip(states, other.states).allSatisfy { part, whole in
                guard let part else { return true }
                return whole.map { part <= $0 } ?? false
            }
    }
}

/// Captures begin anywhere, end anywhere and are damaged: whatever is left gives a report or a clear error. A trap would
/// end the whole run of the tests.
@Suite struct DamageTests {
    /// The commands whose usage asks for captures.
    private var commandsThatReadCaptures: [any ParsableCommand.Type] {
        Meshscope.configuration.subcommands.filter { Meshscope.usageString(for: $0).contains("<captures>") }
    }

    @Test func everyCommandThatReadsCapturesIsCovered() {
        let names = commandsThatReadCaptures.compactMap { $0.configuration.commandName }
        #expect(names.count == commandsThatReadCaptures.count)
        #expect(Set(names) == Commands.covered, "a command reads captures that these tests do not damage")
    }

    /// Every prefix and every suffix by frames; more frames never take evidence away.
    @Test(arguments: Checkout.fixtures())
    func everyPrefixAndEverySuffixGivesAReport(fixture: String) throws {
        let capture = try CutCapture(fixture)
        let commands = try Commands(capture)
        let scratch = try Scratch()
        let count = capture.records.count
        var before: Truth?
        for nothing in [capture.prefix(0), capture.suffix(from: count)] {
            try scratch.write(nothing)
            let error = #expect(throws: CaptureError.self) { try commands.run(on: scratch.path, 0) }
            #expect(["has no frames", "is empty"].contains { error?.explanation.contains($0) == true })
        }
        for cut in 1...count {
            try scratch.write(capture.prefix(cut))
            let prefix = try commands.run(on: scratch.path, cut)
            #expect(prefix.captures[0].frames == cut && prefix.captures[0].isComplete, "prefix of \(cut) frames")
            // A search may find a prefix's IV Index and not that of the next one, which is not searched.
            if cut % 32 != 31 {
                #expect(before?.isWithin(Truth(prefix)) ?? true, "prefix of \(cut) frames")
                before = Truth(prefix)
            }
            try scratch.write(capture.suffix(from: cut - 1))
            let suffix = try commands.run(on: scratch.path, cut)
            #expect(suffix.captures[0].frames == count - cut + 1 && suffix.captures[0].isComplete, "suffix from \(cut)")
        }
    }

    /// Cut within records and within the header: what was whole before the cut counts.
    @Test(arguments: Checkout.fixtures())
    func cutsWithinARecordGiveAReportOrAClearError(fixture: String) throws {
        let capture = try CutCapture(fixture)
        let commands = try Commands(capture)
        let scratch = try Scratch()
        let count = capture.octets.count
        var frames = 0
        for cut in Array(0..<128) + Array(stride(from: 128, to: count, by: 211)) + [count - 1] {
            try scratch.write(capture.octets.prefix(cut))
            do {
                let summary = try commands.run(on: scratch.path, cut).captures[0]
                #expect(summary.frames >= frames, "\(cut) octets")
                #expect(summary.isComplete == (summary.failure == nil), "\(cut) octets")
                frames = summary.frames
            } catch let error as CaptureError {
                #expect(!error.explanation.isEmpty, "\(cut) octets")
            }
        }
    }

    /// Damage can take evidence away; it can never make any. A failure names the seed.
    @Test(arguments: Checkout.fixtures())
    func damageGivesAReportOrAClearErrorAndNoEvidence(fixture: String) throws {
        let capture = try CutCapture(fixture)
        let commands = try Commands(capture)
        let scratch = try Scratch()
        let path = Checkout.captures.appending(path: fixture).path
        let truth = Truth(try Analyzer(keys: commands.keys).analyze([path]))
        for seed in UInt64(1)...20 {
            for damage in Damage.allCases {
                try scratch.write(damage.done(to: capture, seed: seed))
                do {
                    let analysis = try commands.run(on: scratch.path, Int(seed))
                    #expect(Truth(analysis).isWithin(truth), "\(damage), seed \(seed)")
                } catch let error as CaptureError {
                    #expect(!error.explanation.isEmpty, "\(damage), seed \(seed)")
                }
            }
        }
    }
}

/// The same through the program itself: whatever a command is given, it ends by itself and says how.
@Suite struct DamagedInputTests {
    private func arguments(_ command: String, _ capture: String, _ keys: [String], _ folder: String) -> [String] {
        let master = ["--master", "0x0001"]
        switch command {
        case "verify": return [command, capture] + keys + master + ["--since", "2026-06-01T00:00:10Z"]
        case "restore": return [command, capture] + keys + master + ["--for", "zephyr", "-o", folder + "/restore"]
        case "keys": return [command, capture] + keys + ["--wireshark", folder + "/profile"]
        case "check": return [command, capture, "--reports", folder]
        case "convert":
            return [command, capture, "-o", folder + "/out.pcapng"] + (keys.isEmpty ? [] : ["--evidence"] + keys)
        default: return [command, capture] + keys
        }
    }

    @Test(arguments: Checkout.fixtures())
    func noCommandDiesOfADamagedCapture(fixture: String) throws {
        let capture = try CutCapture(fixture)
        let keys = Checkout.keyFile(of: fixture).map { ["--keys", $0] } ?? []
        let half = capture.records.count / 2
        let damaged = [
            capture.prefix(half), capture.suffix(from: half), Damage.changed.done(to: capture, seed: 1),
        ]
        for (number, octets) in damaged.enumerated() {
            let folder = try Checkout.temporaryFolder()
            defer { try? FileManager.default.removeItem(at: folder) }
            let path = folder.appending(path: "x.capture").path
            try Data(octets).write(to: URL(filePath: path))
            if let keys = keys.last {
                try FileManager.default.copyItem(atPath: keys, toPath: folder.path + "/x.keys.json")
            }
            for command in Commands.covered.sorted() {
                let result = try Program.run(Program.meshscope, arguments(command, path, keys, folder.path))
                #expect([0, 1, 2].contains(result.status), "\(command), damage \(number): \(result.error)")
            }
        }
    }
}
