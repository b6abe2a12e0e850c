import CaptureFiles
import Foundation
import MeshEvidence
import MeshProtocol
import MeshTimelines
import Testing

@Suite struct FactLogValueTests {
    private func frame(_ number: Int) -> FrameReference {
        FrameReference(capture: 0, number: number, time: Scene.time(Double(number)))
    }

    private let network = NetworkIndex(0)

    @Test func equalFactsAreCountedAndTheFirstEightFramesKept() {
        var log = FactLog()
        for number in 1...12 { log.record(.truncatedFrame, at: frame(number)) }
        #expect(log.sorted == [Finding(.truncatedFrame, count: 12, frames: (1...8).map(frame))])
    }

    @Test func subjectsAreToldApart() {
        var log = FactLog()
        let source = UnicastAddress(1)
        log.record(.crcFailed(capture: 0), at: frame(1))
        log.record(.crcFailed(capture: 1), at: frame(2))
        log.record(.keyLearned(.primary), network: network, source: source)
        log.record(.keyLearned(.primary), network: network, source: UnicastAddress(2))
        log.record(.keyLearned(.primary), network: NetworkIndex(1), source: source)
        #expect(log.sorted.count == 5 && log.sorted.allSatisfy { $0.count == 1 })
    }

    @Test func ofOneSubjectTheFirstFactStands() {
        var log = FactLog()
        for replayer in UInt64(1)...3 {
            let fact = Fact.beaconReplayed(.normal(5), network: .normal(9), advertiser: DeviceAddress(replayer))
            log.record(fact, network: network)
        }
        #expect(log.sorted.count == 1 && log.sorted.first?.count == 3)
        #expect(
            log.sorted.first?.fact
                == .beaconReplayed(.normal(5), network: .normal(9), advertiser: DeviceAddress(1)))
    }

    @Test func theOrderIsThatOfGravityKindNetworkSourceAndSubject() {
        let position = SequencePosition(IVIndex(5), SequenceNumber(truncating: 1))
        let ordered = [
            Finding(.subnetsDisagree(.primary, says: .normal(1), network: .normal(5)), network: network),
            Finding(.nonceReused(position), network: network, source: UnicastAddress(1)),
            Finding(.nonceReused(position), network: network, source: UnicastAddress(2)),
            Finding(.nonceReused(position), network: NetworkIndex(1), source: UnicastAddress(1)),
            Finding(.clocksDisagree(by: .seconds(601)), network: network), Finding(.pdusGivenUp),
            Finding(.foreignNetwork(nid: 3)), Finding(.foreignNetwork(nid: 4)),
        ]
        var (forward, backward) = (FactLog(), FactLog())
        forward.add(ordered)
        backward.add(ordered.reversed())
        #expect(forward.sorted == ordered && backward.sorted == ordered)
    }

    /// A thousand and 24 subjects, and of two kinds more: the grave ones first in the order of a report.
    private var full: FactLog {
        var log = FactLog()
        for index in UInt32(0)..<1024 {
            log.record(.staleIVIndex(IVIndex(index), newer: IVIndex(9999)), network: network)
        }
        let position = SequencePosition(IVIndex(5), SequenceNumber(truncating: 1))
        for source in UInt16(1)...50 {
            log.record(.nonceReused(position), at: frame(Int(source)), network: network, source: UnicastAddress(source))
        }
        for key in UInt16(0)..<7 { log.record(.keyLearned(KeyIndex(truncating: key)), network: network) }
        return log
    }

    @Test func beyondAThousandSubjectsThoseOfAKindAreCountedTogether() {
        let sorted = full.sorted
        #expect(sorted.count == 1026 && sorted.reduce(0) { $0 + $1.count } == 1024 + 57)
        #expect(
            sorted.first
                == Finding(.further(.nonceReused), network: network, count: 50, frames: (1...8).map(frame)))
        #expect(sorted.last == Finding(.further(.keyLearned), network: network, count: 7))
        let kinds = Set(full.sorted.map(\.kind))
        #expect(kinds.contains(.nonceReused) && !kinds.contains(.pdusGivenUp))
        let another = NetworkIndex(network.value + 1)
        #expect(full.facts(of: network).contains { $0.kind == .nonceReused })
        #expect(Array(full.facts(of: another)).isEmpty)
    }

    @Test func whatIsKnownIsStillCountedInAFullLog() {
        var log = full
        log.record(.staleIVIndex(IVIndex(1023), newer: IVIndex(9999)), network: network)
        #expect(log.sorted.count == 1026 && log.sorted.filter { $0.count == 2 }.count == 1)
    }

    @Test func aFullLogIsReadBackAsItWas() throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        let octets = try encoder.encode(full)
        let again = try JSONDecoder().decode(FactLog.self, from: octets)
        #expect(again.sorted == full.sorted)
        #expect(try encoder.encode(again) == octets)
    }

    @Test func addingTheFindingsOfALogCountsThemAgain() {
        var log = FactLog()
        log.record(.truncatedFrame, at: frame(1))
        log.add(log.sorted)
        #expect(log.sorted == [Finding(.truncatedFrame, count: 2, frames: [frame(1), frame(1)])])
    }
}
