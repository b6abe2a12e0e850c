import MeshCrypto
import MeshProtocol

/// Friendships that were made unheard: their credentials are found by the PDUs that are sent under them.
extension EvidenceStream {
    private static let mostOffers = 256
    private static let samplesOfANID = 16
    /// Of 2³² counters each sample is tried on millions.
    private static let fewSamples = 4
    private static let fewNIDs = 4

    /// PDUs that may be of friendships of which the Friend Offer was heard alone: as many as nothing opens, where there is such an offer.
    public var closedBesideOffers: Int {
        delivery.openOffers(atMost: 1).isEmpty ? 0 : decryption.held.count + decryption.foreign.count
    }

    /// Friendships of which the Friend Offer was heard and the Friend Request was not.
    public mutating func searchOfferedFriendships() {
        let offers = delivery.openOffers(atMost: Self.mostOffers)
        guard !offers.isEmpty else { return }
        var searches: [FriendshipKey: FriendshipSearch] = [:]
        for offer in offers {
            let key = FriendshipKey(network: offer.network, key: offer.key)
            let search =
                searches[key] ?? friendshipSearch(offer.network, offer.key, each: Self.samplesOfANID, nids: 128)
            searches[key] = search
            guard let found = search.find(offer.lowPowerNode, offer.friend, friendCounter: offer.counter) else {
                continue
            }
            learn(found, offer.network, offer.key, offer.lowPowerNode, offer.friend, from: Origin(offer.frame))
        }
        useAllNews()
    }

    /// Friendships of which nothing was heard but what was sent under their credentials: all counters of each pair.
    ///
    /// - Parameters:
    ///   - pairs: the likeliest first.
    ///   - progress: the share of the work that is done, 0 to 1.
    public mutating func searchFriendships(_ pairs: [FriendshipPair], _ progress: (Double) -> Void = { _ in }) {
        let trials = pairs.filter { delivery.keys.indices.contains($0.network.value) }.flatMap { pair in
            delivery.keys[pair.network.value].places.map { (pair: pair, key: $0) }
        }
        let all = Double(trials.count) * Double(1 << 32)
        var done = 0.0
        for stretch in FriendshipSearch.stretches {
            for (pair, key) in trials {
                search(pair, key, in: stretch) { progress((done + Double($0)) / all) }
                done += Double(stretch.count)
            }
        }
    }

    private mutating func search(
        _ pair: FriendshipPair, _ key: KeyPlace, in stretch: Range<UInt64>, _ progress: (UInt64) -> Void
    ) {
        let search = friendshipSearch(pair.network, key, each: Self.fewSamples, nids: Self.fewNIDs)
        guard !search.isEmpty, let first = decryption.closedPDUs.first else { return }
        guard let found = search.find(pair.lowPowerNode, pair.friend, in: stretch, progress) else { return }
        learn(found, pair.network, key, pair.lowPowerNode, pair.friend, from: first.origin)
        useAllNews()
    }

    private struct FriendshipKey: Hashable {
        let network: NetworkIndex
        let key: KeyPlace
    }

    private func friendshipSearch(
        _ network: NetworkIndex, _ key: KeyPlace, each: Int, nids: Int
    ) -> FriendshipSearch {
        let entry = delivery.keys[network.value][key]
        let knowledge = delivery.knowledge[network.value]
        let closed = decryption.closedPDUs.map { heard in
            (pdu: heard.pdu, ivIndexes: knowledge.candidates(ivi: heard.pdu.ivi, subnet: entry.subnet))
        }
        return FriendshipSearch(entry.keys.netKey, closed, each: each, nids: nids, isParallel: threads > 1)
    }

    private mutating func learn(
        _ counters: UInt32, _ network: NetworkIndex, _ key: KeyPlace, _ lpn: UnicastAddress, _ friend: UnicastAddress,
        from origin: Origin
    ) {
        let friendship = Friendship(
            network: network, lowPowerNode: lpn, friend: friend, key: key, lpnCounter: UInt16(counters >> 16),
            friendCounter: UInt16(counters & 0xFFFF))
        delivery.learn(friendship, from: origin)
    }
}
