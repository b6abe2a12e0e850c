import MeshCrypto
import MeshProtocol
import MeshTestSupport
import TestSupport
import Testing

@testable import MeshEvidence

@Suite struct MessageDecoderTests {
    /// Every whole message of the sample data, from its Network PDUs to its access payload, with all keys at hand.
    @Test(arguments: [false, true])
    func opensTheSampleData(isReversed: Bool) throws {
        var upper = KeyRing.UpperTransportKeys()
        upper.applicationKeys = [AppKey(value: block("63964771734fbd76e3b40519d1d94a48"))]
        let device = try #require(UnicastAddress(0x1201))
        upper.deviceKeys = [
            .init(address: device, key: DevKey(value: block("9d6dd0e96eb25dc19a40ed9914f8f03f")))
        ]
        upper.labels = ["0073e7e4d8b9440faf8415df4c56c0e1", "f4a002c7fb1e4ca0a469a021de0db875"].map {
            LabelUUID(block($0))
        }
        let netKey = NetKey(value: block("7dd7364cd842ad18c17c2b820c84c3d6"))
        var network = KeyRing.Network(subnets: [.init(keyIndex: .primary, netKey: netKey)])
        network.upperKeys = upper
        var whole = 0
        for row in try SampleData.rows("messages") {
            guard let access = row["access"] as? [String: Any], row["partial_message"] as? Bool == false,
                row.text("credentials") == "flooding"
            else { continue }
            var decoder = MessageDecoder(network)
            let index = IVIndex(UInt32(truncatingIfNeeded: block(row.text("iv_index"))))
            var pdus = (row["pdus"] as? [[String: Any]] ?? []).compactMap { pdu -> NetworkPDU? in
                opened(octets(pdu.text("network_pdu")), with: NetworkKeys(netKey).flooding, ivIndex: index)
            }
            if isReversed { pdus.reverse() }
            let decoded = pdus.map { decoder.decode($0) }
            guard case .access(let message, let segments, _)? = decoded.last else {
                Issue.record("\(row.text("id")): \(decoded)")
                continue
            }
            #expect(message.payload == octets(access.text("payload")), "\(row.text("id"))")
            #expect(segments == pdus.count)
            whole += 1
        }
        #expect(whole >= 8)
    }

    @Test func tenThousandMessagesThatNeverEndAreBounded() throws {
        let keys = NetworkKeys(NetKey(value: 5))
        var decoder = MessageDecoder(.init(subnets: []))
        let source = try #require(UnicastAddress(1))
        for number in UInt32(0)..<10_000 {
            let zero = number & 0x1FFF
            let header = UInt32(zero) << 10 | 31
            let segment =
                [0x80, UInt8(header >> 16), UInt8(header >> 8 & 255), UInt8(header & 255)]
                + [UInt8](repeating: 1, count: 12)
            let sealed = NetworkPDU.seal(
                position: .init(IVIndex(0), .init(truncating: number)), isControl: false, ttl: 5, source: source,
                destination: MeshAddress(2), transportPDU: segment, with: keys.flooding)
            let pdu = try #require(NetworkPDU.open(sealed, with: keys.flooding, ivIndex: IVIndex(0)))
            #expect(decoder.decode(pdu) == .segment(offset: 0, last: 31))
        }
        #expect(decoder.unfinishedCount <= 512)
    }

    @Test func aSegmentSentAgainDoesNotCompleteTwice() throws {
        let keys = NetworkKeys(NetKey(value: 5))
        var decoder = MessageDecoder(.init(subnets: []))
        let source = try #require(UnicastAddress(1))
        func pdu(_ sequence: UInt32, _ offset: UInt8) throws -> NetworkPDU {
            let header = UInt32(100) << 10 | UInt32(offset) << 5 | 1
            let transport =
                [0x80, UInt8(header >> 16), UInt8(header >> 8 & 255), UInt8(header & 255)] + [offset, 9, 9, 9, 9, 9]
            let sealed = NetworkPDU.seal(
                position: .init(IVIndex(0), .init(truncating: sequence)), isControl: false, ttl: 5, source: source,
                destination: MeshAddress(2), transportPDU: transport, with: keys.flooding)
            return try #require(NetworkPDU.open(sealed, with: keys.flooding, ivIndex: IVIndex(0)))
        }
        #expect(decoder.decode(try pdu(100, 0)) == .segment(offset: 0, last: 1))
        #expect(decoder.decode(try pdu(101, 0)) == .segment(offset: 0, last: 1), "with a fresh SEQ")
        #expect(decoder.decode(try pdu(102, 1)) == .closedAccess(.deviceKey, segments: 2))
        #expect(decoder.decode(try pdu(103, 1)) == .segment(offset: 1, last: 1))
    }
}
