import CaptureFiles
import Foundation
import MeshEvidence
import MeshProtocol
import MeshSimulation
import MeshStandby
import MeshTestSupport
import MeshTimelines
import MeshVerdict
import TestSupport
import Testing

/// A process that listens is killed at any moment and started again.
@Suite struct KillTests {
    /// What survives is what was heard until it was saved last, and from then on it goes on: each source's last SEQ is never above the
    /// truth, and never below that of the last time that was saved.
    @Test(arguments: UInt64(1)...24) func whatWasSavedIsNeverLost(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        let scenario = Scenario.allCases[Int(seed) % Scenario.allCases.count]
        let capture = SimulatedCapture(scenario, seed: seed)
        let octets = capture.write(
            .pcap(.little, .microseconds), LinkFraming(.bluetoothLELinkLayerWithHeader),
            linkType: .bluetoothLELinkLayerWithHeader)
        let folder = try TestFolder()
        let path = try folder.write([], "growing")
        let whole = try folder.write(octets, "whole")
        let file = try FileHandle(forWritingTo: URL(filePath: path))
        let state = folder.path("state")
        var (place, kills) = (0, 0)
        var expected: [UnicastAddress: SequencePosition] = [:]
        while place < octets.count {
            var listener = try Listener(.path(path), capture.keys, state: state)
            for (address, position) in expected {
                let kept = positions(listener.standby.state)[address]
                #expect(kept.map { $0 >= position } ?? false, "\(scenario), seed \(seed): \(address) behind a kill")
            }
            for _ in 0..<Int.random(in: 1...4, using: &generator) where place < octets.count {
                let count = min(octets.count - place, Int.random(in: 1...(octets.count / 8 + 1), using: &generator))
                try file.write(contentsOf: Data(octets[place..<(place + count)]))
                place += count
                try listener.listen(patience: 3)
                guard Int.random(in: 0...2, using: &generator) > 0 else { continue }
                try listener.save(isWhole: Bool.random(using: &generator))
                expected = positions(listener.standby.state)
            }
            if place < octets.count {
                listener.kill()
                kills += 1
                continue
            }
            try listener.listen(patience: 5)
            try listener.end()
        }
        let kept = try #require(try StateStore(reading: state).read(capture.keys))
        let analysis = try Analyzer(keys: capture.keys, continuing: kept.state).analyze([])
        let uninterrupted = try Analyzer(keys: capture.keys).analyze([whole])
        for (mine, other) in zip(analysis.networks, uninterrupted.networks) {
            #expect(mine.iv?.state == other.iv?.state, "\(scenario), seed \(seed)")
            for source in other.sources {
                guard let minimum = source.verdict.recovery?.minimum else { continue }
                let own = mine.sources.first { $0.address == source.address }?.verdict.recovery
                #expect(own?.minimum == minimum, "\(scenario), seed \(seed), \(kills) kills: \(source.address)")
                #expect(own.map { $0.recommended >= minimum } ?? false)
            }
        }
    }

    private func positions(_ state: MeshState) -> [UnicastAddress: SequencePosition] {
        let sources = state.networks.flatMap(\.sources)
        return Dictionary(
            sources.compactMap { source in source.lastPosition.map { (source.address, $0) } }, uniquingKeysWith: max)
    }
}
