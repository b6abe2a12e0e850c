import ByteParsing
import MeshCrypto
import TestSupport
import Testing

@testable import MeshProtocol

/// The fields that a Network PDU tells of its TransportPDU, against the parser of the lower transport layer.
@Suite struct LowerTransportTests {
    private func pdu(_ transport: [UInt8], isControl: Bool) throws -> NetworkPDU {
        NetworkPDU(
            position: .init(IVIndex(5), .init(truncating: 9)), isControl: isControl, ttl: 4,
            source: try #require(UnicastAddress(1)), destination: MeshAddress(0xC000), transportPDU: transport)
    }

    /// What the accessors must say where the parser accepts the PDU; where it does not, they name no SeqZero.
    private func check(_ pdu: NetworkPDU) {
        var (device, segmented, seqZero, acknowledged) = (false, false, UInt16?.none, UInt16?.none)
        switch try? LowerTransportPDU(pdu) {
        case .unsegmentedAccess(let hint, _): device = hint == .deviceKey
        case .segmentedAccess(let hint, _, let segment):
            (device, segmented, seqZero) = (hint == .deviceKey, true, segment.seqZero)
        case .unsegmentedControl: break
        case .segmentedControl(_, let segment): (segmented, seqZero) = (true, segment.seqZero)
        case .segmentAcknowledgment(_, let answered, _): acknowledged = answered
        case nil:
            #expect(pdu.seqZero == nil && pdu.acknowledgedSeqZero == nil)
            return
        }
        #expect(pdu.usesDeviceKey == device && pdu.isSegmented == segmented)
        #expect(pdu.seqZero == seqZero && pdu.acknowledgedSeqZero == acknowledged)
    }

    @Test func fieldsAgreeWithTheParserOverRandomPDUs() throws {
        var random = SeededNumbers(seed: 11)
        var (accepted, acknowledgments) = (0, 0)
        for number in 0..<20_000 {
            let isControl = number % 2 == 0
            var transport = (0..<random.below(isControl ? 13 : 17)).map { _ in UInt8(random.below(256)) }
            if number % 8 == 0, !transport.isEmpty { transport[0] = 0 }
            let pdu = try pdu(transport, isControl: isControl)
            check(pdu)
            #expect(pdu.transportPDU == transport)
            if (try? LowerTransportPDU(pdu)) != nil { accepted += 1 }
            if pdu.acknowledgedSeqZero != nil { acknowledgments += 1 }
        }
        #expect(accepted > 8000 && acknowledgments > 500)
    }

    @Test func fieldsAgreeWithTheParserOverTheSampleData() throws {
        var (segments, acknowledgments, underDeviceKeys) = (0, 0, 0)
        for row in try SampleData.rows("messages") where row.text("credentials") == "flooding" {
            let keys = NetworkKeys(NetKey(value: block(row.text("net_key"))))
            let index = IVIndex(UInt32(truncatingIfNeeded: block(row.text("iv_index"))))
            for part in row["pdus"] as? [[String: Any]] ?? [] {
                let heard = ObfuscatedNetworkPDU(octets: octets(part.text("network_pdu")))
                let pdu = try #require(NetworkPDU.open(heard, with: keys.flooding, ivIndex: index))
                check(pdu)
                segments += pdu.isSegmented ? 1 : 0
                acknowledgments += pdu.acknowledgedSeqZero == nil ? 0 : 1
                underDeviceKeys += pdu.usesDeviceKey ? 1 : 0
            }
        }
        #expect(segments > 0 && acknowledgments > 0 && underDeviceKeys > 0)
    }

    @Test func whatARelayCutShortHasNoFields() throws {
        for count in 0..<2 {
            let content = NetworkPDU.Content(octets: Array(repeating: 0xFF, count: count))
            for header in [UInt64(0x0000_0000_0001), 0x8000_0000_0001] {
                let cut = try #require(NetworkPDU(ivIndex: IVIndex(0), header: header, content: content))
                #expect(!cut.usesDeviceKey && !cut.isSegmented)
                #expect(cut.seqZero == nil && cut.acknowledgedSeqZero == nil)
            }
        }
        #expect(try !pdu([], isControl: false).usesDeviceKey)
        #expect(try pdu([0x00], isControl: false).usesDeviceKey, "AKF is in the first octet")
    }

    /// SeqZero 0x1849 of the specification's example of SeqAuth, in the first segment of two.
    @Test func seqZeroStandsWhereTheSpecificationPutsIt() throws {
        let segment: [UInt8] = [0x80, 0x61, 0x24, 0x01, 0xAA]
        for isControl in [false, true] { #expect(try pdu(segment, isControl: isControl).seqZero == 0x1849) }
        #expect(try pdu(Array(segment.prefix(4)), isControl: false).seqZero == nil, "a segment has an octet at least")
        #expect(try pdu([0x80, 0x61, 0x24, 0x20, 0xAA], isControl: false).seqZero == nil, "the second of one")
        let acknowledgment: [UInt8] = [0x00, 0x61, 0x24, 0, 0, 0, 1]
        #expect(try pdu(acknowledgment, isControl: true).acknowledgedSeqZero == 0x1849)
        #expect(try pdu(acknowledgment, isControl: false).acknowledgedSeqZero == nil)
        #expect(try pdu(Array(acknowledgment.prefix(6)), isControl: true).acknowledgedSeqZero == nil)
    }
}
