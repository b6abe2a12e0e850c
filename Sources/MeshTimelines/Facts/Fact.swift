public import CaptureFiles
public import MeshEvidence
public import MeshProtocol
public import MeshStacks

/// A fact worth a line, with what is known of it. Kind, severity, JSON and sentence derive from the case.
public enum Fact: Hashable, Codable, Sendable {
    // MARK: The capture

    /// The capture with this index breaks off.
    case damagedRecord(capture: Int, path: String, reason: String)
    /// What is to be said of the capture with this index as a whole; how often is the finding's count.
    case ofCapture(CaptureNotice, capture: Int)
    /// Frames of a link type that cannot be peeled.
    case unsupportedLinkType(LinkType)
    /// Frames of the capture with this index whose CRC over the air failed.
    case crcFailed(capture: Int)
    case truncatedFrame
    /// `first`: what is wrong with the first one.
    case malformedStructure(first: String?)
    /// Frames without a time hold something authentic.
    case timeUnknown
    /// Nothing authentic was heard any more, while the captures went on until `captureEnd`, by frames that may be anyone's.
    case nothingAuthenticSince(CaptureTime, captureEnd: CaptureTime)
    /// The clock of the capture with this index was set while it ran.
    case clockJumped(capture: Int, from: CaptureTime, to: CaptureTime)
    /// The clock of the capture with this index was wrong by minutes, and was aligned; positive where it was ahead.
    case captureAligned(capture: Int, by: Duration)
    /// Captures contradict each other: a later IV state was captured at a time that is earlier by as much.
    case clocksDisagree(by: Duration)

    // MARK: Beacons

    /// Beacons with the Network ID of this key and a wrong Authentication Value.
    case beaconNotAuthentic(KeyIndex)
    /// A subnet still says an older state than the network has.
    case subnetsDisagree(KeyIndex, says: IVState, network: IVState)
    /// An older state, said long after the network left it.
    case beaconReplayed(IVState, network: IVState, advertiser: DeviceAddress?)
    /// One device alone says the newest state, while others still say an older one.
    case nodeAhead(IVState, advertiser: DeviceAddress, others: Int)
    /// The state before this one lasted `atMost`, less than 96 hours.
    case ivUpdateTooSoon(IVState, atMost: Duration)
    /// Beacons said for more than 144 hours, from `since` on, that one update is in progress.
    case ivUpdateOverdue(IVState, since: CaptureTime)
    /// The IV Index rose by more steps than there was time for.
    case ivIndexJump(from: IVState, to: IVState)
    /// A second jump less than 192 hours after that of `since`.
    case ivRecoveryTooSoon(from: IVState, to: IVState, since: CaptureTime)
    /// More than 42 ahead.
    case ivIndexOutOfRange(from: IVState, to: IVState)
    /// No beacon of this key was heard for so long, while PDUs were.
    case beaconsSilent(KeyIndex, for: Duration)
    /// A secondary subnet said a state that the primary one did not follow within ten minutes.
    case secondarySubnetAhead(KeyIndex, says: IVState, network: IVState)
    /// An earlier step of the Key Refresh of this key was said long after a later one.
    case keyRefreshReverted(KeyIndex)
    /// The Key Refresh of this key is over, and phase 2 was not heard.
    case keyRefreshPhaseNotHeard(KeyIndex)
    /// Nothing is heard under the key from `since` on, of `sources` that were; and PDUs and beacons of no key go on instead.
    case keyFellSilent(KeyIndex, since: CaptureTime, nids: [UInt8], networkIDs: [UInt64], sources: Int)

    // MARK: Sources

    /// `short`: how many SEQ the source is still below the old ones.
    case sequenceRestarted(SequenceRestart, under: IVIndex, short: UInt32)
    /// `stacks`: those whose reserved block explains it.
    case sequenceJump(SequenceJump, under: IVIndex, stacks: [Stack])
    /// `others`: the highest SEQ of all other PDUs.
    case sequenceOutlier(SequencePosition, others: SequenceNumber)
    /// Old PDUs were heard again, unchanged, more than 10 s after a higher SEQ.
    /// `isLate`: later than slow paths deliver copies.
    case pduReplayed(under: IVIndex, isLate: Bool)
    /// Solicitation PDUs with an SSEQ that is not above the highest one before: receivers ignore them.
    case solicitationFell(from: SequenceNumber, to: SequenceNumber)
    /// PDUs under an IV Index that their source, or the network, has left behind.
    case staleIVIndex(IVIndex, newer: IVIndex)
    /// The source was heard after it is said to have failed.
    case heardAfterFailure(failedAt: CaptureTime)
    /// The source is said to have lived on when the answer may not have held any more; `validUntil` is `nil` where nothing
    /// tells.
    case answerOutlived(failedAt: CaptureTime, validUntil: CaptureTime?)
    /// The replacement is to take over when the answer may not hold any more; `validUntil` is `nil` where nothing
    /// tells.
    case takeoverTooLate(takeoverAt: CaptureTime, validUntil: CaptureTime?)
    /// The same IV Index and SEQ with other content; the position is the first one.
    case nonceReused(SequencePosition)
    /// Relayed copies that are cut short; the position is the first one.
    case pduAlteredByRelay(SequencePosition)
    /// `exhaustedAt`: at the source's busiest rate.
    case sequenceNearExhaustion(SequencePosition, left: UInt32, exhaustedAt: CaptureTime?)

    // MARK: Keys

    /// PDUs with a NID of the keys that nothing opened. 7 bits.
    case pduNotOpened(nid: UInt8)
    case pdusGivenUp
    /// PDUs with a NID of no key. 7 bits.
    case foreignNetwork(nid: UInt8)
    /// So many PDUs have a NID of the network's keys, and under what is known of its IV Index none opens.
    case trafficStaysClosed(pdus: Int)
    /// Friendships made room for others: what was sent under their credentials stays closed.
    case friendshipsForgotten
    /// Some of the lowest SEQ of sources were forgotten: they count as heard.
    case sequencesForgotten
    /// Proxy servers' identities that nobody tried to resolve: each takes as many trials as there are addresses, under each key.
    case identitiesNotResolved
    /// A configuration message handed out a NetKey of this index.
    case keyLearned(KeyIndex)

    /// Further facts of a kind, of more subjects than are told apart.
    case further(Kind)
}

extension Fact {
    /// What a fact is called in the JSON; stable. In the order in which equally grave ones are listed.
    public enum Kind: String, Hashable, Codable, Sendable, CaseIterable {
        case damagedRecord = "damaged_record"
        case captureDamaged = "capture_damaged"
        case recordsUnknown = "records_unknown"
        case framesDewhitened = "frames_dewhitened"
        case connectionJoined = "connection_joined"
        case connectionUnchecked = "connection_unchecked"
        case connectionEncrypted = "connection_encrypted"
        case clockNotSet = "clock_not_set"
        case framesLost = "frames_lost"
        case unsupportedLinkType = "unsupported_link_type"
        case crcFailed = "crc_failed"
        case truncatedFrame = "truncated_frame"
        case malformedStructure = "malformed_structure"
        case timeUnknown = "time_unknown"
        case nothingAuthenticSince = "nothing_authentic_since"
        case clockJumped = "clock_jumped"
        case captureAligned = "capture_aligned"
        case clocksDisagree = "clocks_disagree"
        case beaconNotAuthentic = "beacon_not_authentic"
        case subnetsDisagree = "subnets_disagree"
        case beaconReplayed = "beacon_replayed"
        case nodeAhead = "node_ahead"
        case ivUpdateTooSoon = "iv_update_too_soon"
        case ivUpdateOverdue = "iv_update_overdue"
        case ivIndexJump = "iv_index_jump"
        case ivRecoveryTooSoon = "iv_recovery_too_soon"
        case ivIndexOutOfRange = "iv_index_out_of_range"
        case beaconsSilent = "beacons_silent"
        case secondarySubnetAhead = "secondary_subnet_ahead"
        case keyRefreshReverted = "key_refresh_reverted"
        case keyRefreshPhaseNotHeard = "key_refresh_phase_not_heard"
        case keyFellSilent = "key_fell_silent"
        case sequenceRestarted = "sequence_restarted"
        case sequenceJump = "sequence_jump"
        case sequenceOutlier = "sequence_outlier"
        case pduReplayed = "pdu_replayed"
        case solicitationFell = "solicitation_fell"
        case staleIVIndex = "stale_iv_index"
        case heardAfterFailure = "heard_after_failure"
        case answerOutlived = "answer_outlived"
        case takeoverTooLate = "takeover_too_late"
        case nonceReused = "nonce_reused"
        case pduAlteredByRelay = "pdu_altered_by_relay"
        case sequenceNearExhaustion = "sequence_near_exhaustion"
        case pduNotOpened = "pdu_not_opened"
        case pdusGivenUp = "pdus_given_up"
        case foreignNetwork = "foreign_network"
        case trafficStaysClosed = "traffic_stays_closed"
        case friendshipsForgotten = "friendships_forgotten"
        case sequencesForgotten = "sequences_forgotten"
        case identitiesNotResolved = "identities_not_resolved"
        case keyLearned = "key_learned"
    }

    /// How grave a fact is; the gravest first.
    public enum Severity: String, Hashable, Codable, Sendable, Comparable, CaseIterable {
        /// The answer may not hold, or somebody acts against the network.
        case critical
        /// Something breaks a rule of the specification, or the capture is not whole.
        case warning
        /// Worth knowing, and harmless.
        case info

        public static func < (left: Self, right: Self) -> Bool { left.rank < right.rank }

        private var rank: Int {
            switch self {
            case .critical: 0
            case .warning: 1
            case .info: 2
            }
        }
    }

    /// What is found, without the fields: the name in the JSON.
    public var kind: Kind {
        switch self {
        case .damagedRecord: .damagedRecord
        case .ofCapture(let notice, _): Kind(notice)
        case .unsupportedLinkType: .unsupportedLinkType
        case .crcFailed: .crcFailed
        case .truncatedFrame: .truncatedFrame
        case .malformedStructure: .malformedStructure
        case .timeUnknown: .timeUnknown
        case .nothingAuthenticSince: .nothingAuthenticSince
        case .clockJumped: .clockJumped
        case .captureAligned: .captureAligned
        case .clocksDisagree: .clocksDisagree
        case .beaconNotAuthentic: .beaconNotAuthentic
        case .subnetsDisagree: .subnetsDisagree
        case .beaconReplayed: .beaconReplayed
        case .nodeAhead: .nodeAhead
        case .ivUpdateTooSoon: .ivUpdateTooSoon
        case .ivUpdateOverdue: .ivUpdateOverdue
        case .ivIndexJump: .ivIndexJump
        case .ivRecoveryTooSoon: .ivRecoveryTooSoon
        case .ivIndexOutOfRange: .ivIndexOutOfRange
        case .beaconsSilent: .beaconsSilent
        case .secondarySubnetAhead: .secondarySubnetAhead
        case .keyRefreshReverted: .keyRefreshReverted
        case .keyRefreshPhaseNotHeard: .keyRefreshPhaseNotHeard
        case .keyFellSilent: .keyFellSilent
        case .sequenceRestarted: .sequenceRestarted
        case .sequenceJump: .sequenceJump
        case .sequenceOutlier: .sequenceOutlier
        case .pduReplayed: .pduReplayed
        case .solicitationFell: .solicitationFell
        case .staleIVIndex: .staleIVIndex
        case .heardAfterFailure: .heardAfterFailure
        case .answerOutlived: .answerOutlived
        case .takeoverTooLate: .takeoverTooLate
        case .nonceReused: .nonceReused
        case .pduAlteredByRelay: .pduAlteredByRelay
        case .sequenceNearExhaustion: .sequenceNearExhaustion
        case .pduNotOpened: .pduNotOpened
        case .pdusGivenUp: .pdusGivenUp
        case .foreignNetwork: .foreignNetwork
        case .trafficStaysClosed: .trafficStaysClosed
        case .friendshipsForgotten: .friendshipsForgotten
        case .sequencesForgotten: .sequencesForgotten
        case .identitiesNotResolved: .identitiesNotResolved
        case .keyLearned: .keyLearned
        case .further(let kind): kind
        }
    }

    /// How grave it is, by its kind, and how far off it is.
    ///
    /// One state behind is how a node lags that missed the change; nobody need have replayed its beacons, nor PDUs that come as
    /// late as slow paths deliver copies.
    public var severity: Severity {
        if case .beaconReplayed(let state, let network, _) = self, network.step - state.step == 1 { return .info }
        if case .pduReplayed(_, let isLate) = self, !isLate { return .info }
        return kind.severity
    }

    /// Tells facts of one kind apart that are counted apart.
    var subject: UInt64 {
        switch self {
        case .damagedRecord(let capture, _, _), .crcFailed(let capture), .clockJumped(let capture, _, _),
            .captureAligned(let capture, _), .ofCapture(_, let capture):
            UInt64(clamping: capture)
        case .unsupportedLinkType(let type): UInt64(type.number) | (type.registry == .btsnoop ? 1 << 32 : 0)
        case .truncatedFrame, .malformedStructure, .timeUnknown, .nothingAuthenticSince, .clocksDisagree, .pdusGivenUp,
            .friendshipsForgotten, .trafficStaysClosed, .sequencesForgotten, .identitiesNotResolved:
            0
        case .beaconNotAuthentic(let key), .beaconsSilent(let key, _), .keyRefreshReverted(let key),
            .keyRefreshPhaseNotHeard(let key), .keyLearned(let key), .subnetsDisagree(let key, _, _),
            .secondarySubnetAhead(let key, _, _), .keyFellSilent(let key, _, _, _, _):
            UInt64(key.value)
        case .beaconReplayed(let state, _, _), .nodeAhead(let state, _, _), .ivUpdateTooSoon(let state, _),
            .ivUpdateOverdue(let state, _), .ivIndexJump(_, let state), .ivRecoveryTooSoon(_, let state, _),
            .ivIndexOutOfRange(_, let state):
            UInt64(state.step)
        case .sequenceRestarted(let restart, _, _):
            UInt64(clamping: restart.frame.capture) << 40 | UInt64(clamping: restart.frame.number) & 0xFF_FFFF_FFFF
        case .sequenceJump(let jump, let index, _): UInt64(index.value) << 24 | UInt64(jump.to.value)
        case .sequenceOutlier(let position, _): UInt64(position.ivIndex.value)
        case .pduReplayed(let index, _), .staleIVIndex(let index, _): UInt64(index.value)
        case .solicitationFell, .heardAfterFailure, .answerOutlived, .takeoverTooLate, .nonceReused, .pduAlteredByRelay,
            .sequenceNearExhaustion:
            0
        case .pduNotOpened(let nid), .foreignNetwork(let nid): UInt64(nid)
        case .further: .max
        }
    }
}

extension Fact.Kind {
    /// How grave facts of this kind are.
    public var severity: Fact.Severity {
        switch self {
        case .subnetsDisagree, .ivIndexOutOfRange, .keyFellSilent, .trafficStaysClosed, .sequenceOutlier,
            .heardAfterFailure,
            .answerOutlived, .takeoverTooLate, .nonceReused:
            .critical
        case .damagedRecord, .captureDamaged, .connectionUnchecked, .connectionEncrypted, .clockNotSet, .framesLost,
            .unsupportedLinkType, .timeUnknown, .clockJumped, .captureAligned, .clocksDisagree,
            .beaconNotAuthentic,
            .beaconReplayed,
            .nodeAhead, .ivUpdateTooSoon, .ivUpdateOverdue, .ivIndexJump, .ivRecoveryTooSoon, .secondarySubnetAhead,
            .keyRefreshReverted, .sequenceRestarted, .solicitationFell, .pduReplayed, .staleIVIndex,
            .sequenceNearExhaustion, .pdusGivenUp,
            .friendshipsForgotten, .sequencesForgotten:
            .warning
        case .recordsUnknown, .framesDewhitened, .connectionJoined, .crcFailed, .truncatedFrame, .malformedStructure,
            .nothingAuthenticSince, .beaconsSilent,
            .keyRefreshPhaseNotHeard, .sequenceJump,
            .pduAlteredByRelay, .pduNotOpened, .foreignNetwork, .identitiesNotResolved, .keyLearned:
            .info
        }
    }
}

extension Fact.Kind {
    /// What a notice of a capture is called among facts.
    init(_ notice: CaptureNotice) {
        self =
            switch notice {
            case .damaged: .captureDamaged
            case .unknownRecord: .recordsUnknown
            case .dewhitened: .framesDewhitened
            case .connectionJoined: .connectionJoined
            case .connectionUnchecked: .connectionUnchecked
            case .connectionEncrypted: .connectionEncrypted
            case .clockNotSet: .clockNotSet
            case .lost: .framesLost
            }
    }
}
