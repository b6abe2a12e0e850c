import MeshProtocol

/// Where a subnet is in a Key Refresh, as far as beacons tell: Mesh Protocol 1.1, "Key Refresh procedure".
public enum KeyRefreshPhase: String, Hashable, Sendable {
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
public struct KeyRefreshRecord: Hashable, Sendable {
    /// Its place among the network's keys; of one subnet the newer key has the higher place.
    let key: Int
    public let flag: Bool
    public let first: FrameReference
    public internal(set) var last: FrameReference
    public internal(set) var count: Int
    public internal(set) var phase = KeyRefreshPhase.normal

    init(key: Int, flag: Bool, first: FrameReference) {
        self.key = key
        self.flag = flag
        self.first = first
        last = first
        count = 1
    }

    /// The order in which a subnet goes through them: under the old key, under the new one in phase 2, and after it.
    var step: Int { key * 2 + (flag ? 0 : 1) }
}

/// What was heard of one subnet: its beacons, and the highest IV state that they said.
struct SubnetRecord {
    private(set) var authentic = 0
    var notAuthentic = 0
    /// The highest state of this subnet's own beacons, and the last frame of each state's beacons.
    private(set) var highest: IVStateRecord?
    private(set) var lastBeacon: FrameReference?
    private(set) var cadence = BeaconCadence()
    /// In the order in which a Key Refresh goes.
    private(set) var keyRefresh: [KeyRefreshRecord] = []

    mutating func take(_ statement: NetworkBeaconStatement, _ evidence: IVEvidence, key: Int, at frame: FrameReference)
    {
        authentic += 1
        lastBeacon = max(lastBeacon ?? frame, frame)
        cadence.take(frame)
        note(KeyRefreshRecord(key: key, flag: statement.isKeyRefresh, first: frame))
        guard let known = highest, known.state >= statement.state else {
            highest = IVStateRecord(
                state: statement.state, evidence: evidence, frame: frame, firstTime: frame.time, lastTime: frame.time,
                lastTimeAsCurrent: frame.time, count: 1)
            return
        }
    }

    /// The records with their phases; `keys`: the places of the subnet's keys, the newest last.
    func phases(_ keys: [Int]) -> [KeyRefreshRecord] {
        keyRefresh.map { record in
            var record = record
            let isRefreshed = keys.count > 1 || keyRefresh.contains { $0.flag }
            record.phase =
                record.flag ? .phase2 : record.key != keys.last ? .oldKey : isRefreshed ? .newKey : .normal
            return record
        }
    }

    private mutating func note(_ record: KeyRefreshRecord) {
        let place = keyRefresh.firstIndex { $0.step >= record.step } ?? keyRefresh.count
        guard place < keyRefresh.count, keyRefresh[place].step == record.step else {
            keyRefresh.insert(record, at: place)
            return
        }
        keyRefresh[place].last = max(keyRefresh[place].last, record.last)
        keyRefresh[place].count += 1
    }
}
