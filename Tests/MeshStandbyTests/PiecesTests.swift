import CaptureFiles
import Foundation
import KeyFiles
import MeshEvidence
import MeshProtocol
import MeshSimulation
import MeshTestSupport
import MeshTimelines
import TestSupport
import Testing

private let followed = Checkout.fixtures().filter { Checkout.keyFile(of: $0) != nil }

/// What comes in pieces, through a file that grows or a pipe, gives the report of the whole file.
@Suite struct PiecesTests {
    private func keys(of fixture: String) throws -> KeyRing {
        KeyRing(networks: try Checkout.keyFile(of: fixture).map { try KeyFile.read(path: $0) } ?? [])
    }

    /// Feeds octets in pieces of seeded sizes.
    private func feed(_ octets: [UInt8], seed: UInt64, _ write: ([UInt8]) -> Void) {
        var generator = SeededGenerator(seed: seed)
        var place = 0
        while place < octets.count {
            let count = min(octets.count - place, Int.random(in: 1...max(2, octets.count / 6), using: &generator))
            write(Array(octets[place..<(place + count)]))
            place += count
            if Bool.random(using: &generator) { usleep(UInt32.random(in: 0...30_000, using: &generator)) }
        }
    }

    private func checkFile(_ octets: [UInt8], _ keys: KeyRing, seed: UInt64, _ name: String) throws {
        let folder = try TestFolder()
        let whole = try folder.write(octets, "whole")
        let path = try folder.write([UInt8](), "growing")
        let file = try FileHandle(forWritingTo: URL(filePath: path))
        let state = folder.path("state")
        try listen(path, keys, state) { listener in
            feed(octets, seed: seed) { piece in try? file.write(contentsOf: Data(piece)) }
            // Of a text the last record is known to be whole at the end only.
            try listener.listen(until: try frames(of: whole) - 1)
            try listener.listen(patience: 4)
        }
        // What a stopped run leaves, since it may be half a record, is taken once it is known to be all.
        try listen(path, keys, state, isOnce: true) { listener in try listener.listen() }
        let difference = try Listener.difference(folder.path("state"), of: whole, keys)
        #expect(difference == "", "\(name), seed \(seed)")
    }

    private func listen(
        _ path: String, _ keys: KeyRing, _ state: String, isOnce: Bool = false, _ body: (inout Listener) throws -> Void
    ) throws {
        var listener = try Listener(.path(path), keys, state: state, isOnce: isOnce)
        try body(&listener)
        try listener.end()
    }

    private func frames(of path: String) throws -> Int {
        var file = try CaptureFile(path: path)
        var count = 0
        while try file.nextFrame() != nil { count += 1 }
        return count
    }

    private func checkPipe(_ octets: [UInt8], _ keys: KeyRing, seed: UInt64, _ name: String) throws {
        let folder = try TestFolder()
        let whole = try folder.write(octets, "whole")
        let path = folder.path("pipe")
        try #require(mkfifo(path, 0o600) == 0)
        var listener = try Listener(.path(path), keys, state: folder.path("state"))
        let file = try #require(FileHandle(forWritingAtPath: path))
        // A pipe has room for 64 KiB: what is more waits for its reader.
        Thread {
            feed(octets, seed: seed) { piece in try? file.write(contentsOf: Data(piece)) }; try? file.close()
        }.start()
        try listener.listen(until: try frames(of: whole) - 1)
        try listener.listen(patience: 4)
        try listener.end()
        let difference = try Listener.difference(folder.path("state"), of: whole, keys)
        #expect(difference == "", "\(name), seed \(seed)")
    }

    @Test(arguments: followed) func aFixtureThatGrowsGivesItsReport(fixture: String) throws {
        let octets = [UInt8](try Data(contentsOf: Checkout.captures.appending(path: fixture)))
        let seed = UInt64(followed.firstIndex(of: fixture) ?? 0)
        try checkFile(octets, try keys(of: fixture), seed: seed, fixture)
        // The pages of an Ellisys trace lie anywhere in it.
        if !fixture.hasSuffix(".btt") { try checkPipe(octets, try keys(of: fixture), seed: seed, fixture) }
    }

    @Test(arguments: Scenario.allCases) func aScenarioThatGrowsGivesItsReport(scenario: Scenario) throws {
        for seed in Seeds.forCase(scenario) {
            let capture = SimulatedCapture(scenario, seed: seed)
            let octets = capture.write(
                .pcap(.little, .microseconds), LinkFraming(.bluetoothLELinkLayerWithHeader),
                linkType: .bluetoothLELinkLayerWithHeader)
            try checkFile(octets, capture.keys, seed: seed, "\(scenario)")
            try checkPipe(octets, capture.keys, seed: seed, "\(scenario)")
        }
    }
}
