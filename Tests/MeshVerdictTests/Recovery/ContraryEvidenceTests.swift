import CaptureFiles
import MeshCrypto
import MeshProtocol
import MeshTestSupport
import MeshTimelines
import MeshVerdict
import Testing

@Suite struct ContraryEvidenceTests {
    @Test func oneOldBeaconDoesNotStretchTheValidity() throws {
        var script = Script()
        script.beacon(0, normal(5))
        script.pdu(1, 5, 1)
        script.beacon(1 * hour, updating(6))
        script.beacon(90 * hour, normal(5))
        let start = CaptureTime(seconds: 1_780_272_000)
        let recovery = try script.analyse().networks[0].sources[0].verdict.recovery
        #expect(recovery?.validUntil == start.advanced(by: .seconds(96 * 3600)))
        script.beacon(98 * hour, normal(6))
        #expect(try script.analyse().findings.map(\.kind) == [.beaconReplayed], "98 h are long enough")
    }

    @Test func aStateThatAPDUMovesIsJudgedToo() throws {
        var script = Script()
        script.beacon(0, normal(5))
        script.beacon(60, updating(6))
        script.pdu(7200, 6, 1)
        #expect(try script.analyse().findings.filter { $0.severity != .info }.map(\.kind) == [.ivUpdateTooSoon])
    }

    @Test func keysOfTwoNetworksGivenAsOneShowAtOnce() throws {
        let foreign = NetworkKeys(NetKey(value: 99))
        var script = Script()
        script.beacon(0, normal(5))
        script.beacon(10, normal(7), with: foreign)
        let ring = KeyRing(networks: [
            .init(subnets: [
                .init(keyIndex: .primary, netKey: scriptKeys.netKey),
                .init(keyIndex: KeyIndex(truncating: 1), netKey: foreign.netKey),
            ])
        ])
        #expect(try script.analyse(ring).findings.first?.kind == .subnetsDisagree)
    }

    @Test func aHintHelpsBesideEvidence() throws {
        var script = Script()
        script.beacon(0, normal(5))
        script.pdu(1, 5, 500)
        for second in 0..<50 { script.pdu(60 * 24 * hour + Double(second), 9, UInt32(7000 + second)) }
        let analysis = try script.analyse(options: .init(givenIVIndex: IVIndex(9)))
        #expect(analysis.networks[0].iv?.state == normal(9))
        #expect(analysis.networks[0].sources[0].verdict.recovery?.minimum.value == 7050)
    }

    @Test func aReplacementThatStartsTooLowReusesNonces() throws {
        var script = Script()
        script.beacon(0, normal(9))
        for sequence in 0..<100 { script.pdu(Double(sequence), 9, UInt32(sequence)) }
        for sequence in 0..<60 {
            script.pdu(1000 + Double(sequence), 9, UInt32(sequence), transport: [0, 9, 9, 9, 9, 9])
        }
        let findings = try script.analyse().findings
        #expect(findings.map(\.kind) == [.nonceReused, .sequenceRestarted])
        #expect(findings[0].count == 60)
    }

    @Test func directedCredentialsCountAsWell() throws {
        var script = Script()
        script.beacon(0, normal(9))
        script.pdu(1, 9, 10)
        let source = try #require(UnicastAddress(1))
        let pdu = NetworkPDU.seal(
            position: .init(IVIndex(9), .init(truncating: 15)), isControl: false, ttl: 5, source: source,
            destination: MeshAddress(2), transportPDU: [0, 1, 2, 3, 4, 5], with: scriptKeys.directed)
        script.add(2, 0x2A, pdu.octets)
        #expect(try script.analyse().networks[0].sources[0].verdict.recovery?.minimum.value == 16)
    }

    @Test func aMasterOfTwoNetworksIsAnsweredInBoth() throws {
        let other = NetworkKeys(NetKey(value: 12345))
        var script = Script()
        script.beacon(0, normal(5))
        script.beacon(0, normal(7), with: other)
        script.pdu(1, 5, 159)
        script.pdu(2, 7, 69, with: other)
        func ring(secondNamesIt: Bool) -> KeyRing {
            KeyRing(networks: [
                .init(subnets: [.init(keyIndex: .primary, netKey: scriptKeys.netKey)]),
                .init(
                    subnets: [.init(keyIndex: .primary, netKey: other.netKey)],
                    master: secondNamesIt ? UnicastAddress(1) : nil
                ),
            ])
        }
        let both = try script.analyse(ring(secondNamesIt: false), options: .init(master: UnicastAddress(1)))
        #expect(both.masters.map(\.network) == [NetworkIndex(0), NetworkIndex(1)])
        #expect(both.masters.map { both.source(of: $0)?.verdict.recovery?.minimum.value } == [160, 70])
        let named = try script.analyse(ring(secondNamesIt: true), options: .init(master: UnicastAddress(1)))
        #expect(named.masters.map(\.network) == [NetworkIndex(1)])
    }
}
