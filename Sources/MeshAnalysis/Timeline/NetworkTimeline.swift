public import CaptureFiles
public import MeshProtocol

/// What a network's IV state rests on, the strongest first.
public enum IVEvidence: String, Hashable, Sendable, CaseIterable {
    case secureNetworkBeacon = "secure_network_beacon"
    case privateBeacon = "private_beacon"
    case friendUpdate = "friend_update"
    case networkPDU = "network_pdu"
    /// Found by trial, and confirmed by NetMICs.
    case search

    /// Whether something says the state itself; a PDU only proves with which IV Index nodes transmit.
    public var isStatement: Bool { self != .networkPDU && self != .search }

    var rank: Int {
        switch self {
        case .secureNetworkBeacon: 0
        case .privateBeacon: 1
        case .friendUpdate: 2
        case .networkPDU: 3
        case .search: 4
        }
    }
}

/// One IV state of a network: from when to when it was said, by what, how often.
public struct IVStateRecord: Hashable, Sendable {
    public let state: IVState
    public internal(set) var evidence: IVEvidence
    /// The first frame that says so with that evidence.
    public internal(set) var frame: FrameReference
    public internal(set) var firstTime: CaptureTime
    public internal(set) var lastTime: CaptureTime
    /// As `lastTime`, without what was heard after the network had moved on.
    var lastTimeAsCurrent: CaptureTime
    public internal(set) var count: Int
    /// The only device whose beacons say so; `nil` where it is unknown, or where several do.
    var soleAdvertiser: UInt64?
}

/// The IV state of one network over time; the only owner of that state.
///
/// The network's state is the highest authenticated one. A lower one heard later is a node that lags, or an old beacon
/// replayed: it never moves the state back.
struct NetworkTimeline {
    /// The state before any evidence: a hint of the user's, good for opening and nothing else.
    let given: IVIndex?
    /// Ordered by state.
    private(set) var records: [IVStateRecord] = []

    init(given: IVIndex?) {
        self.given = given
    }

    var current: IVStateRecord? { records.last }
    /// When the state last rose faster than the IV Update procedure allows: nodes recovered.
    private(set) var lastRecovery: CaptureTime?

    /// Devices whose beacons still say an older state, long after it ended, a few of them; from when to when they did.
    private var laggards: [UInt64: (first: CaptureTime, last: CaptureTime)] = [:]
    private static let mostLaggards = 16

    mutating func noteLaggard(_ advertiser: UInt64, at time: CaptureTime) {
        guard laggards[advertiser] != nil || laggards.count < Self.mostLaggards else { return }
        laggards[advertiser, default: (time, time)].last = time
    }

    /// How many devices lag at the same time: one that changes its address is not two.
    var concurrentLaggards: Int {
        laggards.values.map { moment in
            laggards.values.count { $0.first <= moment.first && moment.first <= $0.last }
        }.max() ?? 0
    }

    mutating func noteRecovery(at time: CaptureTime) { lastRecovery = time }

    /// True if the network's state moved.
    mutating func take(
        _ state: IVState, _ evidence: IVEvidence, from advertiser: UInt64? = nil, at frame: FrameReference
    ) -> Bool {
        let index = records.firstIndex { $0.state >= state } ?? records.count
        guard index < records.count, records[index].state == state else {
            records.insert(
                IVStateRecord(
                    state: state, evidence: evidence, frame: frame, firstTime: frame.time, lastTime: frame.time,
                    lastTimeAsCurrent: frame.time, count: 1, soleAdvertiser: advertiser),
                at: index)
            if index == records.count - 1 { laggards = [:] }
            return index == records.count - 1
        }
        if records[index].soleAdvertiser != advertiser { records[index].soleAdvertiser = nil }
        let isStronger = evidence.rank < records[index].evidence.rank
        let isEarlier = evidence == records[index].evidence && frame < records[index].frame
        if isStronger || isEarlier {
            records[index].evidence = evidence
            records[index].frame = frame
        }
        records[index].firstTime = min(records[index].firstTime, frame.time)
        records[index].lastTime = max(records[index].lastTime, frame.time)
        if index == records.count - 1 { records[index].lastTimeAsCurrent = records[index].lastTime }
        records[index].count += 1
        return false
    }

    /// Takes for how long nodes transmitted with an IV Index, where only that tells the state.
    mutating func widen(_ ivIndex: IVIndex, from first: CaptureTime, to last: CaptureTime) {
        for index in records.indices
        where !records[index].evidence.isStatement && records[index].state.transmitIndex == ivIndex {
            records[index].firstTime = min(records[index].firstTime, first)
            records[index].lastTime = max(records[index].lastTime, last)
        }
    }

    /// Whether all that is known was found by trial.
    var isFoundBySearch: Bool { !records.isEmpty && records.allSatisfy { $0.evidence == .search } }

    /// Whether a PDU sent with this IV Index says more than is known: its source has moved on.
    func isAhead(_ ivIndex: IVIndex) -> Bool {
        guard let current else { return true }
        return ivIndex > current.state.transmitIndex
    }

    /// The IV Indexes to try for a PDU with this IVI bit, the likeliest first.
    ///
    /// A node accepts the current index n and n−1, and the IVI bit chooses. Where that fails, the index two above (the
    /// capture missed an update) and the one two below (the PDU is older than the first beacon) have the same bit. What the
    /// user gave comes last.
    func candidates(ivi: UInt8) -> [IVIndex] {
        var candidates: [IVIndex] = []
        if let index = current?.state.index {
            let distance: Int64 = index.ivi == ivi ? 0 : -1
            candidates = [distance, distance + 2, distance - 2].compactMap(index.advanced(by:))
        }
        guard let given else { return candidates }
        let distances: [Int64] = given.ivi == ivi ? [0] : [-1, 1]
        return candidates + distances.compactMap(given.advanced(by:)).filter { !candidates.contains($0) }
    }
}
