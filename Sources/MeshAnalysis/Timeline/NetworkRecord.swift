import CaptureFiles
import MeshCrypto
import MeshProtocol

/// Everything that is known of one network while the captures are read.
struct NetworkRecord {
    let index: Int
    private(set) var keys: KeyRing.Network
    /// Every key and its subnet, the old one of a subnet before the new one, and behind them what is learned: a key keeps
    /// its place.
    private(set) var keyList: [(subnet: Int, keys: NetworkKeys)]
    var timeline: NetworkTimeline
    var subnets: [SubnetRecord]
    var opened = 0
    var distinct = 0
    private(set) var sources: [SourceTimeline] = []
    /// The place of each unicast address in `sources`.
    private var places = [Int32](repeating: -1, count: 0x8000)

    init(index: Int, keys: KeyRing.Network, given: IVIndex?) {
        self.index = index
        self.keys = keys
        keyList = keys.subnets.enumerated().flatMap { subnet, keys in keys.allKeys.map { (subnet, $0) } }
        timeline = NetworkTimeline(given: given ?? keys.givenIVIndex)
        subnets = Array(repeating: SubnetRecord(), count: keys.subnets.count)
    }

    /// Learns a NetKey that a configuration message hands out; returns its place in `keyList`, `nil` if it was known.
    mutating func learn(_ netKey: NetKey, keyIndex: KeyIndex) -> Int? {
        guard !keyList.contains(where: { $0.keys.netKey == netKey }),
            let subnet = keys.learn(netKey, keyIndex: keyIndex)?.value
        else { return nil }
        if subnet == subnets.count { subnets.append(SubnetRecord()) }
        keyList.append((subnet, keys.subnets[subnet].keys))
        return keyList.count - 1
    }

    mutating func learn(_ key: AppKey) { keys.upperKeys.learn(key) }

    /// The places of a subnet's keys, the newest last.
    func keyPlaces(ofSubnet subnet: Int) -> [Int] { keyList.indices.filter { keyList[$0].subnet == subnet } }

    /// Takes an opened PDU, heard `times` times; true if the network's IV state moved by it.
    mutating func take(
        _ pdu: NetworkPDU, at frame: FrameReference, times: Int, isDelayed: Bool,
        into findings: inout FindingCollector
    ) -> Bool {
        opened += times
        let place = place(of: pdu.source)
        switch sources[place].take(pdu, at: frame, times: times, isDelayed: isDelayed) {
        case .new: distinct += 1
        case .copy: break
        case .cutCopy: record(.pduAlteredByRelay, .info, pdu, frame, into: &findings)
        case .conflict: record(.nonceReused, .critical, pdu, frame, into: &findings)
        }
        guard timeline.isAhead(pdu.ivIndex) else { return false }
        let evidence: IVEvidence = timeline.isFoundBySearch ? .search : .networkPDU
        return take(.normalOperation(pdu.ivIndex), evidence, at: frame, into: &findings)
    }

    /// Takes an authenticated statement of the IV state, whatever says it, and holds it against the rules; true if the
    /// network's state moved by it.
    mutating func take(
        _ state: IVState, _ evidence: IVEvidence, advertiser: UInt64? = nil, at frame: FrameReference,
        into findings: inout FindingCollector
    ) -> Bool {
        let isRecovery = BeaconRules.judge(
            state, from: advertiser, at: frame, in: timeline, network: index, into: &findings)
        if isRecovery { timeline.noteRecovery(at: frame.time) }
        if let advertiser, let current = timeline.current,
            BeaconRules.isLagging(state, at: frame.time, behind: current)
        {
            timeline.noteLaggard(advertiser, at: frame.time)
        }
        return timeline.take(state, evidence, from: advertiser, at: frame)
    }

    /// A state that another subnet's beacons say, ahead of the primary subnet's.
    struct Ahead {
        var state: IVState
        var evidence: IVEvidence
        var subnet: Int
        var first: FrameReference
        var count: Int
    }

    private(set) var ahead: Ahead?

    /// Whether a beacon of another subnet says a state that the primary subnet has not reached: IV updates count there
    /// and are passed on, so that this one is to be ignored unless the primary subnet follows.
    mutating func isAheadOfPrimary(
        _ state: IVState, _ evidence: IVEvidence, subnet: Int, at frame: FrameReference
    ) -> Bool {
        guard let primary = primaryState else { return false }
        if let ahead, primary >= ahead.state { self.ahead = nil }
        guard keys.subnets[subnet].keyIndex != .primary, state > primary,
            timeline.current.map({ state > $0.state }) ?? true
        else { return false }
        guard ahead?.state == state else {
            ahead = Ahead(state: state, evidence: evidence, subnet: subnet, first: frame, count: 1)
            return true
        }
        ahead?.count += 1
        return true
    }

    private var primaryPlace: Int? { keys.subnets.firstIndex { $0.keyIndex == .primary } }
    private var primaryState: IVState? { primaryPlace.flatMap { subnets[$0].highest?.state } }

    /// What another subnet said at last counts, unless the primary subnet had time to follow and did not; true if the
    /// network's state moved by it.
    mutating func settleAhead(into findings: inout FindingCollector) -> Bool {
        guard let ahead, let primary = primaryPlace, let current = primaryState, ahead.state > current else {
            return false
        }
        self.ahead = nil
        let last = subnets[primary].lastBeacon?.time ?? ahead.first.time
        guard last.since(ahead.first.time) > BeaconRules.patience else {
            return take(ahead.state, ahead.evidence, at: ahead.first, into: &findings)
        }
        findings.record(
            .secondarySubnetAhead, .warning, at: ahead.first, network: index, subject: UInt64(ahead.subnet),
            count: ahead.count,
            detail: [
                .init("key_index", .number(Int64(keys.subnets[ahead.subnet].keyIndex.value))),
                .init("iv_index", .number(Int64(ahead.state.index.value))),
                .init("network_iv_index", .number(Int64(current.index.value))),
            ])
        return false
    }

    /// Closes what is watched of the sources, once all is read.
    mutating func finishSources() {
        for index in sources.indices {
            sources[index].finish()
            for heard in sources[index].heardTimes {
                timeline.widen(heard.ivIndex, from: heard.first, to: heard.last)
            }
        }
    }

    mutating func takeCopies(of source: UnicastAddress, ivIndex: IVIndex, count: Int) {
        opened += count
        sources[place(of: source)].takeCopies(under: ivIndex, count: count)
    }

    private mutating func place(of address: UnicastAddress) -> Int {
        let known = places[Int(address.value)]
        guard known < 0 else { return Int(known) }
        places[Int(address.value)] = Int32(sources.count)
        sources.append(SourceTimeline(address))
        return sources.count - 1
    }

    private func record(
        _ kind: Finding.Kind, _ severity: Finding.Severity, _ pdu: NetworkPDU, _ frame: FrameReference,
        into findings: inout FindingCollector
    ) {
        findings.record(
            kind, severity, at: frame, network: index, source: pdu.source,
            detail: [
                .init("iv_index", .number(Int64(pdu.ivIndex.value))), .init("seq", .number(Int64(pdu.sequence.value))),
            ])
    }
}
