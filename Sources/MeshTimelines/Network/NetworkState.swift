public import CaptureFiles
public import MeshEvidence
public import MeshProtocol

/// What is kept of one network: folded from its authenticated statements, one at a time, without an end.
///
/// It can be judged at any time, saved, read back and continued. Statements may come late, once their key or IV Index was
/// learned: sets of SEQ and records of IV states do not mind, and what watches the order of hearing takes them for delayed.
public struct NetworkState: Hashable, Codable, Sendable {
    /// A state that another subnet's beacons say, ahead of the primary subnet's.
    struct Ahead: Hashable, Codable {
        let state: IVState
        let evidence: IVEvidence
        let subnet: SubnetIndex
        let first: FrameReference
        var count: Int
    }

    /// Its place among the keys.
    public let index: NetworkIndex
    /// From a key file; `nil` where it has none.
    public let name: String?
    /// The IV state over time.
    public private(set) var iv = IVTimeline()
    /// In the order of the keys; subnets that a configuration message handed out stand last.
    public private(set) var subnets: [SubnetState]
    /// Nodes that offer the proxy protocol, in the order of hearing.
    public private(set) var proxyServers: [ProxyServer] = []
    /// The SSEQ of those who solicit proxy servers, in the order of hearing.
    public private(set) var solicitations: [SolicitationTimeline] = []
    private var table = SourceTable()
    /// What a master managed beside IV Index and SEQ.
    public private(set) var card = CardState()
    private(set) var ahead: Ahead?
    private var exchanges = DeviceKeyExchanges()
    /// Whether something of it had to be forgotten, which may have held a higher SEQ.
    public var hasForgotten: Bool { hasForgottenFriendships || table.hasForgotten }
    private var hasForgottenFriendships = false
    /// What was heard under each key, by its place; those that were learned stand last.
    private var uses: [KeyUse]
    /// What was found while folding.
    private var log = FactLog()

    /// - Parameters:
    ///   - index: of the network among the keys.
    ///   - keys: of which the state keeps what tells the subnets apart in the open, and never a key.
    public init(_ index: NetworkIndex, keys: KeyRing.Network) {
        self.index = index
        name = keys.name
        var place = 0
        subnets = keys.subnets.map { subnet in
            let places = subnet.allKeys.indices.map { KeyPlace(place + $0) }
            place += places.count
            return SubnetState(SubnetIdentity(subnet), keys: places)
        }
        uses = Array(repeating: KeyUse(), count: place)
    }

    /// Whether a beacon of one of its subnets says what is still so: one of a state that is past may have been recorded at any
    /// time.
    func isUpToDate(_ beacon: AuthenticBeacon) -> Bool {
        subnets.indices.contains(beacon.subnet.value) && iv.current.map { beacon.statement.state >= $0.state } ?? true
    }

    /// What was heard under a key.
    public func use(of key: KeyPlace) -> KeyUse {
        uses.indices.contains(key.value) ? uses[key.value] : KeyUse()
    }

    /// In the order of hearing.
    public var sources: [SourceTimeline] { table.sources }

    /// What was heard of a source.
    public func source(_ address: UnicastAddress) -> SourceTimeline? { table[address] }

    /// PDUs that opened, copies included.
    public var opened: Int { table.sources.reduce(0) { $0 + $1.heard } }
    /// PDUs that differ in IV Index, SEQ and source.
    public var distinct: Int { table.sources.reduce(0) { $0 + $1.distinct } }

    mutating func replaceSources(_ sources: [SourceTimeline]) { table = SourceTable(sources) }

    /// Takes over what was heard of the same network under other keys.
    mutating func carry(_ other: NetworkState) {
        (iv, table, proxyServers, exchanges, log) = (
            other.iv, other.table, other.proxyServers, other.exchanges, other.log
        )
        (solicitations, card) = (other.solicitations, other.card)
        hasForgottenFriendships = other.hasForgottenFriendships
    }

    // MARK: Folding

    private static let mostKeys = 16_384
    private static let mostSolicitors = 1024
    /// SEQ behind the highest of its source, up to which a message is late; below it a recording, which says nothing of now.
    private static let mostBehind: UInt32 = 256

    /// Takes one statement of this network; returns how it relates to what was heard before.
    @discardableResult
    public mutating func apply(_ statement: AuthenticStatement, from origin: Origin) -> Novelty {
        switch statement {
        case .networkPDU(let opened): return apply(opened, at: origin.frame)
        case .repetition(let copies):
            table.change(copies.source) { $0.applyCopies(under: copies.ivIndex, count: copies.count) }
        case .solicitation(let opened): applySolicitation(opened, at: origin.frame)
        case .beacon(let beacon): apply(beacon, from: origin)
        case .friendUpdate(let update): apply(update.statement.state, .friendUpdate, at: origin.frame)
        case .ivIndexFound(let ivIndex, _): apply(.normalOperation(ivIndex), .search, at: origin.frame)
        case .netKeyLearned(let learned): apply(learned, from: origin)
        case .message(let heard):
            guard table.distance(of: heard.position, behind: heard.source) <= Self.mostBehind else { break }
            card.apply(heard, at: origin.frame)
        case .friendshipEstablished(let friendship): card.apply(friendship, at: origin.frame)
        case .friendshipsForgotten(let count):
            hasForgottenFriendships = true
            log.record(.friendshipsForgotten, at: origin.frame, network: index, count: count)
        case .proxyServer(let address): applyProxyServer(address, at: origin.frame)
        }
        return .new
    }

    /// Takes a PDU that a key of this network opened; returns how it relates to what was heard before.
    mutating func apply(_ opened: OpenedPDU, at frame: FrameReference) -> Novelty {
        let novelty = table.apply(
            opened.pdu, of: opened.subnet, at: frame, times: opened.heard, isDelayed: opened.credentials == .friendship)
        let (position, source) = (opened.pdu.position, opened.pdu.source)
        switch novelty {
        case .new:
            if uses.indices.contains(opened.key.value) { uses[opened.key.value].applyPDU(at: frame.time) }
            noteExchange(opened, at: frame)
            let behind = table.distance(of: position, behind: source)
            if behind <= Self.mostBehind {
                card.apply(opened, isLatest: behind == 0, at: frame)
            }
        case .copy: break
        case .cutCopy: record(.pduAlteredByRelay(position), at: frame, of: source)
        case .conflict: record(.nonceReused(position), at: frame, of: source)
        }
        if iv.isAhead(position.ivIndex), !isExplainedByAhead(opened) {
            apply(.normalOperation(position.ivIndex), iv.isFoundBySearch ? .search : .networkPDU, at: frame)
        }
        return novelty
    }

    private mutating func noteExchange(_ opened: OpenedPDU, at frame: FrameReference) {
        let pdu = opened.pdu
        guard pdu.usesDeviceKey, opened.credentials != .friendship,
            let destination = pdu.destination.flatMap({ UnicastAddress($0.value) }), destination != pdu.source
        else { return }
        exchanges.apply(from: pdu.source, to: destination, at: frame.time)
    }

    /// How many nodes each source configures, by who asks whom under device keys; those that configure none are left out.
    public var configured: [UnicastAddress: Int] { exchanges.configured }

    /// Whether a PDU's IV Index is that of a subnet which is ahead of the primary one: it is judged with that subnet's beacons.
    private func isExplainedByAhead(_ opened: OpenedPDU) -> Bool {
        guard let ahead else { return false }
        return opened.subnet == ahead.subnet && opened.pdu.ivIndex <= ahead.state.transmitIndex
    }

    private mutating func apply(_ beacon: AuthenticBeacon, from origin: Origin) {
        guard subnets.indices.contains(beacon.subnet.value) else { return }
        subnets[beacon.subnet.value].apply(beacon, at: origin.frame)
        if uses.indices.contains(beacon.key.value) {
            uses[beacon.key.value].applyBeacons(beacon.heard, at: origin.frame.time)
        }
        guard !isAheadOfPrimary(beacon, at: origin.frame) else { return }
        apply(
            beacon.statement.state, beacon.evidence, from: origin.advertiser, at: origin.frame, count: beacon.heard)
    }

    private mutating func apply(_ learned: LearnedNetKey, from origin: Origin) {
        if learned.subnet.value == subnets.count {
            subnets.append(SubnetState(learned.identity, keys: [learned.key]))
        } else if subnets.indices.contains(learned.subnet.value) {
            subnets[learned.subnet.value].learn(learned)
        }
        while uses.count <= learned.key.value, uses.count < Self.mostKeys { uses.append(KeyUse()) }
        record(.keyLearned(learned.identity.keyIndex), at: origin.frame, of: learned.source)
    }

    /// Takes an authenticated statement of the IV state, whatever says it, and holds it against the rules.
    private mutating func apply(
        _ state: IVState, _ evidence: IVEvidence, from advertiser: DeviceAddress? = nil, at frame: FrameReference,
        count: Int = 1
    ) {
        let isRecovery = BeaconRules(network: index, timeline: iv).judge(state, from: advertiser, at: frame, into: &log)
        if isRecovery { iv.noteRecovery(at: frame.time) }
        if let advertiser, let current = iv.current, BeaconRules.isLagging(state, at: frame.time, behind: current) {
            iv.noteLaggard(advertiser, at: frame.time)
        }
        iv.apply(state, evidence, from: advertiser, at: frame, count: count)
    }

    private mutating func applyProxyServer(_ address: UnicastAddress?, at frame: FrameReference) {
        if let place = proxyServers.firstIndex(where: { $0.address == address }) {
            proxyServers[place].count += 1
        } else {
            proxyServers.append(ProxyServer(network: index, address: address, count: 1, first: frame))
        }
    }

    private mutating func applySolicitation(_ opened: OpenedPDU, at frame: FrameReference) {
        let known = solicitations.firstIndex { $0.address == opened.pdu.source }
        guard known != nil || solicitations.count < Self.mostSolicitors else { return }
        if known == nil { solicitations.append(SolicitationTimeline(opened.pdu.source)) }
        solicitations[known ?? solicitations.count - 1].apply(opened, at: frame)
    }

    private mutating func record(_ fact: Fact, at frame: FrameReference, of source: UnicastAddress) {
        log.record(fact, at: frame, network: index, source: source)
    }

    // MARK: Subnets ahead of the primary one

    /// Whether a beacon of another subnet says a state that the primary subnet has not reached: IV updates count there
    /// and are passed on, so that this one is to be ignored unless the primary subnet follows.
    private mutating func isAheadOfPrimary(_ beacon: AuthenticBeacon, at frame: FrameReference) -> Bool {
        guard let primary = primarySubnet?.highest else { return false }
        let state = beacon.statement.state
        if let ahead, primary >= ahead.state { self.ahead = nil }
        guard subnets[beacon.subnet.value].identity.keyIndex != .primary, state > primary,
            iv.current.map({ state > $0.state }) ?? true
        else { return false }
        // A node that lags behind its own subnet, or a replayed beacon, takes nothing back.
        if let ahead, state < ahead.state { return true }
        guard ahead?.state == state else {
            ahead = Ahead(
                state: state, evidence: beacon.evidence, subnet: beacon.subnet, first: frame, count: beacon.heard)
            return true
        }
        ahead?.count += beacon.heard
        return true
    }

    private var primarySubnet: SubnetState? { subnets.first { $0.identity.keyIndex == .primary } }

    /// What another subnet said at last counts, unless the primary subnet had time to follow and did not.
    private mutating func settleAhead() {
        guard let ahead, let primary = primarySubnet, let current = primary.highest, ahead.state > current else {
            return
        }
        self.ahead = nil
        let last = primary.lastBeacon?.time ?? ahead.first.time
        guard last.since(ahead.first.time) > BeaconRules.patience else {
            apply(ahead.state, ahead.evidence, at: ahead.first, count: ahead.count)
            return
        }
        let keyIndex = subnets[ahead.subnet.value].identity.keyIndex
        log.record(
            .secondarySubnetAhead(keyIndex, says: ahead.state, network: current), at: ahead.first, network: index,
            count: ahead.count)
    }

    // MARK: Judging

    /// The last time that a node was heard to transmit with an older IV Index before any was heard with the network's, by new
    /// SEQ only: beacons of the older state may be sent again by anyone.
    public var lastTimeBeforeMove: CaptureTime? {
        guard let index = iv.current?.state.transmitIndex,
            let moved = iv.records.first(where: { $0.state.transmitIndex >= index })?.firstTime
        else { return nil }
        let older = sources.flatMap(\.heardTimes).filter { $0.ivIndex < index && $0.last <= moved }
        return older.map(\.last).max()
    }

    /// As it stands if nothing more is heard: what waits for a contradiction counts.
    mutating func settle() {
        settleAhead()
        table.settle()
        for place in solicitations.indices { solicitations[place].settle() }
        for source in sources {
            for heard in source.heardTimes { iv.widen(heard) }
        }
    }

    /// The facts of the network, which then stands as if nothing more were heard.
    mutating func settleAndJudge() -> [Finding] {
        settle()
        var log = log
        SubnetRules.judge(self, into: &log)
        SequenceRules.judge(self, into: &log)
        for source in solicitations {
            guard let fall = source.fall else { continue }
            log.record(
                .solicitationFell(from: fall.from, to: fall.to), at: fall.frame, network: index, source: source.address,
                count: fall.count)
        }
        if table.hasForgotten { log.record(.sequencesForgotten, network: index) }
        return log.sorted
    }
}

/// A node that offers the proxy protocol, by what it advertises under a key.
public struct ProxyServer: Hashable, Codable, Sendable {
    /// The network whose key its advertisement shows.
    public let network: NetworkIndex
    /// `nil` where it says its network and not who it is.
    public let address: UnicastAddress?
    /// How often it was heard.
    public internal(set) var count: Int
    /// Where it was heard first.
    public let first: FrameReference
}
