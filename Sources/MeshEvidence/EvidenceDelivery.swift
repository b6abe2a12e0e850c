import BoundedCollections
import MeshCrypto
import MeshProtocol

/// Turns what opened into observations, in the order of hearing, and takes note of what it teaches: IV Indexes, NetKeys and
/// the credentials of friendships, the three things that flow back to what waits.
struct EvidenceDelivery {
    /// What was learned and not used yet.
    struct News {
        /// Networks for which other IV Indexes are to be tried.
        var movedNetworks: Set<NetworkIndex> = []
        var friendships: [FriendshipLearning.Learned] = []
        var keys: [(network: NetworkIndex, place: KeyPlace)] = []

        var isEmpty: Bool { movedNetworks.isEmpty && friendships.isEmpty && keys.isEmpty }
    }

    private struct Friend: Hashable {
        let network: NetworkIndex
        let address: UnicastAddress
    }

    /// An observation that waits for the PDUs which were heard before it.
    private struct Turn {
        /// Counts those PDUs, and all before them.
        let order: Int
        let observation: Observation
    }

    private(set) var keys: [NetworkKeyList]
    var knowledge: [IVKnowledge]
    var news = News()
    /// What was authenticated, sealed; `nil` where nobody keeps it.
    var journal: EvidenceJournal?
    /// Whether a device key is at hand, so that messages which hand out keys can be opened.
    let canLearnKeys: Bool
    /// Whether any key above the network layer is.
    private let opensMessages: Bool
    /// In the order of hearing, as far as the keys were known then.
    private(set) var observed: [Observation] = []
    private var turns: [Turn] = []
    private var nextTurn = 0
    private var friendships = FriendshipLearning()
    private var latestUpdates = BoundedStore<Friend, SequencePosition>(capacity: mostFriends)
    private static let mostFriends = 1024
    private var messages: [MessageOpening?]

    init(_ keys: [NetworkKeyList], given: IVIndex?) {
        self.keys = keys
        knowledge = keys.map { list in
            let primary = list.ring.subnets.firstIndex { $0.keyIndex == .primary }.map { SubnetIndex($0) }
            return IVKnowledge(primary: primary, given: given ?? list.ring.givenIVIndex)
        }
        messages = keys.map { MessageOpening($0.ring) }
        opensMessages = messages.contains { $0 != nil }
        canLearnKeys = keys.contains { !$0.ring.upperKeys.deviceKeys.isEmpty }
    }

    // MARK: The order of hearing

    /// Takes an observation behind all that was heard, which are `order` PDUs, some of them perhaps pending.
    mutating func append(_ observation: Observation, behind order: Int, isWaiting: Bool) {
        if isWaiting || !turns.isEmpty {
            turns.append(Turn(order: order, observation: observation))
        } else {
            observed.append(observation)
        }
    }

    @inline(__always)
    mutating func append(_ statement: Observation.Statement, from origin: Origin) {
        observed.append(Observation(statement, from: origin))
    }

    /// Whether as many wait for their turn as a batch has PDUs.
    var isFull: Bool { turns.count >= NetworkDecryption.batch }

    /// Hands on what was heard before the PDU of this number.
    @inline(__always)
    mutating func appendTurns(before order: Int) {
        guard !turns.isEmpty else { return }
        while nextTurn < turns.count, turns[nextTurn].order < order {
            observed.append(turns[nextTurn].observation)
            nextTurn += 1
        }
        guard nextTurn == turns.count else { return }
        turns.removeAll(keepingCapacity: true)
        nextTurn = 0
    }

    /// Takes what was observed since the last time.
    mutating func removeObserved(_ use: ([Observation]) -> Void) {
        use(observed)
        observed.removeAll(keepingCapacity: true)
    }

    /// Likewise, and takes the room of what `others` holds in exchange.
    mutating func exchangeObserved(with others: inout [Observation]) {
        others.removeAll(keepingCapacity: true)
        swap(&observed, &others)
    }

    // MARK: PDUs

    /// A PDU that opened; true if it teaches something.
    @inline(__always)
    mutating func deliver(
        _ pdu: NetworkPDU, _ credential: NetworkDecryption.Credential, nonce: NonceKind, heard: Int,
        from origin: Origin
    ) -> Bool {
        let opened = OpenedPDU(
            pdu, subnet: credential.subnet, key: credential.key, credentials: credential.kind, nonce: nonce,
            heard: heard)
        append(.authentic(credential.network, .networkPDU(opened)), from: origin)
        let isAhead = knowledge[credential.network.value].isAhead(pdu.ivIndex, in: credential.subnet)
        if isAhead { note(.normalOperation(pdu.ivIndex), of: credential.subnet, network: credential.network) }
        let mayTeach = nonce == .network && (pdu.isControl || opensMessages)
        if mayTeach { learn(from: pdu, credential, origin) }
        return (isAhead || mayTeach) && !news.isEmpty
    }

    /// A PDU that nothing opens so far.
    mutating func deliverClosed(_ pending: NetworkDecryption.Pending, networks: [NetworkIndex]) {
        if pending.wasHeld == .closed { return }
        if pending.wasHeld == .foreign { uncount(pending, nil) }
        let heard = pending.heard
        guard heard.closedCount > 0 else { return }
        let closed = ClosedPDUs(
            nid: heard.pdu.nid, networks: networks, change: heard.closedCount, sample: heard.pdu.sample)
        append(.unauthenticated(.closedPDUs(closed)), from: heard.origin)
    }

    /// What was counted as closed, or as foreign, is so no more.
    mutating func uncount(_ pending: NetworkDecryption.Pending, _ network: NetworkIndex?) {
        let heard = pending.heard
        guard heard.closedCount > 0 else { return }
        let closed = ClosedPDUs(
            nid: heard.pdu.nid, networks: pending.wasHeld == .foreign ? [] : [network].compactMap(\.self),
            change: -heard.closedCount, sample: heard.pdu.sample)
        append(.unauthenticated(.closedPDUs(closed)), from: heard.origin)
    }

    // MARK: What is learned

    /// What an authentic statement of the IV state teaches.
    mutating func note(_ state: IVState, of subnet: SubnetIndex, network: NetworkIndex) {
        if knowledge[network.value].note(state, of: subnet) { news.movedNetworks.insert(network) }
    }

    @inline(__always)
    private mutating func learn(
        from pdu: NetworkPDU, _ credential: NetworkDecryption.Credential, _ origin: Origin
    ) {
        if pdu.isControl {
            learnFromControl(pdu, credential, origin)
        } else {
            learnFromMessage(pdu, credential, origin)
        }
    }

    private mutating func learnFromControl(
        _ pdu: NetworkPDU, _ credential: NetworkDecryption.Credential, _ origin: Origin
    ) {
        guard let message = ControlMessage(pdu) else { return }
        if credential.kind == .friendship {
            guard case .friendUpdate(let statement, _) = message, isLatestUpdate(pdu, credential.network) else {
                return
            }
            let update = FriendUpdate(statement, subnet: credential.subnet)
            append(.authentic(credential.network, .friendUpdate(update)), from: origin)
            note(statement.state, of: credential.subnet, network: credential.network)
            return
        }
        let learned = friendships.learn(
            from: message, of: pdu, key: credential.key, network: credential.network, at: origin.frame)
        news.friendships += learned
        for (friendship, _) in learned {
            let subnet = keys[friendship.network.value][friendship.key].subnet
            let established = EstablishedFriendship(
                lowPowerNode: friendship.lowPowerNode, friend: friendship.friend, subnet: subnet)
            append(.authentic(friendship.network, .friendshipEstablished(established)), from: origin)
        }
    }

    /// Friend Offers whose Friend Request was not heard.
    func openOffers(atMost most: Int) -> [FriendshipLearning.OpenOffer] { friendships.openOffers(atMost: most) }

    /// Takes the credentials of a friendship that was found by search; what was heard since the beginning may open.
    mutating func learn(_ friendship: Friendship, from origin: Origin) {
        guard friendships.add(friendship) else { return }
        let beginning = FrameReference(capture: 0, number: 0, time: origin.time)
        news.friendships.append((friendship, beginning))
        let established = EstablishedFriendship(
            lowPowerNode: friendship.lowPowerNode, friend: friendship.friend,
            subnet: keys[friendship.network.value][friendship.key].subnet)
        append(.authentic(friendship.network, .friendshipEstablished(established)), from: origin)
    }

    /// Whether it is above all Friend Updates of its Friend so far: copies, and recordings, say nothing of the time at which they come.
    private mutating func isLatestUpdate(_ pdu: NetworkPDU, _ network: NetworkIndex) -> Bool {
        let friend = Friend(network: network, address: pdu.source)
        if let known = latestUpdates[friend], pdu.position <= known { return false }
        latestUpdates[friend] = pdu.position
        return true
    }

    /// Tells what messages say of what a master managed, and learns the NetKeys and AppKeys that they hand out, as far as keys open them.
    private mutating func learnFromMessage(
        _ pdu: NetworkPDU, _ credential: NetworkDecryption.Credential, _ origin: Origin
    ) {
        let network = credential.network
        guard let (message, position) = messages[network.value]?.message(completedBy: pdu),
            let destination = pdu.destination
        else { return }
        let heard = HeardMessage(message, from: pdu.source, to: destination, at: position, ttl: pdu.ttl)
        append(.authentic(network, .message(heard)), from: origin)
        switch ConfigurationMessage(message) {
        case .netKeyAdd(let index, let key), .netKeyUpdate(let index, let key):
            guard let place = keys[network.value].learn(key, keyIndex: index) else { return }
            let subnet = keys[network.value][place].subnet
            let identity = SubnetIdentity(keys[network.value].ring[subnet])
            news.keys.append((network, place))
            let learned = LearnedNetKey(identity, subnet: subnet, key: place, from: pdu.source)
            append(.authentic(network, .netKeyLearned(learned)), from: origin)
        case .appKeyAdd(_, let key), .appKeyUpdate(_, let key): keys[network.value].learn(key)
        default: return
        }
    }
}
