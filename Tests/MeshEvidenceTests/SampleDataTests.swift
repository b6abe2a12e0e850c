import ByteParsing
import CaptureFiles
import Foundation
import MeshCrypto
import MeshEvidence
import MeshProtocol
import MeshTestSupport
import MeshVerdict
import TestSupport
import Testing

/// The specification's sample messages as one capture, from frames to access payloads.
@Suite struct SampleDataTests {
    private struct Upper {
        var keys = KeyRing.UpperTransportKeys()

        init() throws {
            keys.applicationKeys = [AppKey(value: block("63964771734fbd76e3b40519d1d94a48"))]
            let device = try #require(UnicastAddress(0x1201))
            keys.deviceKeys = [
                .init(address: device, key: DevKey(value: block("9d6dd0e96eb25dc19a40ed9914f8f03f")))
            ]
            keys.labels = ["0073e7e4d8b9440faf8415df4c56c0e1", "f4a002c7fb1e4ca0a469a021de0db875"].map {
                LabelUUID(block($0))
            }
        }
    }

    @Test func everyMessageOpensToItsPayload() throws {
        let rows = try SampleData.rows("messages")
        var payloads = 0
        for netKey in Set(rows.map { $0.text("net_key") }).sorted() {
            let keys = NetworkKeys(NetKey(value: block(netKey)))
            let ours = rows.filter { $0.text("net_key") == netKey }
            var script = Script()
            script.beacon(0, normal(0x1234_5678), with: keys)
            script.beacon(1, updating(0x1234_5679), with: keys)
            for (index, pdu) in ours.flatMap({ $0["pdus"] as? [[String: Any]] ?? [] }).enumerated() {
                script.add(2 + Double(index), 0x2A, octets(pdu.text("network_pdu")))
            }
            var network = KeyRing.Network(subnets: [.init(keyIndex: .primary, netKey: keys.netKey)])
            network.upperKeys = try Upper().keys
            var decoder = MessageDecoder(network)
            var opened: Set<[UInt8]> = []
            let analysis = try script.analyse(KeyRing(networks: [network])) { observation, _ in
                guard case .authentic(_, .networkPDU(let pdu)) = observation.statement else { return }
                let decoded = decoder.decode(pdu.pdu, nonce: pdu.nonce)
                if case .access(let message, _, _) = decoded { opened.insert(message.payload) }
            }
            #expect(analysis.networks[0].notOpened == 0 && analysis.unopened.isEmpty, "\(netKey)")
            for row in ours where row["partial_message"] as? Bool == false {
                guard let access = row["access"] as? [String: Any] else { continue }
                #expect(opened.contains(octets(access.text("payload"))), "\(row.text("id"))")
                payloads += 1
            }
        }
        #expect(payloads >= 10)
    }

    /// Config AppKey Add of the sample data: NetKeyIndex 0x456, AppKeyIndex 0x123.
    @Test func fieldsOfAConfigurationMessage() throws {
        let payload = octets("0056341263964771734fbd76e3b40519d1d94a48")
        let message = try #require(AccessMessage(payload: payload).flatMap(ConfigurationMessage.init))
        guard case .appKeyAdd(let indexes, let key) = message else {
            Issue.record("\(message)")
            return
        }
        #expect(indexes.net.value == 0x456 && indexes.app.value == 0x123)
        #expect(key.value == block("63964771734fbd76e3b40519d1d94a48"))
        #expect(!message.fields.contains { $0.value.contains("6396") })
    }
}
