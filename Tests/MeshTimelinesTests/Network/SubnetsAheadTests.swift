import MeshCrypto
import MeshProtocol
import MeshTestSupport
import MeshTimelines
import MeshVerdict
import Testing

/// A subnet whose beacons say a state that the primary subnet has not reached.
@Suite struct SubnetsAheadTests {
    private func subnets(_ fill: (inout Script) -> Void) throws -> Analysis {
        var script = Script()
        fill(&script)
        let ring = KeyRing(networks: [
            .init(subnets: [
                .init(keyIndex: .primary, netKey: scriptKeys.netKey),
                .init(keyIndex: KeyIndex(truncating: 3), netKey: scriptOtherKeys.netKey),
            ])
        ])
        return try script.analyse(ring)
    }

    @Test func aSubnetAheadOfThePrimaryOneIsIgnoredAndTold() throws {
        let analysis = try subnets { script in
            for minute in 0..<60 {
                script.beacon(Double(minute * 60), normal(5))
                script.beacon(Double(minute * 60 + 10), updating(6), with: scriptOtherKeys)
            }
        }
        #expect(analysis.networks[0].iv?.state == normal(5))
        #expect(analysis.findings.contains { $0.kind == .secondarySubnetAhead && $0.count == 60 })
    }

    @Test func aSubnetThatIsAheadForAMomentIsNot() throws {
        let follows = try subnets { script in
            script.beacon(0, normal(5))
            script.beacon(10, updating(6), with: scriptOtherKeys)
            script.beacon(20, updating(6))
        }
        #expect(follows.networks[0].iv?.state == updating(6) && follows.findings.isEmpty)
        let ends = try subnets { script in
            script.beacon(0, normal(5))
            script.beacon(10, updating(6), with: scriptOtherKeys)
        }
        #expect(ends.networks[0].iv?.state == updating(6) && ends.findings.isEmpty, "the highest authenticated one")
    }
}
