import ByteParsing
import CaptureFiles
import Foundation
import GRDB
import KeyFiles
import MeshCrypto
import MeshEvidence
import MeshProtocol
import MeshSimulation
@testable import MeshStandby
import MeshTestSupport
import MeshTimelines
import MeshVerdict
import TestSupport
import Testing

/// What is kept survives, belongs to one process, and holds no key.
@Suite struct StateStoreTests {
    /// A scenario that was listened to whole, in a folder.
    private func kept(
        _ scenario: Scenario, seed: UInt64 = 3
    ) throws -> (folder: TestFolder, capture: SimulatedCapture, learned: KeyRing) {
        let capture = SimulatedCapture(scenario, seed: seed)
        let folder = try TestFolder()
        let octets = capture.write(
            .pcap(.little, .microseconds), LinkFraming(.bluetoothLELinkLayerWithHeader),
            linkType: .bluetoothLELinkLayerWithHeader)
        let path = try folder.write(octets, "whole")
        var listener = try Listener(.path(path), capture.keys, state: folder.path("state"), isOnce: true)
        try listener.listen()
        try listener.end()
        return (folder, capture, listener.standby.keyRing)
    }

    @Test func nobodyElseMayRead() throws {
        let (folder, _, _) = try kept(.steady)
        let attributes = try FileManager.default.attributesOfItem(atPath: folder.path("state"))
        #expect(attributes[.posixPermissions] as? Int == 0o700)
    }

    /// No key, of whatever kind, stands in any file of the folder, in octets or in digits.
    @Test(arguments: Scenario.allCases) func noKeyIsWritten(scenario: Scenario) throws {
        let (folder, _, learned) = try kept(scenario)
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.path("state"))
        let secrets = learned.networks.flatMap { network in
            network.allKeys.map(\.netKey.value) + network.upperKeys.applicationKeys.map(\.value)
                + network.upperKeys.deviceKeys.map(\.key.value)
        }.map(\.octets)
        #expect(!secrets.isEmpty)
        for name in names {
            let octets = try Data(contentsOf: URL(filePath: folder.path("state/" + name)))
            let text = String(decoding: octets, as: UTF8.self).lowercased()
            for secret in secrets {
                #expect(octets.range(of: Data(secret)) == nil, "\(scenario): \(name)")
                let digits = secret.map { String($0, radix: 16) }.map { $0.count < 2 ? "0\($0)" : $0 }.joined()
                #expect(!text.contains(digits), "\(scenario): \(name)")
            }
        }
    }

    @Test func aSecondListenerIsRefused() throws {
        let folder = try TestFolder()
        let first = try StateStore(writing: folder.path("state"))
        #expect(throws: StateError.self) { try StateStore(writing: folder.path("state")) }
        // Whoever reads is not kept away.
        _ = try StateStore(reading: folder.path("state"))
        withExtendedLifetime(first) {}
    }

    @Test func aStateOfOtherKeysIsRefusedAndStays() throws {
        let (folder, capture, _) = try kept(.steady)
        let others = SimulatedCapture(.steady, seed: 99).keys
        let store = try StateStore(writing: folder.path("state"))
        let error = #expect(throws: StateError.self) { try store.read(others) }
        #expect(error?.explanation.contains("other keys") ?? false)
        #expect(try store.read(capture.keys) != nil)
    }

    @Test func aStateOfANewerVersionIsRefusedAndStays() throws {
        let (folder, _, _) = try kept(.steady)
        let path = folder.path("state/state.sqlite")
        try DatabaseQueue(path: path).write { try $0.execute(sql: "INSERT INTO grdb_migrations VALUES ('later')") }
        let error = #expect(throws: StateError.self) { try StateStore(reading: folder.path("state")) }
        #expect(error?.explanation.contains("newer") ?? false)
        #expect(throws: StateError.self) { try StateStore(writing: folder.path("state")) }
    }

    /// The state's own version, which another version of the program may have changed.
    @Test func aStateThatIsNotKnownIsRefusedAndStays() throws {
        let (folder, capture, _) = try kept(.steady)
        let path = folder.path("state/state.sqlite")
        try DatabaseQueue(path: path).write {
            try $0.execute(
                sql:
                    "UPDATE part SET value = CAST(REPLACE(CAST(value AS TEXT), '\"version\":3', '\"version\":1') AS BLOB)"
            )
        }
        let store = try StateStore(writing: folder.path("state"))
        let error = #expect(throws: StateError.self) { try store.read(capture.keys) }
        #expect(error?.explanation.contains("version") ?? false)
        // The plain numbers can be read with any tool.
        let last = try DatabaseQueue(path: path).read { try Int.fetchAll($0, sql: "SELECT seq FROM source") }
        #expect(!last.isEmpty)
    }

    /// Any octet of the database, or what is behind any place of it, is lost.
    @Test(arguments: UInt64(1)...60) func aDamagedStateEndsWithAWord(seed: UInt64) throws {
        let (folder, capture, _) = try kept(.steady)
        var generator = SeededGenerator(seed: seed)
        for name in ["state.sqlite", "state.sqlite-wal"] {
            let path = folder.path("state/" + name)
            guard var octets = try? [UInt8](Data(contentsOf: URL(filePath: path))), !octets.isEmpty else { continue }
            if seed % 3 == 0 {
                octets.removeLast(Int.random(in: 1...octets.count, using: &generator))
            } else {
                for _ in 0..<Int.random(in: 1...40, using: &generator) {
                    octets[Int.random(in: 0..<octets.count, using: &generator)] = UInt8.random(
                        in: 0...255, using: &generator)
                }
            }
            try Data(octets).write(to: URL(filePath: path))
        }
        do {
            let store = try StateStore(reading: folder.path("state"))
            if let kept = try store.read(capture.keys) {
                _ = try Analyzer(keys: capture.keys, continuing: kept.state).analyze([])
            }
            _ = try store.listening()
        } catch let error as StateError {
            #expect(!error.explanation.isEmpty)
        }
    }

    /// A disk without room, as SQLite itself reports it: what was kept stays, and what is new is kept once there is room.
    @Test func aFullDiskLosesNothing() throws {
        let capture = SimulatedCapture(.steady, seed: 3)
        let folder = try TestFolder()
        let octets = capture.write(
            .pcap(.little, .microseconds), LinkFraming(.bluetoothLELinkLayerWithHeader),
            linkType: .bluetoothLELinkLayerWithHeader)
        let path = try folder.write(octets, "whole")
        let store = try StateStore(writing: folder.path("state"))
        var standby = try Standby(store, keys: capture.keys, at: Listener.time)
        try store.limit(pages: 1)
        let live = LiveSources([(.path(path), 0, LivePosition())], isOnlyWhatIsThere: true)
        listening: while true {
            switch live.next(within: 1000) {
            case .batch(let batch): standby.take(batch, of: path, at: Listener.time)
            case .nothing: continue
            case .end: break listening
            }
        }
        let error = #expect(throws: StateError.self) { try standby.save(at: Listener.time, isWhole: true) }
        #expect(error?.explanation.contains("disk") ?? false)
        try store.limit(pages: 1 << 30)
        try standby.save(at: Listener.time, isWhole: true)
        let kept = try #require(try StateStore(reading: folder.path("state")).read(capture.keys))
        #expect(kept.state.state.networks[0].opened > 0)
    }

    @Test func keysOfTheSameNetworkMayGrow() throws {
        let (folder, capture, _) = try kept(.keyRefresh)
        let store = try StateStore(writing: folder.path("state"))
        let kept = try #require(try store.read(capture.keys))
        #expect(!kept.isRekeyed)
        // One subnet more, before the others.
        let other = SimulatedCapture(.steady, seed: 77).keys.networks[0].subnets[0]
        let given = capture.keys.networks[0]
        let network = KeyRing.Network(name: given.name, subnets: [other] + given.subnets)
        let grown = try #require(try store.read(KeyRing(networks: [network])))
        #expect(grown.isRekeyed)
        #expect(grown.state.state.networks[0].sources == kept.state.state.networks[0].sources)
        #expect(grown.state.state.networks[0].iv == kept.state.state.networks[0].iv)
    }
}
