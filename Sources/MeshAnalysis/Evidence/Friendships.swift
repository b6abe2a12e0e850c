import MeshCrypto
import MeshProtocol

/// Which credentials protect a PDU: Mesh Protocol 1.1, "Network layer security".
public enum CredentialKind: String, Hashable, Sendable {
    case flooding, directed, friendship
    /// Flooding credentials with the nonce of Proxy Configuration messages.
    case proxyConfiguration = "proxy_configuration"
}

/// The security material that a Low Power node and a Friend agreed upon.
struct Friendship {
    let network: Int
    let material: SecurityMaterial
    /// Which key of the network it is derived from.
    let key: Int
}

/// Follows how friendships are made: a Friend Request carries the LPNCounter, a Friend Offer the FriendCounter, and both
/// are sent under flooding credentials. Bounded.
struct FriendshipTracker {
    private struct Node: Hashable {
        var network: Int
        var address: UnicastAddress
    }

    private struct Pair: Hashable {
        var network: Int
        var key: Int
        var lpn: UnicastAddress
        var lpnCounter: UInt16
        var friend: UnicastAddress
        var friendCounter: UInt16
    }

    private static let mostRequests = 1024
    private static let mostPairs = 2048

    private var lpnCounters: [Node: UInt16] = [:]
    private var pairs: Set<Pair> = []
    /// What was learned since the last call.
    private(set) var learned: [Friendship] = []

    /// Takes the message of a PDU that this key of the network opened; a friendship is on the subnet of its offer.
    mutating func take(_ message: ControlMessage, of pdu: NetworkPDU, key: Int, in network: NetworkRecord) {
        switch message {
        case .friendRequest(let request):
            let node = Node(network: network.index, address: pdu.source)
            guard lpnCounters[node] != nil || lpnCounters.count < Self.mostRequests else { return }
            lpnCounters[node] = request.lpnCounter
        case .friendOffer(let offer):
            guard let destination = pdu.destination, let lpn = UnicastAddress(destination.value),
                let lpnCounter = lpnCounters[Node(network: network.index, address: lpn)]
            else { return }
            let pair = Pair(
                network: network.index, key: key, lpn: lpn, lpnCounter: lpnCounter, friend: pdu.source,
                friendCounter: offer.friendCounter)
            guard pairs.count < Self.mostPairs, pairs.insert(pair).inserted else { return }
            let material = network.keyList[key].keys.friendship(
                lpnAddress: lpn.value, friendAddress: pdu.source.value, lpnCounter: lpnCounter,
                friendCounter: offer.friendCounter)
            learned.append(Friendship(network: network.index, material: material, key: key))
        default: return
        }
    }

    mutating func takeLearned() -> [Friendship] {
        defer { learned = [] }
        return learned
    }
}
