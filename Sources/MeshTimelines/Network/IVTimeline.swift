public import CaptureFiles
public import MeshEvidence
public import MeshProtocol

/// One IV state of a network: from when to when it was said, by what, how often.
public struct IVStateRecord: Hashable, Codable, Sendable {
    /// IV Index and IV Update flag, as a beacon says them.
    public let state: IVState
    /// The strongest evidence that says so.
    public internal(set) var evidence: IVEvidence
    /// The first frame that says so with that evidence.
    public internal(set) var frame: FrameReference
    /// When it was first said.
    public internal(set) var firstTime: CaptureTime
    /// When it was last said, also by a node that lags.
    public internal(set) var lastTime: CaptureTime
    /// As `lastTime`, without what was heard after the network had moved on.
    public internal(set) var lastTimeAsCurrent: CaptureTime
    /// How often it was said.
    public var count: Int { counts.total }
    private var counts = CaptureCounts()
    /// Who says so: nobody that is named, one device alone, or several.
    private var advertisers: Advertisers

    private enum Advertisers: Hashable, Codable {
        case one(DeviceAddress)
        case unknownOrSeveral
    }

    init(
        _ state: IVState, _ evidence: IVEvidence, from advertiser: DeviceAddress?, at frame: FrameReference,
        count: Int = 1
    ) {
        self.state = state
        self.evidence = evidence
        self.frame = frame
        firstTime = frame.time
        lastTime = frame.time
        lastTimeAsCurrent = frame.time
        advertisers = advertiser.map { .one($0) } ?? .unknownOrSeveral
        counts.add(count, capture: frame.capture)
    }

    /// The only device whose beacons say so; `nil` where it is unknown, or where several do.
    public var soleAdvertiser: DeviceAddress? {
        guard case .one(let advertiser) = advertisers else { return nil }
        return advertiser
    }

    /// Takes what another record says of the same state; whose is whose does not matter.
    public mutating func merge(_ other: IVStateRecord) {
        if (other.evidence.rank, other.frame) < (evidence.rank, frame) {
            evidence = other.evidence
            frame = other.frame
        }
        firstTime = min(firstTime, other.firstTime)
        lastTime = max(lastTime, other.lastTime)
        lastTimeAsCurrent = max(lastTimeAsCurrent, other.lastTimeAsCurrent)
        if advertisers != other.advertisers { advertisers = .unknownOrSeveral }
        counts.merge(other.counts)
    }

    /// One more statement of this state.
    mutating func add(
        _ evidence: IVEvidence, from advertiser: DeviceAddress?, at frame: FrameReference, count: Int, isCurrent: Bool
    ) {
        if (evidence.rank, frame) < (self.evidence.rank, self.frame) {
            self.evidence = evidence
            self.frame = frame
        }
        if soleAdvertiser != advertiser { advertisers = .unknownOrSeveral }
        firstTime = min(firstTime, frame.time)
        lastTime = max(lastTime, frame.time)
        if isCurrent { lastTimeAsCurrent = lastTime }
        counts.add(count, capture: frame.capture)
    }
}

/// The IV state of one network over time; the only owner of that state.
///
/// The network's state is the highest authenticated one. A lower one heard later is a node that lags, or an old beacon
/// replayed: it never moves the state back.
public struct IVTimeline: Hashable, Codable, Sendable {
    /// A device whose beacons still say an older state, long after it ended: from when to when they did.
    private struct Laggard: Hashable, Codable {
        let advertiser: DeviceAddress
        var first: CaptureTime
        var last: CaptureTime
    }

    private static let mostLaggards = 16

    /// One record for each state, in the order of states.
    public private(set) var records: [IVStateRecord] = []
    /// When the state last rose faster than the IV Update procedure allows: nodes recovered.
    private(set) var lastRecovery: CaptureTime?
    /// By their address.
    private var laggards: [Laggard] = []

    init() {}

    /// The highest state; `nil` where nothing tells it.
    public var current: IVStateRecord? { records.last }

    mutating func noteLaggard(_ advertiser: DeviceAddress, at time: CaptureTime) {
        if let place = laggards.firstIndex(where: { $0.advertiser == advertiser }) {
            laggards[place].last = time
        } else if laggards.count < Self.mostLaggards {
            let place = laggards.firstIndex { $0.advertiser > advertiser } ?? laggards.count
            laggards.insert(Laggard(advertiser: advertiser, first: time, last: time), at: place)
        }
    }

    /// How many devices lag at the same time: one that changes its address is not two.
    var concurrentLaggards: Int {
        laggards.map { moment in
            laggards.count { $0.first <= moment.first && moment.first <= $0.last }
        }.max() ?? 0
    }

    mutating func noteRecovery(at time: CaptureTime) { lastRecovery = time }

    /// Takes a statement.
    mutating func apply(
        _ state: IVState, _ evidence: IVEvidence, from advertiser: DeviceAddress? = nil, at frame: FrameReference,
        count: Int = 1
    ) {
        let index = records.firstIndex { $0.state >= state } ?? records.count
        let isCurrent = index >= records.count - 1
        guard index < records.count, records[index].state == state else {
            if index == records.count { laggards = [] }
            var record = IVStateRecord(state, evidence, from: advertiser, at: frame, count: count)
            // Heard for the first time after a newer state: it was not current then.
            if index < records.count { record.lastTimeAsCurrent = min(frame.time, records[index].firstTime) }
            records.insert(record, at: index)
            return
        }
        records[index].add(evidence, from: advertiser, at: frame, count: count, isCurrent: isCurrent)
    }

    /// Takes the records of another timeline of the same network; whose is whose does not matter.
    public mutating func merge(_ other: IVTimeline) {
        mergeLaggards(other)
        for record in other.records {
            if let index = records.firstIndex(where: { $0.state == record.state }) {
                records[index].merge(record)
            } else {
                let index = records.firstIndex { $0.state > record.state } ?? records.count
                records.insert(record, at: index)
            }
        }
        lastRecovery = [lastRecovery, other.lastRecovery].compactMap(\.self).max()
    }

    /// Devices lag behind the newest state: what was said of an older one counts no more.
    private mutating func mergeLaggards(_ other: IVTimeline) {
        let (own, others) = (current?.state.step ?? -1, other.current?.state.step ?? -1)
        guard own <= others else { return }
        guard own == others else {
            laggards = other.laggards
            return
        }
        for laggard in other.laggards {
            if let place = laggards.firstIndex(where: { $0.advertiser == laggard.advertiser }) {
                laggards[place].first = min(laggards[place].first, laggard.first)
                laggards[place].last = max(laggards[place].last, laggard.last)
            } else {
                laggards.append(laggard)
            }
        }
        laggards.sort { $0.advertiser < $1.advertiser }
        laggards.removeLast(max(0, laggards.count - Self.mostLaggards))
    }

    /// Takes for how long nodes transmitted with an IV Index, where only that tells the state.
    mutating func widen(_ heard: SourceTimeline.HeardTime) {
        for index in records.indices
        where !records[index].evidence.isStatement && records[index].state.transmitIndex == heard.ivIndex {
            records[index].firstTime = min(records[index].firstTime, heard.first)
            records[index].lastTime = max(records[index].lastTime, heard.last)
        }
    }

    /// Whether all that is known was found by trial.
    var isFoundBySearch: Bool { !records.isEmpty && records.allSatisfy { $0.evidence == .search } }

    /// Whether a PDU sent with this IV Index says more than is known: its source has moved on.
    @inline(__always)
    func isAhead(_ ivIndex: IVIndex) -> Bool {
        guard let current = records.last else { return true }
        return ivIndex > current.state.transmitIndex
    }
}
