import ByteParsing
import Foundation
import KeyFiles
import MeshCrypto
import MeshEvidence
import MeshProtocol
import MeshStacks
import MeshTimelines
import MeshVerdict
import TestSupport
import Testing

private let python = Checkout.root.appending(path: ".venv/bin/python")
private let folder = Checkout.root.appending(path: ".venv/meshd")
private let isInstalled =
    ["bluetooth-meshd", "shim.so"].allSatisfy { FileManager.default.fileExists(atPath: folder.path + "/" + $0) }
    && FileManager.default.isExecutableFile(atPath: python.path) && Program.find("dbus-daemon") != nil

/// BlueZ's own daemon on what `restore` writes for it, and on what the analysis says that a replacement does by itself.
@Suite(.enabled(if: isInstalled, "bluetooth-meshd is not in .venv, or dbus-daemon is not installed"))
struct BlueZTests {
    private struct State: Decodable, Equatable {
        var IvIndex: UInt32
        var IvUpdate: Bool
        var SequenceNumber: UInt32
    }

    private struct Outcome: Decodable {
        var before: State
        var after: State
        var received: [Received]
        /// Network PDUs, hexadecimal.
        var sent: [String]

        struct Received: Decodable {
            var source: UInt16
            var message: String
        }
    }

    private static let token = "0011223344556677"

    /// A node as the daemon keeps it, with the keys of a fixture.
    private func node(_ fixture: String, ivIndex: UInt32 = 3) throws -> String {
        let network = try KeyFile.read(path: try #require(Checkout.keyFile(of: fixture)))[0]
        let master = try #require(network.master)
        let deviceKey = network.upperKeys.deviceKeys.first { $0.address == master }?.key.value ?? 1
        return """
            {"cid":"05f1", "pid":"0001", "vid":"0001", "crpl":"0064", "lowPower":"unsupported", "friend":"unsupported",
             "relay":{"mode":"disabled", "count":0, "interval":20}, "proxy":"unsupported", "beacon":"enabled",
             "unicastAddress":"\(digits(master.value, 4))", "token":"\(Self.token)", "defaultTTL":5,
             "deviceKey":"\(digits(deviceKey, 32))",
             "IVindex":\(ivIndex), "IVupdate":0, "sequenceNumber":5000,
             "netKeys":[{"index":0, "key":"\(digits(network.subnets[0].keys.netKey.value, 32))", "keyRefresh":0}],
             "elements":[{"elementIndex":0, "location":"0000", "models":[{"modelId":"0000"}, {"modelId":"0001"}]}]}
            """
    }

    private func digits(_ value: some BinaryInteger, _ count: Int) -> String {
        let text = String(value, radix: 16)
        return String(repeating: "0", count: count - text.count) + text
    }

    /// Runs the daemon on a node's storage, and lets it hear a capture.
    private func run(_ fixture: String, _ storage: URL, hears capture: String? = nil) throws -> Outcome {
        let keys = storage.appending(path: "00112233445566778899aabbccddeeff/dev_keys")
        try FileManager.default.createDirectory(at: keys, withIntermediateDirectories: true)
        let network = try KeyFile.read(path: try #require(Checkout.keyFile(of: fixture)))[0]
        let key = network.upperKeys.deviceKeys.first { $0.address.value == 5 }?.key.value ?? 1
        try Data(octets(digits(key, 32))).write(to: keys.appending(path: "0005"))
        let script = Checkout.root.appending(path: "Scripts/run-meshd").path
        let arguments = [script, folder.path, storage.path, Self.token, "0005"] + (capture.map { [$0] } ?? [])
        let result = try Program.run(python, arguments)
        #expect(result.status == 0, "\(result.error)")
        return try JSONDecoder().decode(Outcome.self, from: Data(result.output.utf8))
    }

    /// A storage folder with what `restore` writes; without the replay protection list where that is wanted.
    private func restored(_ fixture: String, in folder: URL, hasReplayList: Bool = true) throws -> URL {
        let nodeFile = folder.appending(path: "node.json").path
        try node(fixture).write(toFile: nodeFile, atomically: true, encoding: .utf8)
        let output = folder.appending(path: "restored")
        let result = try Program.run(
            "restore", Checkout.captures.path + "/" + fixture, "--keys",
            Checkout.keyFile(of: fixture) ?? "", "--for", "bluez", "--node-json", nodeFile, "-o", output.path)
        #expect(result.status == 0, "\(result.error)")
        let storage = folder.appending(path: "storage")
        let place = storage.appending(path: "00112233445566778899aabbccddeeff")
        try FileManager.default.createDirectory(at: storage, withIntermediateDirectories: true)
        try FileManager.default.copyItem(at: output, to: place)
        if !hasReplayList { try FileManager.default.removeItem(at: place.appending(path: "rpl")) }
        return storage
    }

    private func withFolder(_ body: (URL) throws -> Void) throws {
        let folder = try Checkout.temporaryFolder()
        defer { try? FileManager.default.removeItem(at: folder) }
        try body(folder)
    }

    /// The daemon starts with the state of the report, and sends its first PDU with that SEQ and transmit IV Index.
    @Test(arguments: ["configuration.pcap", "dead-in-progress.pcap", "subnets.pcap"])
    func startsWithTheRestoredState(fixture: String) throws {
        let networks = try KeyFile.read(path: try #require(Checkout.keyFile(of: fixture)))
        var options = AnalysisOptions()
        options.stack = .bluez
        let analysis = try Analyzer(keys: KeyRing(networks: networks), options: options)
            .analyze([Checkout.captures.path + "/" + fixture])
        let want = try #require(analysis.masters.first?.verdict.recovery)
        try withFolder { folder in
            let outcome = try run(fixture, try restored(fixture, in: folder))
            #expect(
                outcome.before
                    == State(
                        IvIndex: want.state.index.value, IvUpdate: want.state.isUpdateInProgress,
                        SequenceNumber: want.recommended.value))
            let sent = octets(try #require(outcome.sent.first))
            var reader = ByteReader(sent.span)
            let heard = try ObfuscatedNetworkPDU(parsing: &reader)
            let material = networks[0].subnets[0].keys.flooding
            let pdu = try #require(NetworkPDU.open(heard, with: material, ivIndex: want.state.transmitIndex))
            #expect(pdu.sequence == want.recommended && pdu.source == networks[0].master)
        }
    }

    /// Everything in the capture is an old message to a master restored from it, and none gets through; without the replay
    /// protection list, they do.
    @Test func takesNoOldMessage() throws {
        let fixture = "configuration.pcap"
        let capture = Checkout.captures.path + "/" + fixture
        try withFolder { folder in
            let outcome = try run(fixture, try restored(fixture, in: folder), hears: capture)
            #expect(outcome.received.isEmpty && outcome.after == outcome.before)
        }
        try withFolder { folder in
            let outcome = try run(fixture, try restored(fixture, in: folder, hasReplayList: false), hears: capture)
            #expect(outcome.received.contains { $0.source == 0x0005 && $0.message.hasPrefix("800b") })
        }
    }

    /// What a replacement does by itself at the network's beacons.
    @Test(arguments: [
        ("own-follows.pcap", UInt32(158)), ("own-recovers.pcap", 159), ("own-missed-update.pcap", 155),
        ("own-deaf.pcap", 0),
    ])
    func doesWhatTheAnalysisSays(fixture: String, ownIndex: UInt32) throws {
        let capture = Checkout.captures.path + "/" + fixture
        let networks = try KeyFile.read(path: try #require(Checkout.keyFile(of: fixture)))
        var options = AnalysisOptions()
        options.replacementIVIndex = IVIndex(ownIndex)
        let analysis = try Analyzer(keys: KeyRing(networks: networks), options: options).analyze([capture])
        let last = try #require(analysis.networks[0].replacement?.steps.last)
        let isZeroed = last.outcome == .recovers || last.outcome == .recoversOrIgnores
        try withFolder { folder in
            let storage = folder.appending(path: "storage")
            let place = storage.appending(path: "00112233445566778899aabbccddeeff")
            try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
            let text = try node(fixture, ivIndex: ownIndex)
            try text.write(toFile: place.path + "/node.json", atomically: true, encoding: .utf8)
            let outcome = try run(fixture, storage, hears: capture)
            #expect(
                outcome.after
                    == State(
                        IvIndex: last.own.index.value, IvUpdate: last.own.isUpdateInProgress,
                        SequenceNumber: isZeroed ? 0 : 5000))
        }
    }

    /// Real peers that hold the captured replay protection lists answer the restored master, and the minimum; not one below, nor an IV Index
    /// that is wrong by one.
    @Test func theRehearsalSucceeds() throws {
        let bluez = Checkout.captures.path + "/bluez"
        let arguments = [
            Checkout.root.appending(path: "Scripts/rehearse").path, Program.meshscope.path, folder.path,
            bluez + "/relay.btsnoop", bluez + "/keys.json", "0x0001",
        ]
        let result = try Program.run(python, arguments)
        #expect(result.status == 0, "\(result.output) \(result.error)")
        #expect(result.output.components(separatedBy: "ok ").count == 9, "\(result.output)")
    }
}
