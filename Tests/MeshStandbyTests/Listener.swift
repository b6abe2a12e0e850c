import CaptureFiles
import Foundation
import KeyFiles
import MeshEvidence
import MeshProtocol
import MeshReports
import MeshStandby
import MeshTestSupport
import MeshTimelines
import MeshVerdict
import TestSupport
import Testing

/// Listens to one source in this process, as `meshscope watch` does, and can be killed: what was not saved is gone.
struct Listener {
    static let time = CaptureTime(seconds: 1_800_000_000)

    let folder: String
    let keys: KeyRing
    let source: LiveSource

    private(set) var standby: Standby
    private var live: LiveSources

    init(_ source: LiveSource, _ keys: KeyRing, state folder: String, isOnce: Bool = false) throws {
        (self.source, self.keys, self.folder) = (source, keys, folder)
        standby = try Standby(try StateStore(writing: folder), keys: keys, at: Self.time)
        let position = standby.inputs[source.name] ?? LivePosition()
        let index = standby.index(of: source.name, among: [source.name])
        live = LiveSources([(source: source, index: index, position: position)], isOnlyWhatIsThere: isOnce)
    }

    /// Takes what comes until nothing has come for some time, or `frames` were read, or the source has ended.
    mutating func listen(until frames: Int? = nil, patience: Int = 200) throws {
        var silence = 0
        while silence < patience {
            switch live.next(within: 60) {
            case .batch(let batch):
                silence = 0
                standby.take(batch, of: source.name, at: Self.time)
            case .nothing: silence += 1
            case .end: return
            }
            if let frames, heard >= frames { return }
        }
    }

    var heard: Int { standby.state.captures.reduce(0) { $0 + $1.frames } }

    mutating func save(isWhole: Bool = false) throws { try standby.save(at: Self.time, isWhole: isWhole) }

    mutating func end() throws {
        live.stop()
        try listen()
        standby.settle()
        try standby.save(at: Self.time, isEnd: true)
    }

    /// Goes away without a word.
    func kill() { live.stop() }

    /// The report of what is kept.
    static func report(_ folder: String, _ keys: KeyRing, named name: String) throws -> String {
        let kept = try #require(try StateStore(reading: folder).read(keys))
        let analysis = try Analyzer(keys: keys, continuing: kept.state).analyze([])
        return try JSONReport.render(analysis.renamed([name]))
    }

    /// The report of a file as a whole.
    static func report(of path: String, _ keys: KeyRing, named name: String) throws -> String {
        try JSONReport.render(try Analyzer(keys: keys).analyze([path]).renamed([name]))
    }

    /// The first few lines in which what is kept differs from the report of a file; empty where they are the same.
    static func difference(_ state: String, of path: String, _ keys: KeyRing) throws -> String {
        let (kept, whole) = (try report(state, keys, named: "x"), try report(of: path, keys, named: "x"))
        guard kept != whole else { return "" }
        let lines = [kept, whole].map { $0.split(separator: "\n", omittingEmptySubsequences: false) }
        let changes = lines[0].difference(from: lines[1])
        return changes.prefix(40).map { change in
            switch change {
            case .insert(let line, let text, _): "kept \(line): \(text)"
            case .remove(let line, let text, _): "whole \(line): \(text)"
            }
        }.joined(separator: "\n")
    }
}
