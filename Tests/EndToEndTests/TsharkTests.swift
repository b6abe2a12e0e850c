import ByteParsing
import Foundation
import KeyFiles
import MeshAnalysis
import MeshCrypto
import MeshProtocol
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

    /// What tshark cannot see: advertisements in fragments, management records, and friendship credentials.
    private static func isBeyondTshark(_ fixture: String) -> Bool {
        let names = [
            "host-log", "link-187", "link-201", "link-254", "btsnoop-", "mixed", "proxy-master.btsnoop", "friendship",
        ]
        return names.contains { fixture.contains($0) }
    }

    @Test(arguments: Checkout.fixtures())
    func agreesPDUByPDU(fixture: String) throws {
        let path = Checkout.captures.appending(path: fixture).path
        let keyFile = try #require(Checkout.keyFile(of: fixture))
        let ring = KeyRing(networks: try KeyFile.read(path: keyFile))
        var first: [Row] = []
        let analysis = try Analyzer(keys: ring) { observation in
            guard case .networkPDU(let pdu, _, _) = observation.statement else { return }
            first.append(
                Row(
                    frame: observation.frame.number, sequence: Int(pdu.sequence.value), source: Int(pdu.source.value),
                    destination: Int(pdu.destination?.value ?? 0), ttl: Int(pdu.ttl)))
        }.analyze([path])
        let theirs = try rows(path, ring, analysis)
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

    private func rows(_ path: String, _ ring: KeyRing, _ analysis: Analysis) throws -> [Row] {
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
        for (network, keys) in zip(analysis.networks, ring.networks) {
            let indexes = Set(network.sources.flatMap(\.epochs).map(\.ivIndex.value)).sorted()
            for subnet in keys.subnets {
                let key = Hexadecimal.text(subnet.keys.netKey.value, digits: 32)
                for index in indexes {
                    let zeros = String(repeating: "0", count: 32)
                    let row = "\"0x\(key)\",\"0x\(zeros)\",\"0x\(Hexadecimal.text(index, digits: 8))\""
                    arguments += ["-o", "uat:btmesh_nw_keys:" + row]
                }
            }
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

    /// Access payloads of a real stack's log: what tshark opens with the same keys, the decoder opens to the same octets.
    @Test(.enabled(if: Checkout.hasShared, "../shared is not there"), arguments: [0, 1, 2])
    func agreesOnAccessPayloads(host: Int) throws {
        let folder = Checkout.shared.path + "/captures/bluez-meshd/"
        let networks = try KeyFile.read(path: folder + "keys.json")
        var decoder = MessageDecoder(networks[0])
        var ours: Set<String> = []
        _ = try Analyzer(keys: KeyRing(networks: networks)) { observation in
            guard case .networkPDU(let pdu, _, _) = observation.statement else { return }
            if case .access(let message, _) = decoder.decode(pdu) { ours.insert(Hexadecimal.text(message.payload)) }
        }.analyze([folder + "hci\(host).btsnoop"])
        let profile = try Checkout.temporaryFolder()
        defer { try? FileManager.default.removeItem(at: profile) }
        let upper = networks[0].upperKeys
        let netKey = Hexadecimal.text(networks[0].subnets[0].keys.netKey.value, digits: 32)
        var arguments = ["-n", "-2", "-r", folder + "hci\(host).btsnoop", "-Y", "btmesh.access.decrypted"]
        for key in upper.applicationKeys {
            let row = "\"0x\(netKey)\",\"0x\(Hexadecimal.text(key.value, digits: 32))\",\"0x00000000\""
            arguments += ["-o", "uat:btmesh_nw_keys:" + row]
        }
        for (address, key) in upper.deviceKeys {
            let row = "\"0x\(Hexadecimal.text(key.value, digits: 32))\",\"\(address)\""
            arguments += ["-o", "uat:btmesh_dev_keys:" + row]
        }
        arguments += ["-T", "fields", "-e", "btmesh.access.decrypted"]
        let program = try #require(tshark)
        let result = try Program.run(program, arguments, environment: ["WIRESHARK_CONFIG_DIR": profile.path])
        let theirs = Set(result.output.split { $0 == "\n" || $0 == "," }.map(String.init))
        #expect(theirs.count > 20)
        #expect(theirs.subtracting(ours).isEmpty, "only tshark opens these")
    }
}
