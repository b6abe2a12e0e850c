import BoundedCollections
import MeshCrypto
import MeshProtocol

/// Opens Network PDUs in batches, each in the order of hearing.
///
/// A PDU that is byte-identical to a recent one is recognised before any AES. What no candidate opens is held, in a
/// bounded store, until credentials or an IV Index are learned that may open it.
struct NetworkDecryption {
    /// Whose credentials they are.
    struct Credential {
        let network: NetworkIndex
        let subnet: SubnetIndex
        /// The key that they are derived from.
        let key: KeyPlace
        let kind: CredentialKind
    }

    /// A credential and an IV Index to try.
    private struct Option {
        let credential: Int
        let ivIndex: IVIndex
    }

    /// A PDU that waits for AES.
    struct Pending {
        var heard: HeardPDU
        /// Its place in the table of recent PDUs; `nil` if it has none.
        var slot: Int?
        /// How the PDU was counted while it was held; `no` if it was not held before.
        var wasHeld = WasHeld.no
    }

    /// What became of a pending PDU.
    fileprivate struct Outcome {
        var credential = 0
        var opened: NetworkPDU?
    }

    /// PDUs that are opened together, in the order of hearing.
    struct Batch {
        fileprivate var pending: [Pending]
        fileprivate var outcomes: [Outcome]
        /// How many were handed on.
        fileprivate var next = 0
        /// Counts what was heard up to the last one that was handed on.
        fileprivate(set) var order: Int

        fileprivate init(_ pending: [Pending], behind order: Int) {
            self.pending = pending
            self.order = order
            outcomes = Array(repeating: Outcome(), count: pending.count)
        }

        /// Whether all were handed on.
        var isDone: Bool { next == pending.count }

        /// What credentials opened that were forgotten since is closed again.
        fileprivate mutating func close(_ replaced: Set<Int>) {
            guard !replaced.isEmpty else { return }
            for index in next..<pending.count where replaced.contains(outcomes[index].credential) {
                outcomes[index] = Outcome()
            }
        }

        /// Takes what was held and heard behind those that were handed on, to be opened in its turn.
        mutating func insert(_ held: [Pending]) {
            guard !held.isEmpty else { return }
            let rest = Array(zip(pending[next...], outcomes[next...])) + held.map { ($0, Outcome()) }
            let sorted = rest.sorted { $0.0.heard.order < $1.0.heard.order }
            (pending, outcomes, next) = (sorted.map(\.0), sorted.map(\.1), 0)
        }
    }

    enum WasHeld { case no, closed, foreign }

    /// What of a NID may open since something was learned.
    enum Reach {
        case all
        /// What was heard behind a frame; of other captures all, since numbers of theirs tell nothing.
        case behind(FrameReference)

        func covers(_ frame: FrameReference) -> Bool {
            switch self {
            case .all: true
            case .behind(let first): frame.capture != first.capture || frame.number >= first.number
            }
        }

        func joined(with other: Reach) -> Reach {
            guard case (.behind(let one), .behind(let another)) = (self, other), one.capture == another.capture else {
                return .all
            }
            return .behind(one.number < another.number ? one : another)
        }
    }

    /// How many PDUs a batch has room for.
    static let batch = 256
    /// How many PDUs and copies are heard from one flush to the next at most.
    private static let longestWait = 1024
    private static let mostHeld = 1 << 16
    private static let mostForeign = 1 << 13
    /// Credentials of friendships, each of which costs a trial.
    private static let mostFriendships = 2048
    /// A PDU that so much of what was learned did not open waits for the end.
    private static let mostRetries = 16

    private var credentials: [Credential] = []
    /// The credentials of friendships, in the order in which they were learned or opened something: the first gives way.
    private var friendships = BoundedStore<Int, Void>(capacity: mostFriendships)
    private var nids: [UInt8] = []
    private var ciphers: [NetworkCredentials] = []
    private var credentialsByNID: [[Int]] = Array(repeating: [], count: 128)
    private var networksByNID: [[NetworkIndex]] = Array(repeating: [], count: 128)
    /// For each first octet of a PDU (IVI and NID), what to try, the likeliest first.
    private var options: [[Option]] = Array(repeating: [], count: 256)
    /// For each credential what to try in a round, and whose attempts those are.
    private var attempts: [[NetworkCredentials.Attempt]] = []
    private var owners: [[Int]] = []
    private var workspace = NetworkCredentials.Workspace()
    private var forgotten: [NetworkIndex: Int] = [:]
    /// Places that became another friendship's since the batch was last gone on with.
    private var replaced: Set<Int> = []
    /// Of the last PDU of each network that opened, in the order of hearing; by network.
    private var lastOpened: [Int] = []

    private var recent: RecentPDUs
    private(set) var pending: [Pending] = []
    /// PDUs and copies since the last flush.
    private var waited = 0
    /// PDUs that were heard, without the copies that were recognised.
    private(set) var hearings = 0
    /// What nothing opened, and what has a NID of no credentials: a friendship or a key may turn out to have it.
    private(set) var held = HeldPDUs(capacity: mostHeld)
    private(set) var foreign = HeldPDUs(capacity: mostForeign)
    /// Whether something waits for the end.
    private(set) var hasWaiting = false

    init(isNeeded: Bool) {
        recent = RecentPDUs(isNeeded: isNeeded)
    }

    // MARK: Credentials

    /// Learns security material; what was closed under its NID may open since.
    mutating func add(
        _ material: SecurityMaterial, _ kind: CredentialKind, network: NetworkIndex, subnet: SubnetIndex, key: KeyPlace
    ) {
        let credential = Credential(network: network, subnet: subnet, key: key, kind: kind)
        let place = kind == .friendship ? placeOfFriendship() : nil
        if let place {
            credentials[place] = credential
            ciphers[place] = NetworkCredentials(material)
            nids[place] = material.nid
        } else {
            credentials.append(credential)
            ciphers.append(NetworkCredentials(material))
            nids.append(material.nid)
            attempts.append([])
            owners.append([])
        }
        while lastOpened.count <= network.value { lastOpened.append(0) }
        let nid = Int(material.nid)
        let used = place ?? credentials.count - 1
        credentialsByNID[nid].append(used)
        if !networksByNID[nid].contains(network) { networksByNID[nid].append(network) }
        if kind == .friendship { friendships.insert((), for: used) }
    }

    /// The place of the friendship that was used longest ago, if there is no room for one more. It is forgotten.
    private mutating func placeOfFriendship() -> Int? {
        guard friendships.count >= Self.mostFriendships, let oldest = friendships.removeOldest()?.key else {
            return nil
        }
        credentialsByNID[Int(nids[oldest])].removeAll { $0 == oldest }
        // What is to be tried names credentials by their place.
        for octet in [Int(nids[oldest]), Int(nids[oldest]) | 0x80] {
            options[octet].removeAll { $0.credential == oldest }
        }
        forgotten[credentials[oldest].network, default: 0] += 1
        replaced.insert(oldest)
        return oldest
    }

    /// How many friendships of each network were forgotten since the last time.
    mutating func removeForgotten() -> [(network: NetworkIndex, count: Int)] {
        guard !forgotten.isEmpty else { return [] }
        defer { forgotten = [:] }
        return forgotten.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }

    /// Whether any credentials have this NID.
    @inline(__always)
    func isKnown(nid: UInt8) -> Bool { !credentialsByNID[Int(nid)].isEmpty }

    /// The networks that have credentials with this NID.
    func networks(nid: UInt8) -> [NetworkIndex] { networksByNID[Int(nid)] }

    /// The NIDs of a network's credentials.
    func nids(of network: NetworkIndex) -> [UInt8] {
        (0..<128).filter { networksByNID[$0].contains(network) }.map { UInt8($0) }
    }

    /// All NIDs of credentials.
    var knownNIDs: [UInt8] { (0..<128).filter { !credentialsByNID[$0].isEmpty }.map { UInt8($0) } }

    /// What is to be tried under some NIDs changes with what is known of the networks' IV Indexes.
    mutating func updateOptions(_ knowledge: [IVKnowledge], nids: Set<UInt8>) {
        for octet in nids.flatMap({ [Int($0), Int($0) | 0x80] }) {
            let ranked = credentialsByNID[octet & 0x7F].flatMap { place in
                let credential = credentials[place]
                let candidates = knowledge[credential.network.value]
                    .candidates(ivi: UInt8(octet >> 7), subnet: credential.subnet)
                return candidates.enumerated().map { (rank: $0, option: Option(credential: place, ivIndex: $1)) }
            }
            let ranks = Set(ranked.map(\.rank)).sorted()
            options[octet] = ranks.flatMap { rank in ranked.filter { $0.rank == rank }.map(\.option) }
        }
    }

    // MARK: Hearing

    /// Whether enough is pending to be opened before the next PDU.
    @inline(__always)
    var isFull: Bool { pending.count >= Self.batch || waited >= Self.longestWait }

    /// Takes a PDU that may be a copy of a recent one.
    @inline(__always)
    mutating func hear(_ pdu: ObfuscatedNetworkPDU, from origin: Origin) {
        waited += 1
        switch recent.find(pdu, at: origin.time) {
        case .opened(let slot): recent.countCopy(inSlot: slot, from: origin)
        case .pending(let index): pending[index].heard.count += 1
        case .closed(let slot, let known):
            let place = held.countCopy(of: heard(pdu, from: origin), at: known)
            recent.countClosedCopy(inSlot: slot, from: origin, at: place)
        case .new:
            let slot = recent.remember(pdu, at: origin.time, pending: pending.count)
            pending.append(Pending(heard: heard(pdu, from: origin), slot: slot))
        }
    }

    /// Takes a PDU that is not to be recognised in other copies: octets that may be no PDU at all, which count only if
    /// they open; and Proxy Configuration messages, which stay on their connection.
    mutating func hearApart(_ pdu: ObfuscatedNetworkPDU, nonce: NonceKind, from origin: Origin) {
        pending.append(Pending(heard: heard(pdu, nonce: nonce, from: origin)))
    }

    @inline(__always)
    private mutating func heard(
        _ pdu: ObfuscatedNetworkPDU, nonce: NonceKind = .network, from origin: Origin
    ) -> HeardPDU {
        hearings += 1
        return HeardPDU(pdu: pdu, origin: origin, order: hearings, nonce: nonce)
    }

    /// Keeps a PDU with a NID of no credentials.
    mutating func keepForeign(_ pdu: ObfuscatedNetworkPDU, from origin: Origin) {
        guard !credentials.isEmpty else { return }
        _ = foreign.keep(heard(pdu, from: origin))
    }

    // MARK: Opening

    /// Takes what is pending, to be opened.
    mutating func removePending() -> Batch {
        let batch = Batch(pending, behind: pending.first.map { $0.heard.order - 1 } ?? hearings)
        pending.removeAll(keepingCapacity: true)
        waited = 0
        return batch
    }

    /// Opens a batch and hands on each PDU with what became of it, and what else was heard before it, in the order of hearing; what
    /// stays closed is kept.
    ///
    /// It stops behind a PDU that teaches something, so that this is used before anything that was heard later: where a batch ends
    /// is in the hands of strangers, and the order of what is observed must not be.
    mutating func open(_ batch: inout Batch, into delivery: inout EvidenceDelivery) {
        batch.close(replaced)
        replaced.removeAll()
        resolve(&batch)
        while !batch.isDone {
            batch.order = batch.pending[batch.next].heard.order
            delivery.appendTurns(before: batch.order)
            let hasTaught = handOn(batch.next, of: batch, &delivery)
            batch.next += 1
            if hasTaught { return }
        }
    }

    /// Opens what was held, once more, and hands it on.
    mutating func retry(_ held: ArraySlice<Pending>, into delivery: inout EvidenceDelivery) {
        var batch = Batch(Array(held), behind: hearings)
        resolve(&batch)
        for index in batch.pending.indices { _ = handOn(index, of: batch, &delivery) }
    }

    /// Hands on one PDU of a batch; true if it teaches something.
    @inline(__always)
    private mutating func handOn(_ index: Int, of batch: Batch, _ delivery: inout EvidenceDelivery) -> Bool {
        guard let opened = batch.outcomes[index].opened else {
            keepClosed(batch.pending[index], &delivery)
            return false
        }
        let place = batch.outcomes[index].credential
        let credential = credentials[place]
        noteUse(of: place, credential, batch.pending[index].heard.order)
        if delivery.journal != nil { note(opened.source, batch.pending[index].heard, &delivery) }
        if batch.pending[index].wasHeld != .no { delivery.uncount(batch.pending[index], credential.network) }
        let hasTaught = delivery.deliver(
            opened, credential, nonce: batch.pending[index].heard.nonce, heard: batch.pending[index].heard.count,
            from: batch.pending[index].heard.origin)
        if let slot = batch.pending[index].slot {
            recent.noteOpened(
                batch.pending[index].heard.pdu, as: opened, network: credential.network, inSlot: slot)
        }
        return hasTaught
    }

    private func note(_ source: UnicastAddress, _ heard: HeardPDU, _ delivery: inout EvidenceDelivery) {
        delivery.journal?.append(heard.pdu, heard.nonce, source: source, from: heard.origin)
    }

    @inline(__always)
    private mutating func noteUse(of place: Int, _ credential: Credential, _ order: Int) {
        if lastOpened[credential.network.value] < order { lastOpened[credential.network.value] = order }
        guard credential.kind == .friendship else { return }
        friendships.removeValue(forKey: place)
        friendships.insert((), for: place)
    }

    /// Whether so many PDUs with the NID of a network's credentials were heard behind the last one that opened.
    func isClosedSince(_ network: NetworkIndex, _ held: [HeardPDU], least: Int) -> Bool {
        let last = lastOpened.indices.contains(network.value) ? lastOpened[network.value] : 0
        return held.lazy.filter { $0.order > last }.prefix(least).count >= least
    }

    private mutating func keepClosed(_ closed: Pending, _ delivery: inout EvidenceDelivery) {
        delivery.deliverClosed(closed, networks: networksByNID[Int(closed.heard.pdu.nid)])
        let place = held.keep(closed.heard)
        if let slot = closed.slot { recent.noteClosed(closed.heard.pdu, inSlot: slot, at: place) }
    }

    /// What nothing opens so far, and is surely a Network PDU: by NID, each in the order of hearing.
    var closedPDUs: [HeardPDU] {
        (UInt8(0)..<128).flatMap { nid in
            (foreign.searchable(nid: nid) + held.searchable(nid: nid)).filter(\.origin.isCertain)
        }
    }

    /// The copies of opened PDUs since the last time.
    mutating func removeRepetitions() -> [RecentPDUs.Repetition] { recent.removeRepetitions() }

    /// The copies of closed PDUs since the last time, by NID.
    mutating func removeClosedCopies() -> [(nid: UInt8, count: Int, origin: Origin)] { recent.removeClosedCopies() }

    /// Takes out what is held under these NIDs, as far as it may open, to be tried again, in the order of hearing.
    ///
    /// `isFinal`: also what was tried in vain so often that it waits for the end.
    mutating func removeHeld(nids: [UInt8: Reach], isFinal: Bool) -> [Pending] {
        var removed: [Pending] = []
        var hasClosed = false
        for (nid, reach) in nids.sorted(by: { $0.key < $1.key }) {
            func isWanted(_ heard: HeardPDU) -> Bool {
                reach.covers(heard.origin.frame) && (isFinal || heard.retries < Self.mostRetries)
            }
            removed += foreign.remove(nid: nid, where: isWanted).map { Pending(heard: $0, wasHeld: .foreign) }
            let closed = held.remove(nid: nid, where: isWanted).map { Pending(heard: $0, wasHeld: .closed) }
            hasClosed = hasClosed || !closed.isEmpty
            removed += closed
        }
        if hasClosed { recent.forgetClosed() }
        for index in removed.indices {
            removed[index].heard.retries += 1
            hasWaiting = hasWaiting || removed[index].heard.retries >= Self.mostRetries
        }
        return removed.sorted { $0.heard.order < $1.heard.order }
    }

    /// Tries every option of each PDU of a batch that is still to be handed on, and not open yet: round by round, all attempts of a
    /// credential at once.
    private mutating func resolve(_ batch: inout Batch) {
        var unresolved = (batch.next..<batch.pending.count).filter { batch.outcomes[$0].opened == nil }
        var round = 0
        while !unresolved.isEmpty {
            gather(unresolved, of: batch.pending, round)
            unresolved.removeAll(keepingCapacity: true)
            for credential in attempts.indices where !attempts[credential].isEmpty {
                open(with: credential, &batch.outcomes, &unresolved)
            }
            round += 1
        }
    }

    /// Puts what is tried in a round to its credential. Most PDUs in a row are tried with the same, whose lists are at hand meanwhile.
    private mutating func gather(_ unresolved: [Int], of pending: [Pending], _ round: Int) {
        var tried: [NetworkCredentials.Attempt] = []
        var places: [Int] = []
        var (octet, option) = (-1, Option?.none)
        let pending = pending.span
        for index in unresolved {
            let pdu = pending[index].heard.pdu
            if pdu.firstOctet != octet {
                octet = pdu.firstOctet
                exchange(option?.credential, &tried, &places)
                option = round < options[octet].count ? options[octet][round] : nil
                exchange(option?.credential, &tried, &places)
            }
            guard let option else { continue }
            tried.append(.init(pdu, ivIndex: option.ivIndex, nonce: pending[index].heard.nonce))
            places.append(index)
        }
        exchange(option?.credential, &tried, &places)
    }

    private mutating func exchange(
        _ credential: Int?, _ tried: inout [NetworkCredentials.Attempt], _ places: inout [Int]
    ) {
        guard let credential else { return }
        swap(&attempts[credential], &tried)
        swap(&owners[credential], &places)
    }

    private mutating func open(with credential: Int, _ outcomes: inout [Outcome], _ unresolved: inout [Int]) {
        ciphers[credential].open(attempts[credential], in: &workspace)
        Self.note(workspace.results, of: owners[credential], credential, &outcomes, &unresolved)
        attempts[credential].removeAll(keepingCapacity: true)
        owners[credential].removeAll(keepingCapacity: true)
    }

    private static func note(
        _ results: [NetworkPDU?], of places: [Int], _ credential: Int, _ outcomes: inout [Outcome],
        _ unresolved: inout [Int]
    ) {
        let (results, places) = (results.span, places.span)
        var outcomes = outcomes.mutableSpan
        for position in places.indices {
            outcomes[places[position]] = Outcome(credential: credential, opened: results[position])
            if results[position] == nil { unresolved.append(places[position]) }
        }
    }
}
