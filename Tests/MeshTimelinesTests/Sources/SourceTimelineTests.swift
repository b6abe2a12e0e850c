import MeshCrypto
import MeshEvidence
import MeshProtocol
import MeshTestSupport
import MeshTimelines
import MeshVerdict
import Testing

@Suite struct SourceTimelineTests {
    @Test func theSameSequenceWithOtherContentIsNonceReuse() throws {
        var script = Script()
        script.beacon(0, normal(9))
        script.pdu(1, 9, 5, transport: [0, 1, 2, 3, 4, 5])
        script.pdu(2, 9, 5, ttl: 4, transport: [0, 1, 2, 3, 4, 5])
        #expect(try script.analyse().findings.isEmpty, "a relay is none")
        script.pdu(3, 9, 5, transport: [0, 9, 2, 3, 4, 5])
        let findings = try script.analyse().findings
        #expect(findings.map(\.kind) == [.nonceReused])
        #expect(findings[0].severity == .critical)
        #expect(findings[0].frames.map(\.number) == [4])
    }

    @Test func aCutCopyIsToldForWhatItIs() throws {
        for isCutFirst in [false, true] {
            var script = Script()
            script.beacon(0, normal(9))
            script.pdu(isCutFirst ? 2 : 1, 9, 5, ttl: 5, transport: [0, 1, 2, 3, 4, 5])
            script.pdu(isCutFirst ? 1 : 2, 9, 5, ttl: 4, transport: [0, 1])
            script.frames.sort { $0.seconds < $1.seconds }
            let analysis = try script.analyse()
            #expect(analysis.findings.map(\.kind) == [.pduAlteredByRelay])
            #expect(analysis.networks[0].sources[0].epochs[0].distinct == 1)
        }
        // No NetMIC has three octets.
        var script = Script()
        script.beacon(0, normal(9))
        script.pdu(1, 9, 5, transport: [0, 1, 2, 3, 4, 5])
        script.pdu(2, 9, 5, transport: [0, 1, 2])
        #expect(try script.analyse().findings.map(\.kind) == [.nonceReused])
    }

    @Test func subnetsOfOneNetworkShareASourcesSequence() throws {
        let second = NetworkKeys(NetKey(value: 12345))
        var script = Script()
        script.beacon(0, normal(9))
        script.pdu(1, 9, 5)
        script.pdu(2, 9, 900, with: second)
        let ring = KeyRing(networks: [
            .init(subnets: [
                .init(keyIndex: .primary, netKey: scriptKeys.netKey),
                .init(keyIndex: KeyIndex(truncating: 1), netKey: second.netKey),
            ])
        ])
        let source = try script.analyse(ring).networks[0].sources[0]
        #expect(source.epochs[0].lastSequence.value == 900)
        #expect(source.verdict.recovery?.minimum.value == 901)
    }
}
