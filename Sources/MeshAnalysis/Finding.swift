public import CaptureFiles
public import MeshProtocol

/// A fact worth a line. Its kind is stable; the wording lives in MeshReports.
public struct Finding: Hashable, Sendable {
    public enum Kind: String, Hashable, Sendable, CaseIterable {
        // the capture
        case damagedRecord = "damaged_record"
        case unsupportedLinkType = "unsupported_link_type"
        case crcFailed = "crc_failed"
        case truncatedFrame = "truncated_frame"
        case malformedStructure = "malformed_structure"
        case clockJumped = "clock_jumped"
        case clocksDisagree = "clocks_disagree"
        // beacons
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
        // sources
        case sequenceRestarted = "sequence_restarted"
        case sequenceJump = "sequence_jump"
        case sequenceOutlier = "sequence_outlier"
        case pduReplayed = "pdu_replayed"
        case staleIVIndex = "stale_iv_index"
        case heardAfterFailure = "heard_after_failure"
        case takeoverTooLate = "takeover_too_late"
        case nonceReused = "nonce_reused"
        case pduAlteredByRelay = "pdu_altered_by_relay"
        case sequenceNearExhaustion = "sequence_near_exhaustion"
        // keys
        case pduNotOpened = "pdu_not_opened"
        case pdusGivenUp = "pdus_given_up"
        case foreignNetwork = "foreign_network"
        case keyLearned = "key_learned"
    }

    public enum Severity: String, Hashable, Sendable, Comparable, CaseIterable {
        case critical, warning, info

        public static func < (left: Self, right: Self) -> Bool { left.rank < right.rank }

        private var rank: Int {
            switch self {
            case .critical: 0
            case .warning: 1
            case .info: 2
            }
        }
    }

    public enum Value: Hashable, Sendable {
        case number(Int64)
        case text(String)
        case time(CaptureTime)
    }

    public struct Detail: Hashable, Sendable {
        public let name: String
        public let value: Value

        public init(_ name: String, _ value: Value) {
            self.name = name
            self.value = value
        }
    }

    public let kind: Kind
    public let severity: Severity
    /// How often it was seen; `frames` holds the first few.
    public var count: Int
    /// Index in the analysis' networks.
    public let network: Int?
    public let source: UnicastAddress?
    public var frames: [FrameReference]
    public let detail: [Detail]

    public static let mostFrames = 8
}

/// Gathers findings: equal ones are counted, and the first frames of each are kept.
struct FindingCollector {
    private struct Key: Hashable {
        var kind: Finding.Kind
        var network: Int?
        var source: UnicastAddress?
        var subject: UInt64
    }

    private var findings: [Key: Finding] = [:]
    private static let mostSubjects = 1024

    /// `subject`: tells findings of one kind apart that are to be counted apart.
    mutating func record(
        _ kind: Finding.Kind, _ severity: Finding.Severity, at frame: FrameReference?, network: Int? = nil,
        source: UnicastAddress? = nil, subject: UInt64 = 0, count: Int = 1, detail: [Finding.Detail] = []
    ) {
        var key = Key(kind: kind, network: network, source: source, subject: subject)
        var detail = detail
        if findings.count >= Self.mostSubjects, findings[key] == nil {
            // No more subjects are told apart; these are counted together, without one's detail.
            key.subject = .max
            detail = []
        }
        var finding =
            findings[key]
            ?? Finding(
                kind: kind, severity: severity, count: 0, network: network, source: source, frames: [], detail: detail)
        finding.count += count
        if let frame, finding.frames.count < Finding.mostFrames { finding.frames.append(frame) }
        findings[key] = finding
        kinds.insert(kind)
    }

    private var kinds: Set<Finding.Kind> = []

    func contains(_ kind: Finding.Kind) -> Bool { kinds.contains(kind) }

    /// In an order that depends on nothing but the findings: the gravest first, then by kind, network, source, frame.
    var sorted: [Finding] {
        let rank = Dictionary(uniqueKeysWithValues: Finding.Kind.allCases.enumerated().map { ($1, $0) })
        return findings.sorted { left, right in
            let first = (
                left.value.severity, rank[left.key.kind] ?? 0, left.key.network ?? -1, left.key.source?.value ?? 0,
                left.key.subject
            )
            let second = (
                right.value.severity, rank[right.key.kind] ?? 0, right.key.network ?? -1, right.key.source?.value ?? 0,
                right.key.subject
            )
            return first < second
        }.map(\.value)
    }
}
