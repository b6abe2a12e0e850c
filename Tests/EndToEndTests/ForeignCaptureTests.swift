import Foundation
import KeyFiles
import MeshEvidence
import MeshProtocol
import MeshTimelines
import MeshVerdict
import TestSupport
import Testing

/// Real captures that others made, and of a real stack, with the numbers that must come out.
@Suite(.enabled(if: Checkout.hasShared, "../shared is not there"))
struct ForeignCaptureTests {
    private let folder = Checkout.shared.path + "/captures/"

    private func ring(_ key: String) throws -> KeyRing {
        let key = try SubnetKey(argument: key, place: "test")
        return KeyRing(networks: [try SubnetKey.network(of: [key], name: nil, place: "test")])
    }

    private func epoch(_ network: Analysis.Network, _ address: UInt16) -> [Int] {
        guard let source = network.sources.first(where: { $0.address.value == address }), source.epochs.count == 1
        else {
            return []
        }
        let epoch = source.epochs[0]
        return [
            Int(epoch.ivIndex.value), Int(epoch.firstSequence.value), Int(epoch.lastSequence.value), epoch.distinct,
        ]
    }

    @Test func theProvisioningCapture() throws {
        let analysis = try Analyzer(keys: try ring("99d89627bc96d8e49c62cf0ad76624ca"))
            .analyze([folder + "whad/btmesh_provisionning.pcap"])
        #expect(analysis.captures[0].frames == 257 && analysis.captures[0].isComplete)
        let network = analysis.networks[0]
        #expect(network.subnets[0].identity.nid == 0x54)
        #expect(network.subnets[0].identity.networkID == 0x2373_d79e_f0cc_e44c)
        #expect(network.subnets[0].authenticBeacons == 3 && network.subnets[0].notAuthenticBeacons == 0)
        #expect(network.iv?.state == .normalOperation(IVIndex(0)))
        #expect(network.heard == 65 && network.opened == 65 && network.distinct == 17)
        #expect(epoch(network, 0x0001) == [0, 7, 14, 8])
        #expect(epoch(network, 0x0005) == [0, 0, 8, 9])
        #expect(network.sources.map(\.epochs[0].heard) == [30, 35])
        #expect(network.sources.map { $0.verdict.recovery?.minimum.value } == [15, 9])
        #expect(analysis.unprovisionedDevices.reduce(0) { $0 + $1.count } == 4)
        #expect(analysis.findings.isEmpty)
        let link = try #require(analysis.provisioningLinks.first)
        #expect(analysis.provisioningLinks.count == 1 && link.transactions == 11 && link.steps.count == 11)
        #expect(link.bearer == .advertising(linkID: 0xb952_2d37) && link.algorithm == .hmacSHA256)
        #expect(link.isComplete && link.closed?.name == "Success" && link.damagedTransactions == 0)
        #expect(link.deviceUUID == block("ddddc8c9a3c6848e0000000000000000") && link.elements == 3)
        #expect(link.heard == 185)
    }

    @Test(arguments: [
        (0, 2542, 432, 23, [[0, 2, 89, 53], [0, 2, 52, 39], [0, 21, 49, 6]]),
        (1, 3141, 462, 29, [[0, 2, 94, 58], [0, 2, 57, 44], [0, 21, 49, 6]]),
        (2, 1844, 463, 27, [[0, 2, 94, 58], [0, 2, 57, 44], [0, 21, 49, 6]]),
    ])
    func theLogsOfARealStack(host: Int, records: Int, pdus: Int, beacons: Int, others: [[Int]]) throws {
        let keys = KeyRing(networks: try KeyFile.read(path: folder + "bluez-meshd/keys.json"))
        let analysis = try Analyzer(keys: keys, options: .init(master: UnicastAddress(1)))
            .analyze([folder + "bluez-meshd/hci\(host).btsnoop"])
        let network = analysis.networks[0]
        #expect(analysis.captures[0].frames == records)
        #expect(network.heard == pdus && network.opened == pdus)
        #expect(network.subnets[0].authenticBeacons == beacons)
        #expect(network.iv?.state == .normalOperation(IVIndex(0)))
        #expect(epoch(network, 0x0001) == [0, 7, 120, 77])
        #expect([UInt16(0x0010), 0x0020, 0x0021].map { epoch(network, $0) } == others)
        #expect(analysis.masters.first.flatMap(analysis.source(of:))?.verdict.recovery?.minimum.value == 121)
        // The daemon's relay cuts what it passes on; that is told, and is no nonce reuse.
        #expect(Set(analysis.findings.map(\.kind)) == [.pduAlteredByRelay])
    }

    @Test func theMessagesOfTheProvisioningCapture() throws {
        let folder = try Checkout.temporaryFolder()
        defer { try? FileManager.default.removeItem(at: folder) }
        let keys = folder.path + "/keys.json"
        try
            #"{"networks":[{"netkeys":[{"key":"99d89627bc96d8e49c62cf0ad76624ca"}],"appkeys":["\#(String(repeating: "12", count: 16))"]}]}"#
            .write(toFile: keys, atomically: true, encoding: .utf8)
        let capture = self.folder + "whad/btmesh_provisionning.pcap"
        let lines = try Program.run("decode", capture, "--keys", keys).output.split(separator: "\n")
        #expect(lines.filter { $0.contains("  provisioning  ") }.count == 11)
        #expect((30...31).contains(lines.count), "17 distinct PDUs, and beacons apart from copies on other channels")
        #expect(lines.filter { $0.contains("Generic OnOff Get") }.count == 2)
        #expect(lines.filter { $0.contains("Generic OnOff Set") }.count == 1)
        #expect(lines.filter { $0.contains("Generic OnOff Status") }.count == 3)
        #expect(lines.filter { $0.contains("Segment Acknowledgment") }.count == 2)
        let arguments = [
            "decode", capture, "--keys", keys, "--source", "0x0005", "--kind", "access", "--format", "jsonl",
        ]
        let filtered = try Program.run(Program.meshscope, arguments)
        #expect(filtered.status == 0)
        let objects = try filtered.output.split(separator: "\n").map { line in
            try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
        }
        #expect(objects.count == 6 && objects.allSatisfy { $0?["source"] as? String == "0x0005" })
        #expect(objects.compactMap { $0?["message"] as? String }.filter { $0 == "Generic OnOff Status" }.count == 3)
    }

    @Test func capturesWithoutMesh() throws {
        let key = try ring("99d89627bc96d8e49c62cf0ad76624ca")
        let files = [
            "whad/ble_discovery.pcap": 180, "crackle/known_ltk.pcap": 303, "crackle/le_secure_connections.pcapng": 303,
            "mullerdavid/1st_ble_ctf.pcapng": 8191, "syssi/btsnoop_hci.log": 1304,
        ]
        for (file, frames) in files {
            let analysis = try Analyzer(keys: key).analyze([folder + file])
            #expect(analysis.captures[0].frames == frames, "\(file)")
            #expect(analysis.networks[0].heard == 0 && analysis.unopened.isEmpty, "\(file)")
            #expect(analysis.foreignBeacons.isEmpty && analysis.foreignPrivateBeacons == 0, "\(file)")
            // Two frames of a followed connection fail the CRC with its CRCInit; all its other ones pass.
            let failed = ["mullerdavid/1st_ble_ctf.pcapng": 1183, "crackle/le_secure_connections.pcapng": 2][file] ?? 0
            #expect(analysis.captures[0].crcFailed == failed, "\(file)")
        }
    }

    @Test func ethernetIsRefusedByName() throws {
        let result = try Program.run("analyze", folder + "whad/phy.pcap")
        #expect(result.status == 2 && result.error.contains("link type 1 (Ethernet)"))
    }

    @Test func containerFilesOfOthersGiveAReportOrAClearError() throws {
        for order in ["le", "be"] {
            for name in try FileManager.default.contentsOfDirectory(atPath: folder + "gopacket/" + order).sorted() {
                let result = try Program.run("analyze", folder + "gopacket/\(order)/\(name)")
                #expect((0...2).contains(result.status), "\(order)/\(name)")
                #expect(result.status == 0 || result.error.contains(name), "\(order)/\(name)")
            }
        }
    }
}
