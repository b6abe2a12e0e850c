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
    mutating func learn(_ netKey: NetKey, keyIndex: UInt16) -> Int? {
        guard !keyList.contains(where: { $0.keys.netKey == netKey }),
            let subnet = keys.learn(netKey, keyIndex: keyIndex)
        else { return nil }
        if subnet == subnets.count { subnets.append(SubnetRecord()) }
        keyList.append((subnet, keys.subnets[subnet].keys))
        return keyList.count - 1
    }

    mutating func learn(_ key: ApplicationKey) {
        guard keys.upperKeys.applicationKeys.count < MessageDecoder.mostApplicationKeys else { return }
        keys.upperKeys.merge(applicationKeys: [key])
    }

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
        return take(.normalOperation(pdu.ivIndex), .networkPDU, at: frame, into: &findings)
    }

    /// Takes an authenticated statement of the IV state, whatever says it, and holds it against the rules; true if the
    /// network's state moved by it.
    mutating func take(
        _ state: IVState, _ evidence: IVEvidence, at frame: FrameReference, into findings: inout FindingCollector
    ) -> Bool {
        BeaconRules.judge(state, at: frame, in: timeline, network: index, into: &findings)
        return timeline.take(state, evidence, at: frame)
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
