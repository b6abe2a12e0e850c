import ByteParsing
import CaptureFiles
import Foundation
import KeyFiles
import MeshCrypto
import MeshEvidence
import MeshProtocol
import MeshSimulation
import MeshTestSupport
import MeshTimelines
import MeshVerdict
import TestSupport
import Testing

private let tshark = Program.find("tshark")

/// A second opinion: tshark opens the same captures and must name the same PDUs.
@Suite(.enabled(if: tshark != nil, "tshark is not installed"), .serialized)
struct TsharkTests {
    private struct Row: Hashable {
        var frame: Int
        var sequence: Int
        var source: Int
        var destination: Int
        var ttl: Int
    }

    /// tshark also opens frames whose CRC failed.
    private static let filter =
        "(btmesh.seq || btmproxy.seq) && !btle.crc.incorrect && !(btle_rf.flags.crc_valid == 0) "
        + "&& !(nordic_ble.crcok == 0)"

    /// What tshark cannot see: advertisements in fragments, management records, friendship and directed credentials.
    private static func isBeyondTshark(_ fixture: String) -> Bool {
        let names = [
            "host-log", "link-187", "link-189", "link-201", "link-220", "link-249", "link-254", "btsnoop-", "mixed",
            "proxy-master.btsnoop", "iphone", "old-host", "friendship", "configuration", "echoing-relays",
            "managing-master", "friend-offer",
        ]
        return names.contains { fixture.contains($0) }
    }

    /// Files that tshark does not read: btsnoop datalinks that it says it does not support, text, traces; and an IV Index that only a
    /// full search finds.
    private static func isRefused(_ fixture: String) -> Bool {
        ["btsnoop-1003", "btsnoop-1004", ".btmon", ".btt", "no-beacon-far"].contains { fixture.contains($0) }
    }

    /// What relays cut until nothing but a header is left tshark does not show.
    @Test(arguments: Checkout.fixtures().filter { !isRefused($0) })
    func agreesPDUByPDU(fixture: String) throws {
        let path = Checkout.captures.appending(path: fixture).path
        let keyFile = try #require(Checkout.keyFile(of: fixture))
        let ring = KeyRing(networks: try KeyFile.read(path: keyFile))
        var first: [Row] = []
        let analysis = try Analyzer(keys: ring).analyze(
            [path],
            receive: { observation, _ in
                guard case .authentic(_, .networkPDU(let opened)) = observation.statement else { return }
                let pdu = opened.pdu
                first.append(
                    Row(
                        frame: observation.origin.frame.number, sequence: Int(pdu.sequence.value),
                        source: Int(pdu.source.value), destination: Int(pdu.destination?.value ?? 0), ttl: Int(pdu.ttl))
                )
            })
        let theirs = try rows(path, analysis)
        let ours = Set(
            first.map {
                Row(frame: 0, sequence: $0.sequence, source: $0.source, destination: $0.destination, ttl: $0.ttl)
            })
        #expect(!theirs.isEmpty)
        var earliest: [Row: Int] = [:]
        for row in theirs {
            var key = row
            key.frame = 0
            #expect(ours.contains(key), "only tshark opens frame \(row.frame)")
            earliest[key] = min(earliest[key] ?? .max, row.frame)
        }
        guard !Self.isBeyondTshark(fixture) else { return }
        #expect(Set(earliest.keys) == ours)
        #expect(theirs.count == analysis.networks.reduce(0) { $0 + $1.opened }, "every copy")
        for row in first {
            var key = row
            key.frame = 0
            #expect((earliest[key] ?? .max) <= row.frame)
        }
        #expect(
            Set(
                earliest.map {
                    Row(frame: $1, sequence: $0.sequence, source: $0.source, destination: $0.destination, ttl: $0.ttl)
                }
            )
            .isSubset(of: Set(first)), "the first hearing of each PDU is the same frame")
    }

    /// Transfers of USB with a keyboard and a disk on the bus, in both byte orders: the same events, commands and ACL data.
    @Test(arguments: [
        (CaptureContainer.pcap(.little, .microseconds), LinkType.usbmon), (.pcap(.big, .microseconds), .usbmon),
        (.pcapng(.big, .microseconds), .usbmonMapped), (.pcapng(.little, .microseconds), .usbPcap),
    ])
    func agreesOnWhatCrossesUSB(container: CaptureContainer, linkType: LinkType) throws {
        for scenario in [Scenario.hostLog, .proxyMaster] {
            let capture = SimulatedCapture(scenario, seed: 7)
            let folder = try TestFolder()
            let path = try folder.write(capture.write(container, LinkFraming(linkType), linkType: linkType), "capture")
            var ours: Set<Row> = []
            let analysis = try Analyzer(keys: capture.keys).analyze(
                [path],
                receive: { observation, _ in
                    guard case .authentic(_, .networkPDU(let opened)) = observation.statement else { return }
                    let pdu = opened.pdu
                    ours.insert(
                        Row(
                            frame: 0, sequence: Int(pdu.sequence.value), source: Int(pdu.source.value),
                            destination: Int(pdu.destination?.value ?? 0), ttl: Int(pdu.ttl)))
                })
            let theirs = Set(
                try rows(path, analysis).map { row in
                    var row = row
                    row.frame = 0
                    return row
                })
            #expect(theirs.subtracting(ours).isEmpty && theirs.count * 10 >= ours.count * 9)
            // A log of a host holds advertisements in fragments, which tshark does not join.
            if scenario == .proxyMaster { #expect(theirs == ours) }
        }
    }

    private func rows(_ path: String, _ analysis: Analysis) throws -> [Row] {
        let profile = try Checkout.temporaryFolder()
        defer { try? FileManager.default.removeItem(at: profile) }
        var arguments = [
            "-n", "-2", "-r", path, "-Y", Self.filter, "-T", "fields", "-E", "separator=|", "-E", "aggregator=,",
        ]
        for field in ["frame.number", "btmesh.seq", "btmesh.src", "btmesh.dst", "btmesh.ttl"] {
            arguments += ["-e", field]
        }
        // Proxy Configuration messages have fields of their own, and no capture holds the discovery of the handles.
        for field in ["btmproxy.seq", "btmproxy.src", "btmproxy.dst", "btmproxy.ttl"] { arguments += ["-e", field] }
        arguments += ["-d", "btatt.handle==0x11,btgatt.uuid0x2add", "-d", "btatt.handle==0x13,btgatt.uuid0x2ade"]
        // The keys, with those that the capture handed out, as `keys --wireshark` writes them.
        var tables = WiresharkTables()
        for network in analysis.networks {
            tables.add(network.keys, ivIndexes: network.sources.flatMap(\.epochs).map(\.ivIndex))
        }
        for (name, text) in tables.files {
            try text.write(to: profile.appending(path: name), atomically: true, encoding: .utf8)
        }
        let program = try #require(tshark)
        let result = try Program.run(program, arguments, environment: ["WIRESHARK_CONFIG_DIR": profile.path])
        return result.output.split(separator: "\n").flatMap { line -> [Row] in
            let fields = line.split(separator: "|", omittingEmptySubsequences: false).map {
                $0.split(separator: ",").compactMap { Int($0) }
            }
            guard fields.count == 9, let frame = fields[0].first else { return [] }
            return rows(frame, fields[1...4]) + rows(frame, fields[5...8])
        }
    }

    private func rows(_ frame: Int, _ fields: ArraySlice<[Int]>) -> [Row] {
        guard let sequences = fields.first else { return [] }
        return sequences.indices.compactMap { index in
            let values = fields.map { index < $0.count ? $0[index] : 0 }
            return Row(
                frame: frame, sequence: values[0], source: values[1], destination: values[2], ttl: values[3])
        }
    }

    /// Which Provisioning PDUs were handed over, in which order, without what was sent again.
    @Test(
        .enabled(if: Checkout.hasShared, "../shared is not there"),
        arguments: ["whad/btmesh_provisionning.pcap", "bluez-meshd/hci0.btsnoop", "bluez-meshd/hci2.btsnoop"])
    func agreesOnProvisioning(capture: String) throws {
        let path = Checkout.shared.path + "/captures/" + capture
        let program = try #require(tshark)
        let fields = ["provisioning.pdu_type", "pbadv.linkid", "pbadv.trnumber"]
        let arguments = ["-n", "-2", "-r", path, "-Y", "provisioning", "-T", "fields"] + fields.flatMap { ["-e", $0] }
        let profile = try Checkout.temporaryFolder()
        defer { try? FileManager.default.removeItem(at: profile) }
        let result = try Program.run(program, arguments, environment: ["WIRESHARK_CONFIG_DIR": profile.path])
        // tshark completes a transaction again with each copy of its last segment.
        var seen: Set<String> = []
        let theirs = result.output.split(separator: "\n").filter { line in
            let columns = line.split(separator: "\t")
            return columns.count == 3 && seen.insert("\(columns[1]) \(columns[2])").inserted
        }.compactMap { UInt8($0.prefix { $0.isNumber }) }
        let analysis = try Analyzer(keys: KeyRing(networks: [])).analyze([path])
        #expect(analysis.provisioningLinks.flatMap(\.steps).map(\.kind.rawValue) == theirs)
        #expect(theirs.count >= 11)
    }

    /// Access payloads, reassembled ones included: what tshark opens with the same keys, the decoder opens to the same
    /// octets.
    @Test(arguments: ["configuration.pcap", "key-refresh.pcapng"])
    func agreesOnAccessPayloadsOfFixtures(fixture: String) throws {
        let keys = try #require(Checkout.keyFile(of: fixture))
        try agreesOnAccessPayloads(Checkout.captures.appending(path: fixture).path, keyFile: keys, atLeast: 8)
    }

    @Test(.enabled(if: Checkout.hasShared, "../shared is not there"), arguments: 0..<3)
    func agreesOnAccessPayloadsOfARealStack(host: Int) throws {
        let folder = Checkout.shared.path + "/captures/bluez-meshd/"
        try agreesOnAccessPayloads(folder + "hci\(host).btsnoop", keyFile: folder + "keys.json", atLeast: 20)
    }

    /// Of the capture of a provisioning, whose AppKey is known and whose device keys are not: 21 access messages with all
    /// their copies.
    @Test(.enabled(if: Checkout.hasShared, "../shared is not there"))
    func agreesOnAccessPayloadsOfTheProvisioningCapture() throws {
        let folder = try Checkout.temporaryFolder()
        defer { try? FileManager.default.removeItem(at: folder) }
        let keyFile = folder.path + "/keys.json"
        let keys =
            #"{"networks":[{"netkeys":[{"key":"99d89627bc96d8e49c62cf0ad76624ca"}],"appkeys":["\#(String(repeating: "12", count: 16))"]}]}"#
        try keys.write(toFile: keyFile, atomically: true, encoding: .utf8)
        let path = Checkout.shared.path + "/captures/whad/btmesh_provisionning.pcap"
        #expect(try agreesOnAccessPayloads(path, keyFile: keyFile, atLeast: 4) == 21)
    }

    /// Returns how many messages tshark opens, copies included.
    @discardableResult
    private func agreesOnAccessPayloads(_ path: String, keyFile: String, atLeast: Int) throws -> Int {
        let networks = try KeyFile.read(path: keyFile)
        var decoder = MessageDecoder(networks[0])
        var ours: Set<String> = []
        let analysis = try Analyzer(keys: KeyRing(networks: networks)).analyze(
            [path],
            receive: { observation, _ in
                guard case .authentic(_, .networkPDU(let opened)) = observation.statement else { return }
                guard case .access(let message, _, _) = decoder.decode(opened.pdu, nonce: opened.nonce) else { return }
                ours.insert(Hexadecimal.text(message.payload))
            })
        let profile = try Checkout.temporaryFolder()
        defer { try? FileManager.default.removeItem(at: profile) }
        var tables = WiresharkTables()
        let indexes = analysis.networks[0].sources.flatMap(\.epochs).map(\.ivIndex)
        tables.add(analysis.networks[0].keys, ivIndexes: indexes)
        for (name, text) in tables.files {
            try text.write(to: profile.appending(path: name), atomically: true, encoding: .utf8)
        }
        let arguments = [
            "-n", "-2", "-r", path, "-Y", "btmesh.access.decrypted", "-T", "fields", "-e", "btmesh.access.decrypted",
        ]
        let program = try #require(tshark)
        let result = try Program.run(program, arguments, environment: ["WIRESHARK_CONFIG_DIR": profile.path])
        let all = result.output.split { $0 == "\n" || $0 == "," }.map(String.init)
        #expect(Set(all).count >= atLeast)
        #expect(Set(all).subtracting(ours).isEmpty, "only tshark opens these")
        return all.count
    }
}
