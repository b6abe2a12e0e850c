import ByteParsing
import CaptureFiles
import MeshEvidence
import MeshProtocol
import MeshStacks
import MeshTimelines

/// What the JSON says of a fact, field by field: numbers are numbers, and what is true or false is a boolean.
extension Fact {
    /// `times`: how a time is written.
    func detail(_ times: CaptureTimes) -> [String: JSONModel.Detail] {
        switch self {
        case .damagedRecord(_, let path, let reason): ["capture": .text(KeyMask.hide(path)), "reason": .text(reason)]
        case .ofCapture(_, let capture): ["capture": .number(capture)]
        case .unsupportedLinkType(let type): ["link_type": .number(type.number)]
        case .crcFailed, .truncatedFrame, .timeUnknown, .pdusGivenUp, .friendshipsForgotten, .sequencesForgotten,
            .identitiesNotResolved, .further:
            [:]
        case .malformedStructure(let first): first.map { ["first": .text($0)] } ?? [:]
        case .captureAligned(let capture, let offset):
            ["capture": .number(capture), "seconds": .number(offset.components.seconds)]
        case .clocksDisagree(let difference): ["seconds": .number(difference.components.seconds)]
        case .trafficStaysClosed(let pdus): ["pdus": .number(pdus)]
        case .nothingAuthenticSince(let last, let captureEnd):
            ["since": .text(times.date(last)), "capture_end": .text(times.date(captureEnd))]
        case .clockJumped(_, let from, let to): ["from": .text(times.date(from)), "to": .text(times.date(to))]
        case .beaconNotAuthentic(let key), .keyRefreshReverted(let key), .keyRefreshPhaseNotHeard(let key),
            .keyLearned(let key):
            ["key_index": .number(key.value)]
        case .keyFellSilent(let key, let since, let nids, let networkIDs, let sources):
            [
                "key_index": .number(key.value), "since": .text(times.date(since)), "sources": .number(sources),
                "nids": .text(nids.map { Hexadecimal.prefixed($0, digits: 2) }.joined(separator: " ")),
                "network_ids": .text(networkIDs.map { Hexadecimal.text($0, digits: 16) }.joined(separator: " ")),
            ]
        case .subnetsDisagree(let key, let says, let network), .secondarySubnetAhead(let key, let says, let network):
            ["key_index": .number(key.value), "iv_index": .number(says), "network_iv_index": .number(network)]
        case .beaconReplayed(let state, let network, let advertiser):
            [
                "iv_index": .number(state), "update_in_progress": .flag(state.isUpdateInProgress),
                "network_iv_index": .number(network),
            ].merging(advertiser.map { ["advertiser": .text($0.text)] } ?? [:]) { first, _ in first }
        case .nodeAhead(let state, let advertiser, let others):
            ["advertiser": .text(advertiser.text), "iv_index": .number(state), "others": .number(others)]
        case .ivUpdateTooSoon(let state, let longest):
            [
                "iv_index": .number(state), "update_in_progress": .flag(state.isUpdateInProgress),
                "at_most_hours": .number(longest.components.seconds / 3600),
            ]
        case .ivUpdateOverdue(let state, let since): ["iv_index": .number(state), "since": .text(times.date(since))]
        case .ivIndexJump(let from, let to), .ivIndexOutOfRange(let from, let to):
            ["from_iv_index": .number(from), "iv_index": .number(to)]
        case .ivRecoveryTooSoon(let from, let to, let since):
            ["from_iv_index": .number(from), "iv_index": .number(to), "since": .text(times.date(since))]
        case .beaconsSilent(let key, let silence):
            ["key_index": .number(key.value), "seconds": .number(silence.components.seconds)]
        case .sequenceRestarted(let restart, let index, let short):
            [
                "iv_index": .number(index.value), "from_seq": .number(restart.from.value),
                "first_seq": .number(restart.first.value), "last_seq": .number(restart.last.value),
                "short": .number(short),
            ]
        case .sequenceJump(let jump, let index, let stacks): Self.detail(of: jump, index, stacks)
        case .sequenceOutlier(let position, let others):
            Self.detail(of: position).merging(["others_to_seq": .number(others.value)]) { first, _ in first }
        case .solicitationFell(let from, let to): ["from_sseq": .number(from.value), "sseq": .number(to.value)]
        case .pduReplayed(let index, let isLate): ["iv_index": .number(index.value), "late": .flag(isLate)]
        case .staleIVIndex(let index, let newer):
            ["iv_index": .number(index.value), "newer_iv_index": .number(newer.value)]
        case .heardAfterFailure(let failedAt): ["failed_at": .text(times.date(failedAt))]
        case .answerOutlived(let failedAt, let validUntil):
            ["failed_at": .text(times.date(failedAt))]
                .merging(validUntil.map { ["valid_until": .text(times.date($0))] } ?? [:]) { first, _ in first }
        case .takeoverTooLate(let takeoverAt, let validUntil):
            ["takeover_at": .text(times.date(takeoverAt))]
                .merging(validUntil.map { ["valid_until": .text(times.date($0))] } ?? [:]) { first, _ in first }
        case .nonceReused(let position), .pduAlteredByRelay(let position): Self.detail(of: position)
        case .sequenceNearExhaustion(let position, let left, let exhaustedAt):
            Self.detail(of: position).merging(["left": .number(left)]) { first, _ in first }
                .merging(exhaustedAt.map { ["exhausted_at": .text(times.date($0))] } ?? [:]) { first, _ in first }
        case .pduNotOpened(let nid), .foreignNetwork(let nid): ["nid": .number(nid)]
        }
    }

    private static func detail(of position: SequencePosition) -> [String: JSONModel.Detail] {
        ["iv_index": .number(position.ivIndex.value), "seq": .number(position.sequence.value)]
    }

    private static func detail(
        of jump: SequenceJump, _ index: IVIndex, _ stacks: [Stack]
    ) -> [String: JSONModel.Detail] {
        var detail: [String: JSONModel.Detail] = [
            "iv_index": .number(index.value), "from_seq": .number(jump.from.value), "to_seq": .number(jump.to.value),
        ]
        guard let block = stacks.map(\.reservation.block).min() else { return detail }
        detail["block"] = .number(block)
        detail["stack"] = .text(stacks.map(\.identifier).joined(separator: ", "))
        return detail
    }
}

extension JSONModel.Detail {
    fileprivate static func number(_ state: IVState) -> Self { .number(state.index.value) }
}
