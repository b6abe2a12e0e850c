import CaptureFiles
import Foundation
import MeshEvidence
import MeshProtocol
import MeshStacks
import Testing

@testable import MeshTimelines

/// One example of every case.
@Suite struct FactValueTests {
    private static let frame = FrameReference(capture: 1, number: 7, time: Scene.start)
    private static let position = SequencePosition(IVIndex(5), SequenceNumber(truncating: 0xFF_FFFF))

    private static func jump() -> SequenceJump {
        SequenceJump(from: SequenceNumber(truncating: 1), to: SequenceNumber(truncating: 127), frame: frame)
    }

    private static func restart() -> SequenceRestart {
        SequenceRestart(
            from: SequenceNumber(truncating: 9), first: SequenceNumber(truncating: 0),
            last: SequenceNumber(truncating: 3), frame: frame, count: 4, isOvertaken: true)
    }

    private static let ofCaptures: [Fact] =
        [
            .damagedRecord(capture: 0, path: "a.pcap", reason: "ends"), .unsupportedLinkType(LinkType(.pcap, 1)),
            .crcFailed(capture: 2), .truncatedFrame, .malformedStructure(first: nil), .malformedStructure(first: "AD"),
            .clockJumped(capture: 0, from: Scene.start, to: CaptureTime(nanoseconds: .min)),
            .captureAligned(capture: 1, by: .seconds(-86_400)), .clocksDisagree(by: .seconds(601)), .timeUnknown,
            .nothingAuthenticSince(Scene.start, captureEnd: Scene.time(700)),
        ] + CaptureNotice.allCases.map { .ofCapture($0, capture: 1) }

    private static let ofBeacons: [Fact] = [
        .beaconNotAuthentic(.primary), .subnetsDisagree(.primary, says: .normal(1), network: .updating(5)),
        .beaconReplayed(.normal(1), network: .updating(5), advertiser: nil),
        .beaconReplayed(.normal(1), network: .normal(5), advertiser: DeviceAddress(0xC0_0000_0000_07)),
        .nodeAhead(.updating(6), advertiser: DeviceAddress(7), others: 2),
        .ivUpdateTooSoon(.normal(6), atMost: .milliseconds(1500)), .ivUpdateOverdue(.updating(6), since: Scene.start),
        .ivIndexJump(from: .normal(5), to: .normal(9)),
        .ivRecoveryTooSoon(from: .normal(5), to: .normal(9), since: Scene.start),
        .ivIndexOutOfRange(from: .normal(5), to: .normal(.max)), .beaconsSilent(.primary, for: .seconds(121)),
        .secondarySubnetAhead(KeyIndex(truncating: 0xFFF), says: .updating(6), network: .normal(5)),
        .keyRefreshReverted(.primary), .keyRefreshPhaseNotHeard(.primary),
    ]

    private static let ofSources: [Fact] = [
        .sequenceRestarted(restart(), under: IVIndex(5), short: 6),
        .sequenceJump(jump(), under: IVIndex(5), stacks: [.zephyr, .silabs]),
        .sequenceOutlier(position, others: SequenceNumber(truncating: 3)),
        .keyFellSilent(KeyIndex.primary, since: Scene.start, nids: [3], networkIDs: [7], sources: 4),
        .solicitationFell(from: SequenceNumber(truncating: 41), to: SequenceNumber(truncating: 0)),
        .pduReplayed(under: IVIndex(5), isLate: true), .pduReplayed(under: IVIndex(5), isLate: false),
        .staleIVIndex(IVIndex(3), newer: IVIndex(5)), .heardAfterFailure(failedAt: Scene.start),
        .answerOutlived(failedAt: Scene.start, validUntil: nil),
        .answerOutlived(failedAt: Scene.start, validUntil: Scene.start),
        .takeoverTooLate(takeoverAt: Scene.start, validUntil: nil),
        .takeoverTooLate(takeoverAt: Scene.start, validUntil: Scene.start), .nonceReused(position),
        .pduAlteredByRelay(position), .sequenceNearExhaustion(position, left: 0, exhaustedAt: nil),
        .sequenceNearExhaustion(position, left: 5, exhaustedAt: Scene.start),
    ]

    private static let ofKeys: [Fact] = [
        .pduNotOpened(nid: 0x7F), .pdusGivenUp, .foreignNetwork(nid: 0), .keyLearned(.primary),
        .friendshipsForgotten, .trafficStaysClosed(pdus: 12), .sequencesForgotten, .identitiesNotResolved,
    ]

    private static let examples = ofCaptures + ofBeacons + ofSources + ofKeys

    @Test func everyKindHasAnExample() {
        #expect(Set(Self.examples.map(\.kind)) == Set(Fact.Kind.allCases))
        #expect(Set(Fact.Kind.allCases.map(\.rawValue)).count == Fact.Kind.allCases.count)
    }

    @Test(arguments: examples + Fact.Kind.allCases.map(Fact.further))
    func aFactIsReadBackAsItWas(fact: Fact) throws {
        let octets = try JSONEncoder().encode(fact)
        #expect(try JSONDecoder().decode(Fact.self, from: octets) == fact)
        let finding = Finding(
            fact, network: NetworkIndex(1), source: UnicastAddress(0x7FFF), count: 3, frames: [Self.frame])
        #expect(try JSONDecoder().decode(Finding.self, from: try JSONEncoder().encode(finding)) == finding)
    }

    /// What is grave is decided here once more, so that a change of it is one on purpose.
    @Test func everyKindHasItsSeverity() {
        let critical: Set<Fact.Kind> = [
            .subnetsDisagree, .ivIndexOutOfRange, .sequenceOutlier, .heardAfterFailure, .answerOutlived,
            .takeoverTooLate, .nonceReused, .keyFellSilent, .trafficStaysClosed,
        ]
        let info: Set<Fact.Kind> = [
            .crcFailed, .truncatedFrame, .malformedStructure, .beaconsSilent, .keyRefreshPhaseNotHeard, .sequenceJump,
            .pduAlteredByRelay, .pduNotOpened, .foreignNetwork, .keyLearned, .nothingAuthenticSince,
            .identitiesNotResolved, .recordsUnknown, .framesDewhitened, .connectionJoined,
        ]
        for kind in Fact.Kind.allCases {
            let expected: Fact.Severity = critical.contains(kind) ? .critical : info.contains(kind) ? .info : .warning
            #expect(kind.severity == expected, "\(kind)")
            #expect(Fact.further(kind).severity == expected && Fact.further(kind).kind == kind)
        }
        #expect(Fact.Severity.allCases.sorted() == [.critical, .warning, .info])
    }

    @Test func whatIsFurtherIsASubjectOfItsOwn() {
        for fact in Self.examples { #expect(fact.subject != Fact.further(fact.kind).subject) }
    }
}
