import ArgumentParser
import Dispatch
import Foundation
import MeshProtocol
import MeshReports
import MeshSimulation
import MeshStacks
import MeshVerdict

/// Counts how often a recommended SEQ is too low, over simulated failures whose truth is known.
@main struct Calibrate: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "calibrate",
        abstract: "Counts how often a recommended SEQ is too low, by family of failures and by basis.",
        discussion: """
            Prints one JSON object a failure: family, seed, truth, and the report of meshscope analyze. Its own counts go to \
            standard error; Scripts/judge-calibration makes them again from the objects alone.
            """)

    @Option(help: "How many failures of each family.")
    var seeds = 4000

    @Option(help: "The first seed.")
    var first: UInt64 = 1

    @Option(help: "safe or tight.")
    var margin = "safe"

    @Option(help: "Only these families.")
    var family: [String] = []

    @Flag(help: "Only the counts.")
    var quiet = false

    func run() throws {
        guard let margin = MarginPolicy(rawValue: margin) else { throw ValidationError("--margin is safe or tight.") }
        let families = FailureFamily.allCases.filter { family.isEmpty || family.contains($0.rawValue) }
        var counts = CalibrationCounts()
        let lanes = 64
        for family in families {
            for batch in stride(from: 0, to: seeds, by: lanes) {
                let size = min(lanes, seeds - batch)
                let lines = Lines(count: size)
                DispatchQueue.concurrentPerform(iterations: size) { lane in
                    lines.set(lane) { try CalibrationCase(family, seed: first + UInt64(batch + lane), margin: margin) }
                }
                for made in lines.all {
                    let made = try made.get()
                    counts.add(made)
                    if !quiet { print(made.line) }
                }
            }
        }
        FileHandle.standardError.write(Data(counts.text.utf8))
    }
}

/// The cases of one batch, in the order of their seeds whatever the order in which they are done.
private final class Lines: @unchecked Sendable {
    private let lock = NSLock()
    private var cases: [Result<CalibrationCase, any Error>?]

    init(count: Int) { cases = Array(repeating: nil, count: count) }

    func set(_ place: Int, _ make: () throws -> CalibrationCase) {
        let result = Result { try make() }
        lock.withLock { cases[place] = result }
    }

    var all: [Result<CalibrationCase, any Error>] { lock.withLock { cases.compactMap(\.self) } }
}
