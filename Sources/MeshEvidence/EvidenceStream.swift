import BluetoothFrames
import ByteParsing
import MeshCrypto
public import MeshProtocol

/// Takes frames in the order of time and turns what they hold into observations.
///
/// Only here and below are bytes seen; what goes on is a value, and says where it comes from. What is heard before its key,
/// its credentials or its IV Index is known waits, bounded and counted.
public struct EvidenceStream {
    var delivery: EvidenceDelivery
    var decryption: NetworkDecryption
    var beacons = BeaconAuthentication()
    var solicitations = SolicitationOpening()
    var provisioning = ProvisioningReassembly()
    var proxies = ProxyConnections()
    var identification = ProxyIdentification()
    var uris = URIMemory()
    var foreignPDUs = ForeignPDUCount()
    private let search: IVSearchExtent
    let threads: Int
    /// What is to be held before a long capture without beacons is searched again, so that it does not outgrow the store.
    private var enoughToSearch = 8192
    /// PDUs that gave way before anything told the IV Index, and that were not told yet.
    private var givenUp = 0
    /// Whether a format error was described already. To describe each would cost more than to read the frame.
    var hasDescribedError = false

    /// - Parameters:
    ///   - keys: the networks that the question is about.
    ///   - given: an IV Index to open with where nothing tells it; never evidence.
    ///   - search: how far to search an IV Index that nothing tells.
    ///   - threads: how many may do so; one, or all that the machine has.
    public init(_ keys: KeyRing, given: IVIndex? = nil, search: IVSearchExtent = .bounded, threads: Int = 2) {
        let lists = keys.networks.enumerated().map { NetworkKeyList(NetworkIndex($0), $1) }
        self.search = search
        self.threads = threads
        delivery = EvidenceDelivery(lists, given: given)
        decryption = NetworkDecryption(isNeeded: !lists.isEmpty)
        for list in lists {
            for place in list.places { add(place, of: list) }
        }
        decryption.updateOptions(delivery.knowledge, nids: Set(0..<128))
    }

    /// The keys, with those that the captures handed out so far.
    public var keyRing: KeyRing { KeyRing(networks: delivery.keys.map(\.ring)) }

    /// Hands over what was observed since the last time, in the order of hearing as far as the keys were known then.
    public mutating func removeObserved(_ use: ([Observation]) -> Void) {
        if !delivery.observed.isEmpty { delivery.removeObserved(use) }
    }

    /// The same, in place of what `observed` holds, whose room is used on.
    mutating func removeObserved(into observed: inout [Observation]) { delivery.exchangeObserved(with: &observed) }

    /// Opens all that waits and can be opened, so that what is observed is complete.
    ///
    /// - Parameter progress: the share of an IV Index search that is done, 0 to 1.
    public mutating func settle(_ progress: (Double) -> Void = { _ in }) {
        openWaiting()
        if search != .off {
            searchIVIndex(search, progress)
            openWaiting()
        }
        searchOfferedFriendships()
        guard decryption.hasWaiting else { return }
        retry(nids: Dictionary(uniqueKeysWithValues: decryption.knownNIDs.map { ($0, .all) }), isFinal: true)
        useAllNews()
    }

    // MARK: What is kept between two runs

    /// Keeps what is authenticated from now on, as it was heard.
    ///
    /// - Parameter most: how much is kept until it is removed.
    public mutating func keepEvidence(atMost most: Int) { delivery.journal = EvidenceJournal(capacity: most) }

    /// Hands over what was authenticated since the last time, in the order of opening; `nil` where there was no room for all of it.
    public mutating func removeEvidence(_ receive: ([SealedEvidence]?) -> Void) {
        guard let journal = delivery.journal else { return receive([]) }
        receive(journal.isFull ? nil : journal.entries)
        delivery.journal?.removeAll()
    }

    /// Opens what was heard, so that what it says can be looked at now.
    public mutating func openHeard() { openWaiting() }

    /// Hears once more what was authenticated before.
    public mutating func hear(_ evidence: SealedEvidence) {
        switch evidence.content {
        case .beacon(let beacon): hear(beacon, from: evidence.origin)
        case .pdu(let pdu, .network) where evidence.origin.isCertain: hear(pdu, from: evidence.origin)
        case .pdu(let pdu, .solicitation): SolicitationPDU(pdu).map { hear($0, from: evidence.origin) }
        case .pdu(let pdu, let nonce): hearApart(pdu, nonce: nonce, from: evidence.origin)
        }
    }

    /// Starts from a state that was proved before; what it cannot open is searched on from there.
    ///
    /// - Parameters:
    ///   - state: authentic, of an earlier run.
    ///   - subnet: whose beacons said it.
    ///   - network: of the subnet.
    public mutating func start(from state: IVState, of subnet: SubnetIndex, in network: NetworkIndex) {
        let lists = delivery.keys
        guard lists.indices.contains(network.value), lists[network.value].ring.subnets.indices.contains(subnet.value)
        else { return }
        delivery.note(state, of: subnet, network: network)
        useAllNews()
    }

    // MARK: Hearing

    @inline(__always)
    mutating func hear(_ pdu: ObfuscatedNetworkPDU, from origin: Origin) {
        guard decryption.isKnown(nid: pdu.nid) else {
            hearForeign(pdu, from: origin)
            return
        }
        decryption.hear(pdu, from: origin)
        if decryption.isFull { openWaiting() }
    }

    /// Takes a PDU by itself, whose copies are not looked for.
    mutating func hearApart(_ pdu: ObfuscatedNetworkPDU, nonce: NonceKind, from origin: Origin) {
        // What waits to be opened may teach its key.
        if !decryption.isKnown(nid: pdu.nid) { openPending() }
        guard decryption.isKnown(nid: pdu.nid) else {
            if origin.isCertain { hearForeign(pdu, from: origin) }
            return
        }
        decryption.hearApart(pdu, nonce: nonce, from: origin)
        if decryption.isFull { openWaiting() }
    }

    mutating func hear(_ solicitation: SolicitationPDU, from origin: Origin) {
        // The key may stand in a message that waits to be opened.
        if delivery.canLearnKeys { openPending() }
        let isNew = !solicitations.isKnown(solicitation)
        guard let opened = solicitations.open(solicitation, from: origin) else {
            append(.unauthenticated(.closedSolicitations(change: 1)), from: origin)
            return
        }
        if isNew {
            delivery.journal?.append(
                solicitation.pdu, .solicitation, source: opened.pdu.pdu.source, from: origin)
        }
        append(.authentic(opened.network, .solicitation(opened.pdu)), from: origin)
    }

    private mutating func hearForeign(_ pdu: ObfuscatedNetworkPDU, from origin: Origin) {
        decryption.keepForeign(pdu, from: origin)
        guard let told = foreignPDUs.count(pdu.nid, from: origin) else { return }
        let closed = ClosedPDUs(
            nid: pdu.nid, networks: [], change: told.count, sample: told.isSample ? pdu.sample : nil)
        append(.unauthenticated(.closedPDUs(closed)), from: told.origin)
    }

    /// Takes a beacon; octets that may be no beacon at all count only if a key authenticates them. True if one does.
    @discardableResult
    mutating func hear(_ beacon: MeshBeacon, from origin: Origin) -> Bool {
        if case .unprovisionedDevice(let beacon) = beacon {
            if origin.isCertain { append(.unauthenticated(.unprovisionedDevice(beacon)), from: origin) }
            return false
        }
        var outcome = beacons.authenticate(beacon)
        if outcome == .foreign, delivery.canLearnKeys {
            // The beacon's key may stand in a message that waits to be opened.
            openPending()
            outcome = beacons.authenticate(beacon)
        }
        switch outcome {
        case .authentic(let network, let subnet, let key, let statement):
            let said = AuthenticBeacon(statement, beacon.evidence, subnet: subnet, key: key)
            let isNews = delivery.knowledge[network.value].isNews(statement.state, of: subnet)
            delivery.journal?.append(beacon, under: key, isNews: isNews, from: origin)
            hear(said, network, from: origin)
            return true
        case .notAuthentic(let network, let subnet):
            if origin.isCertain { append(.unauthenticated(.falseBeacon(network, subnet)), from: origin) }
        case .foreign:
            guard origin.isCertain else { return false }
            beacons.remember(beacon, from: origin)
            append(.unauthenticated(beacon.asForeign(change: 1)), from: origin)
        }
        return false
    }

    private mutating func hear(_ beacon: AuthenticBeacon, _ network: NetworkIndex, from origin: Origin) {
        append(.authentic(network, .beacon(beacon)), from: origin)
        let state = beacon.statement.state
        guard delivery.knowledge[network.value].isNews(state, of: beacon.subnet) else { return }
        // What was heard before the beacon is opened with the IV Index that was valid until then.
        openWaiting()
        delivery.note(state, of: beacon.subnet, network: network)
        openWaiting()
    }

    /// Takes an observation behind what was heard before it.
    mutating func append(_ statement: Observation.Statement, from origin: Origin) {
        delivery.append(
            Observation(statement, from: origin), behind: decryption.hearings, isWaiting: !decryption.pending.isEmpty)
        if delivery.isFull { openWaiting() }
    }

    // MARK: The loop that learns

    /// Opens what waits, if any does.
    mutating func openPending() {
        if !decryption.pending.isEmpty { openWaiting() }
    }

    /// Opens what waits, and again what that teaches to open, until nothing new is learned.
    private mutating func openWaiting() {
        tellCopies()
        let lost = decryption.held.lost
        var batch = decryption.removePending()
        repeat {
            decryption.open(&batch, into: &delivery)
            batch.insert(useAllNews(upTo: batch.order))
        } while !batch.isDone
        delivery.appendTurns(before: .max)
        tellGivenUp(decryption.held.lost - lost)
        guard search != .off, decryption.held.count >= enoughToSearch else { return }
        enoughToSearch *= 2
        searchIVIndex(.bounded)
        useAllNews()
    }

    /// Opens what was learned to open, and what that teaches in turn, of what was heard up to the PDU of this number; returns what
    /// was heard behind it and may open in its turn.
    @discardableResult
    mutating func useAllNews(upTo order: Int = .max) -> [NetworkDecryption.Pending] {
        var later: [NetworkDecryption.Pending] = []
        while !delivery.news.isEmpty { later += retry(nids: useNews(), upTo: order) }
        return later
    }

    /// Takes what was learned into use; returns the NIDs of PDUs that may open since.
    private mutating func useNews() -> [UInt8: NetworkDecryption.Reach] {
        let news = delivery.news
        delivery.news = EvidenceDelivery.News()
        var nids: [UInt8: NetworkDecryption.Reach] = [:]
        // A Friend and its Low Power node use their credentials once both have agreed, and never before.
        for (friendship, since) in news.friendships {
            let entry = delivery.keys[friendship.network.value][friendship.key]
            let material = friendship.material(from: entry.keys)
            decryption.add(
                material, .friendship, network: friendship.network, subnet: entry.subnet, key: friendship.key)
            nids[material.nid] = nids[material.nid]?.joined(with: .behind(since)) ?? .behind(since)
        }
        for nid in news.movedNetworks.flatMap(decryption.nids(of:)) { nids[nid] = .all }
        for key in news.keys {
            let list = delivery.keys[key.network.value]
            let keys = list[key.place].keys
            add(key.place, of: list)
            for nid in [keys.flooding.nid, keys.directed.nid] { nids[nid] = .all }
        }
        if !news.keys.isEmpty {
            recogniseBeacons()
            openSolicitations()
        }
        decryption.updateOptions(delivery.knowledge, nids: Set(nids.keys))
        tellForgotten()
        return nids
    }

    /// Friendships that made room for others.
    private mutating func tellForgotten() {
        guard let last = delivery.observed.last else { return }
        for (network, count) in decryption.removeForgotten() {
            delivery.append(.authentic(network, .friendshipsForgotten(count)), from: last.origin)
        }
    }

    /// Tries again what is held under these NIDs; returns what was heard behind the PDU of this number.
    @discardableResult
    private mutating func retry(
        nids: [UInt8: NetworkDecryption.Reach], upTo order: Int = .max, isFinal: Bool = false
    ) -> [NetworkDecryption.Pending] {
        let all = decryption.removeHeld(nids: nids, isFinal: isFinal)
        let held = all.prefix { $0.heard.order <= order }
        for start in stride(from: 0, to: held.count, by: NetworkDecryption.batch) {
            decryption.retry(held[start..<min(start + NetworkDecryption.batch, held.count)], into: &delivery)
        }
        for nid in nids.keys.sorted() {
            for heard in decryption.held.samples(nid: nid) {
                tellClosed(nid, decryption.networks(nid: nid), 0, heard.origin, sample: heard.pdu.sample)
            }
        }
        return Array(all[held.endIndex...])
    }

    private mutating func add(_ place: KeyPlace, of list: NetworkKeyList) {
        let entry = list[place]
        decryption.add(entry.keys.flooding, .flooding, network: list.network, subnet: entry.subnet, key: place)
        decryption.add(entry.keys.directed, .directed, network: list.network, subnet: entry.subnet, key: place)
        beacons.learn(place, of: list)
        solicitations.learn(place, of: list)
        identification.learn(place, of: list)
    }

    /// Beacons that were foreign until a key was learned.
    private mutating func recogniseBeacons() {
        for (foreign, outcome) in beacons.removeRecognised() {
            delivery.append(.unauthenticated(foreign.beacon.asForeign(change: -foreign.count)), from: foreign.first)
            guard case .authentic(let network, let subnet, let key, let statement) = outcome else { continue }
            let evidence = foreign.beacon.evidence
            func said(_ heard: Int) -> Observation.Statement {
                let beacon = AuthenticBeacon(
                    statement, evidence, subnet: subnet, key: key, heard: heard, isRecognisedLate: true)
                return .authentic(network, .beacon(beacon))
            }
            delivery.append(said(max(1, foreign.count - 1)), from: foreign.first)
            if foreign.count > 1 { delivery.append(said(1), from: foreign.last) }
            delivery.note(statement.state, of: subnet, network: network)
        }
    }

    /// Solicitation PDUs that were closed until a key was learned.
    private mutating func openSolicitations() {
        for (closed, opened) in solicitations.removeOpened() {
            delivery.append(.unauthenticated(.closedSolicitations(change: -closed.count)), from: closed.first)
            delivery.append(.authentic(opened.network, .solicitation(opened.pdu)), from: closed.first)
        }
    }

    // MARK: What is counted

    /// Copies of PDUs that were told before.
    private mutating func tellCopies() {
        for copies in decryption.removeRepetitions() {
            let repetition = PDURepetition(of: copies.source, under: copies.ivIndex, count: copies.count)
            delivery.append(.authentic(copies.network, .repetition(repetition)), from: copies.origin)
        }
        for (nid, count, origin) in decryption.removeClosedCopies() {
            tellClosed(nid, decryption.networks(nid: nid), count, origin)
        }
        for (nid, count, origin) in foreignPDUs.removeCounts() { tellClosed(nid, [], count, origin) }
    }

    private mutating func tellClosed(
        _ nid: UInt8, _ networks: [NetworkIndex], _ count: Int, _ origin: Origin, sample: UInt32? = nil
    ) {
        let closed = ClosedPDUs(nid: nid, networks: networks, change: count, sample: sample)
        delivery.append(.unauthenticated(.closedPDUs(closed)), from: origin)
    }

    /// PDUs that gave way before anything told the IV Index.
    private mutating func tellGivenUp(_ count: Int) {
        if delivery.knowledge.allSatisfy(\.isEmpty) { givenUp += count }
        guard givenUp > 0, let last = delivery.observed.last else { return }
        delivery.append(.unauthenticated(.pdusGivenUp(givenUp)), from: last.origin)
        givenUp = 0
    }

    // MARK: Search

    /// As many closed PDUs in a row, behind the last one that opened, speak against what is known of an IV Index.
    private static let enoughClosed = 8

    /// Searches the IV Index of networks of which nothing tells it, with what is held; and on from what is known where PDUs stay
    /// closed: a beacon may be a recording of long ago.
    private mutating func searchIVIndex(_ extent: IVSearchExtent, _ progress: (Double) -> Void = { _ in }) {
        for list in delivery.keys {
            let known = delivery.knowledge[list.network.value].highest
            for place in list.places {
                let entry = list[place]
                let held = decryption.held.searchable(nid: entry.keys.flooding.nid)
                guard !held.isEmpty else { continue }
                let isDoubted = decryption.isClosedSince(list.network, held, least: Self.enoughClosed)
                let search = IVIndexSearch(
                    entry.keys.flooding, held.map(\.pdu), keys: list.places.count, isParallel: threads > 1)
                let found =
                    known.map { search.run(beyond: $0, isDoubted ? extent : nil, progress) }
                    ?? search.run(extent, progress)
                guard let found, let first = held.first(where: { $0.pdu == found.base }) else { continue }
                delivery.append(
                    .authentic(list.network, .ivIndexFound(found.ivIndex, entry.subnet)), from: first.origin)
                delivery.note(.normalOperation(found.ivIndex), of: entry.subnet, network: list.network)
                break
            }
        }
    }
}

extension MeshBeacon {
    /// What kind of evidence it is, once it is authentic.
    var evidence: IVEvidence {
        if case .meshPrivate = self { .privateBeacon } else { .secureNetworkBeacon }
    }

    /// As one that no key authenticates.
    func asForeign(change: Int) -> UnauthenticatedStatement {
        if case .secureNetwork(let beacon) = self {
            .foreignBeacons(networkID: beacon.networkID, change: change)
        } else {
            .foreignPrivateBeacons(change: change)
        }
    }
}
