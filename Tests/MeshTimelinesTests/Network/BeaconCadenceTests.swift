import MeshProtocol
import MeshTestSupport
import MeshTimelines
import MeshVerdict
import Testing

@Suite struct BeaconCadenceTests {
    @Test func theCadenceOfBeaconsIsMeasured() throws {
        var script = Script()
        for number in 0..<30 { script.beacon(Double(number) * 10, normal(5)) }
        for number in UInt32(0)..<100 { script.pdu(300 + Double(number) * 2, 5, number) }
        let analysis = try script.analyse()
        #expect(analysis.networks[0].subnets[0].beaconInterval == .seconds(10))
        let silent = try #require(analysis.findings.first { $0.kind == .beaconsSilent })
        #expect(silent.severity == .info && silent.fact == .beaconsSilent(.primary, for: .seconds(208)))
    }
}
