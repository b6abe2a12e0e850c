import BoundedCollections
import MeshCrypto
import MeshProtocol

/// The security material that a Low Power node and a Friend agreed upon.
struct Friendship: Hashable {
    let network: NetworkIndex
    let lowPowerNode: UnicastAddress
    let friend: UnicastAddress
    /// The key of the network that it is derived from.
    let key: KeyPlace
    let lpnCounter: UInt16
    let friendCounter: UInt16

    func material(from keys: NetworkKeys) -> SecurityMaterial {
        keys.friendship(
            lpnAddress: lowPowerNode.value, friendAddress: friend.value, lpnCounter: lpnCounter,
            friendCounter: friendCounter)
    }
}

/// Follows how friendships are made: a Friend Request carries the LPNCounter, a Friend Offer the FriendCounter, and both
/// are sent under flooding credentials (Mesh Protocol 1.1, "Friendship establishment").
///
/// An offer answers the latest request before it on the air, in whatever order the two are opened. Bounded: the oldest give way.
struct FriendshipLearning {
    /// A friendship, and the frame of the request behind which its credentials are used: of an offer only a copy may have been heard,
    /// after the first PDUs.
    typealias Learned = (friendship: Friendship, since: FrameReference)

    private struct Node: Hashable {
        var network: NetworkIndex
        var address: UnicastAddress
    }

    private struct Request {
        var frame: FrameReference
        var counter: UInt16
    }

    private struct Offer {
        var frame: FrameReference
        var friend: UnicastAddress
        var key: KeyPlace
        var counter: UInt16
    }

    private static let mostNodes = 1024
    private static let mostPairs = 1 << 14
    /// How many requests, and how many offers, are remembered of one Low Power node.
    private static let mostOfANode = 16

    private var requests = BoundedStore<Node, [Request]>(capacity: mostNodes)
    private var offers = BoundedStore<Node, [Offer]>(capacity: mostNodes)
    /// What was learned, so that it is learned once.
    private var pairs = BoundedStore<Friendship, Void>(capacity: mostPairs)

    /// The friendships that became known by a message which this key of the network opened.
    mutating func learn(
        from message: ControlMessage, of pdu: NetworkPDU, key: KeyPlace, network: NetworkIndex, at frame: FrameReference
    ) -> [Learned] {
        switch message {
        case .friendRequest(let request):
            let node = Node(network: network, address: pdu.source)
            note(Request(frame: frame, counter: request.lpnCounter), of: node)
            return established(by: node)
        case .friendOffer(let offer):
            guard let destination = pdu.destination, let address = UnicastAddress(destination.value) else { return [] }
            let node = Node(network: network, address: address)
            note(Offer(frame: frame, friend: pdu.source, key: key, counter: offer.friendCounter), of: node)
            return established(by: node)
        default: return []
        }
    }

    private mutating func note(_ request: Request, of node: Node) {
        var known = requests[node] ?? []
        guard !known.contains(where: { $0.counter == request.counter && $0.frame <= request.frame }) else { return }
        known.removeAll { $0.counter == request.counter }
        known.append(request)
        known.sort { $0.frame < $1.frame }
        requests[node] = Array(known.suffix(Self.mostOfANode))
    }

    private mutating func note(_ offer: Offer, of node: Node) {
        var known = offers[node] ?? []
        let isKnown = known.contains {
            $0.counter == offer.counter && $0.friend == offer.friend && $0.key == offer.key
        }
        guard !isKnown else { return }
        known.append(offer)
        offers[node] = Array(known.suffix(Self.mostOfANode))
    }

    /// A Friend Offer that answers a Friend Request which was not heard.
    struct OpenOffer {
        let network: NetworkIndex
        let lowPowerNode: UnicastAddress
        let friend: UnicastAddress
        let key: KeyPlace
        let counter: UInt16
        let frame: FrameReference
    }

    /// The Friend Offers without a request before them, in the order of hearing; so many of the last.
    func openOffers(atMost most: Int) -> [OpenOffer] {
        let all = offers.entries.flatMap { node, offers in
            offers.filter { offer in requests[node]?.contains { $0.frame < offer.frame } != true }.map { offer in
                OpenOffer(
                    network: node.network, lowPowerNode: node.address, friend: offer.friend, key: offer.key,
                    counter: offer.counter, frame: offer.frame)
            }
        }
        return all.sorted { ($0.frame, $0.friend) < ($1.frame, $1.friend) }.suffix(most)
    }

    /// Takes a friendship that was found by search; false if it is known.
    mutating func add(_ friendship: Friendship) -> Bool {
        guard !pairs.contains(friendship) else { return false }
        pairs.insert((), for: friendship)
        return true
    }

    /// The pairs of this Low Power node that are new.
    private mutating func established(by node: Node) -> [Learned] {
        guard let requests = requests[node], let offers = offers[node] else { return [] }
        var learned: [Learned] = []
        for offer in offers {
            guard let request = requests.last(where: { $0.frame < offer.frame }) else { continue }
            let friendship = Friendship(
                network: node.network, lowPowerNode: node.address, friend: offer.friend, key: offer.key,
                lpnCounter: request.counter, friendCounter: offer.counter)
            guard !pairs.contains(friendship) else { continue }
            pairs.insert((), for: friendship)
            learned.append((friendship, request.frame))
        }
        return learned
    }
}
