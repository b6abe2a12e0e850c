import MeshEvidence
import MeshProtocol
import MeshTestSupport
import MeshTimelines
import Testing

@Suite struct FactLogTests {
    @Test func subjectsOfOneKindAreBoundedAndAllCounted() {
        var log = FactLog()
        for index in UInt32(0)..<5000 {
            log.record(.beaconReplayed(normal(index), network: normal(9000), advertiser: nil))
        }
        #expect(log.sorted.count == 1025)
        #expect(log.sorted.reduce(0) { $0 + $1.count } == 5000)
        let further = log.sorted.filter { $0.fact == .further(.beaconReplayed) }
        #expect(further.map(\.count) == [5000 - 1024])
        #expect(log.sorted.allSatisfy { $0.kind == .beaconReplayed && $0.severity == .warning })
    }
}
