public import MeshEvidence
public import MeshProtocol

/// Where a subnet is in a Key Refresh, as far as beacons tell: Mesh Protocol 1.1, "Key Refresh procedure".
public enum KeyRefreshPhase: String, Hashable, Codable, Sendable {
    /// Nothing tells of a Key Refresh.
    case normal
    /// Under the key that is replaced: before the procedure, or in phase 1, in which the new key is handed out.
    case oldKey = "old_key"
    /// Phase 2: nodes send under the new key, and beacons have the Key Refresh flag.
    case phase2 = "phase_2"
    /// The procedure is over: under the new key, without the flag.
    case newKey = "new_key"
}

/// What one subnet's beacons said of a Key Refresh: under which of its keys, and with which Key Refresh flag.
public struct KeyRefreshRecord: Hashable, Codable, Sendable {
    /// The key that authenticates the beacons; of one subnet, the newer key has the higher place.
    public let key: KeyPlace
    /// The Key Refresh flag.
    public let flag: Bool
    /// Where it was said first.
    public internal(set) var first: FrameReference
    /// Where it was said last.
    public internal(set) var last: FrameReference
    /// How often it was said.
    public internal(set) var count: Int

    init(key: KeyPlace, flag: Bool, first: FrameReference, count: Int) {
        self.key = key
        self.flag = flag
        self.first = first
        last = first
        self.count = count
    }

    /// The order in which a subnet goes through them: under the old key, under the new one in phase 2, and after it.
    var step: Int { key.value * 2 + (flag ? 0 : 1) }
}

/// What was heard of one subnet: its beacons, and the highest IV state that they said.
public struct SubnetState: Hashable, Codable, Sendable {
    /// How the subnet is told apart in the open.
    public private(set) var identity: SubnetIdentity
    /// The places of its keys, the newest last.
    private(set) var keys: [KeyPlace]
    /// How many beacons were authentic.
    public private(set) var authentic = 0
    /// The highest state that its own beacons said.
    public private(set) var highest: IVState?
    /// The latest authentic beacon; `nil` before the first one.
    public private(set) var lastBeacon: FrameReference?
    /// How often its beacons are heard.
    public private(set) var cadence = BeaconCadence()
    /// What the beacons told of a Key Refresh, in the order in which the procedure goes.
    private(set) var keyRefresh: [KeyRefreshRecord] = []
    /// Some of the beacons, for pictures; a state that was saved without them has none.
    private var series: ThinnedMarks<BeaconMark>?
    private static let mostMarks = 64

    init(_ identity: SubnetIdentity, keys: [KeyPlace]) {
        self.identity = identity
        self.keys = keys
    }

    /// A key was handed out for it.
    mutating func learn(_ learned: LearnedNetKey) {
        identity = learned.identity
        keys.append(learned.key)
    }

    mutating func apply(_ beacon: AuthenticBeacon, at frame: FrameReference) {
        authentic += beacon.heard
        lastBeacon = max(lastBeacon ?? frame, frame)
        if !beacon.isRecognisedLate { cadence.apply(frame) }
        mark(beacon, at: frame)
        note(
            KeyRefreshRecord(
                key: beacon.key, flag: beacon.statement.isKeyRefresh, first: frame, count: beacon.heard))
        highest = max(highest ?? beacon.statement.state, beacon.statement.state)
    }

    private mutating func mark(_ beacon: AuthenticBeacon, at frame: FrameReference) {
        if series == nil { series = ThinnedMarks() }
        let count = authentic
        series?.add(at: frame.time, most: Self.mostMarks) {
            BeaconMark(frame: frame, state: beacon.statement.state, count: count)
        }
    }

    /// Beacons, some of them, spread evenly over the time in which they were heard; in the order of time.
    public var marks: [BeaconMark] { series?.marks ?? [] }

    private mutating func note(_ record: KeyRefreshRecord) {
        let place = keyRefresh.firstIndex { $0.step >= record.step } ?? keyRefresh.count
        guard place < keyRefresh.count, keyRefresh[place].step == record.step else {
            keyRefresh.insert(record, at: place)
            return
        }
        keyRefresh[place].first = min(keyRefresh[place].first, record.first)
        keyRefresh[place].last = max(keyRefresh[place].last, record.last)
        keyRefresh[place].count += record.count
    }

    /// A step of a Key Refresh, and which one it is.
    public struct KeyRefreshStep: Hashable, Sendable {
        /// What the beacons tell of the procedure.
        public let phase: KeyRefreshPhase
        /// Who said so when, and how often.
        public let record: KeyRefreshRecord
    }

    /// The steps, in the order in which a Key Refresh goes.
    public var keyRefreshSteps: [KeyRefreshStep] {
        let isRefreshed = keys.count > 1 || keyRefresh.contains { $0.flag }
        return keyRefresh.map { record in
            let phase: KeyRefreshPhase =
                record.flag ? .phase2 : record.key != keys.last ? .oldKey : isRefreshed ? .newKey : .normal
            return KeyRefreshStep(phase: phase, record: record)
        }
    }
}
