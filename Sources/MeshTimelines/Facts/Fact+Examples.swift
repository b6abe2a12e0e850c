import CaptureFiles
import MeshEvidence
import MeshProtocol
import MeshStacks

extension Fact {
    /// One of every kind, with values as a capture may have them: what help shows.
    public static let examples: [Fact] = ofCaptures + ofBeacons + ofSources + ofKeys

    /// 2026-06-01, some seconds into the day.
    private static func time(_ seconds: Int64) -> CaptureTime { CaptureTime(seconds: 1_780_272_000 + seconds) }

    private static func position(_ sequence: UInt32) -> SequencePosition {
        SequencePosition(IVIndex(3496), SequenceNumber(truncating: sequence))
    }

    private static func state(_ index: UInt32) -> IVState { .normalOperation(IVIndex(index)) }

    private static let jump = SequenceJump(
        from: SequenceNumber(truncating: 0x01_4596), to: SequenceNumber(truncating: 0x01_4600),
        frame: FrameReference(capture: 0, number: 151, time: time(17)))

    private static let restart = SequenceRestart(
        from: SequenceNumber(truncating: 0x01_4596), first: SequenceNumber(truncating: 0),
        last: SequenceNumber(truncating: 12), frame: FrameReference(capture: 0, number: 170, time: time(40)), count: 9)

    private static let ofCaptures: [Fact] =
        [
            .damagedRecord(capture: 0, path: "capture.pcap", reason: "the record ends behind the end of the file"),
            .unsupportedLinkType(LinkType(.pcap, 1)), .crcFailed(capture: 0), .truncatedFrame,
            .malformedStructure(first: "an AD structure is longer than what is left"), .timeUnknown,
            .nothingAuthenticSince(time(17), captureEnd: time(4000)),
            .clockJumped(capture: 0, from: time(17), to: time(7217)), .captureAligned(capture: 1, by: .seconds(7200)),
            .clocksDisagree(by: .seconds(601)),
        ] + CaptureNotice.allCases.map { .ofCapture($0, capture: 0) }

    private static let ofBeacons: [Fact] = [
        .beaconNotAuthentic(.primary), .subnetsDisagree(.primary, says: state(3495), network: state(3496)),
        .beaconReplayed(state(3495), network: state(3496), advertiser: DeviceAddress(0xC0_11_22_33_44_55)),
        .nodeAhead(state(3497), advertiser: DeviceAddress(0xC0_11_22_33_44_55), others: 2),
        .ivUpdateTooSoon(state(3496), atMost: .seconds(7200)), .ivUpdateOverdue(state(3496), since: time(0)),
        .ivIndexJump(from: state(3496), to: state(3500)),
        .ivRecoveryTooSoon(from: state(3496), to: state(3500), since: time(0)),
        .ivIndexOutOfRange(from: state(3496), to: state(4000)), .beaconsSilent(.primary, for: .seconds(600)),
        .secondarySubnetAhead(KeyIndex(truncating: 1), says: state(3497), network: state(3496)),
        .keyRefreshReverted(.primary), .keyRefreshPhaseNotHeard(.primary),
    ]

    private static let ofSources: [Fact] = [
        .sequenceRestarted(restart, under: IVIndex(3496), short: 83_338),
        .sequenceJump(jump, under: IVIndex(3496), stacks: [.zephyr]),
        .sequenceOutlier(position(0xFF_0000), others: SequenceNumber(truncating: 0x01_4596)),
        .keyFellSilent(
            KeyIndex.primary, since: time(17), nids: [0x37], networkIDs: [0x2A20_C8CE_7C9A_F8E8], sources: 4),
        .solicitationFell(from: SequenceNumber(truncating: 41), to: SequenceNumber(truncating: 0)),
        .pduReplayed(under: IVIndex(3496), isLate: true), .staleIVIndex(IVIndex(3495), newer: IVIndex(3496)),
        .heardAfterFailure(failedAt: time(10)), .answerOutlived(failedAt: time(864_000), validUntil: time(345_600)),
        .takeoverTooLate(takeoverAt: time(864_000), validUntil: time(345_600)), .nonceReused(position(0x01_4596)),
        .pduAlteredByRelay(position(0x01_4596)),
        .sequenceNearExhaustion(position(0xFF_0000), left: 65_535, exhaustedAt: time(172_800)),
    ]

    private static let ofKeys: [Fact] = [
        .pduNotOpened(nid: 0x37), .pdusGivenUp, .foreignNetwork(nid: 0x5E), .keyLearned(.primary),
        .friendshipsForgotten,
        .trafficStaysClosed(pdus: 1200), .sequencesForgotten, .identitiesNotResolved,
    ]
}
