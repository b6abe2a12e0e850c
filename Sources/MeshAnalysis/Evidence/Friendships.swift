import MeshCrypto
import MeshProtocol

/// Which credentials protect a PDU: Mesh Protocol 1.1, "Network layer security".
public enum CredentialKind: String, Hashable, Sendable { case flooding, directed, friendship }

/// The security material that a Low Power node and a Friend agreed upon.
struct Friendship {
    let network: Int
    let materials: [SecurityMaterial]
}

/// Follows how friendships are made: a Friend Request carries the LPNCounter, a Friend Offer the FriendCounter, and both
/// are sent under flooding credentials. Bounded.
struct FriendshipTracker {
    private struct Pair: Hashable {
        var lpn: UnicastAddress
        var lpnCounter: UInt16
        var friend: UnicastAddress
        var friendCounter: UInt16
    }

    private static let mostRequests = 1024
    private static let mostPairs = 256

    private var lpnCounters: [UnicastAddress: UInt16] = [:]
    private var pairs: Set<Pair> = []
    /// What was learned since the last call.
    private(set) var learned: [Friendship] = []

    /// Takes an opened control PDU.
    mutating func take(_ pdu: NetworkPDU, in network: NetworkRecord) {
        guard pdu.isControl, case .unsegmentedControl(let opcode, let parameters)? = try? LowerTransportPDU(pdu),
            let message = try? ControlMessage(opcode: opcode, parameters: parameters)
        else { return }
        switch message {
        case .friendRequest(let request):
            if lpnCounters.count < Self.mostRequests { lpnCounters[pdu.source] = request.lpnCounter }
        case .friendOffer(let offer):
            guard let destination = pdu.destination, let lpn = UnicastAddress(destination.value),
                let lpnCounter = lpnCounters[lpn]
            else { return }
            let pair = Pair(lpn: lpn, lpnCounter: lpnCounter, friend: pdu.source, friendCounter: offer.friendCounter)
            guard pairs.count < Self.mostPairs, pairs.insert(pair).inserted else { return }
            learned.append(Friendship(network: network.index, materials: materials(of: pair, network.keys)))
        default: return
        }
    }

    /// Of each key of the network, since nothing in the messages says which subnet the friendship is on.
    private func materials(of pair: Pair, _ keys: KeyRing.Network) -> [SecurityMaterial] {
        keys.subnets.flatMap { [$0.keys, $0.oldKeys].compactMap(\.self) }.map { keys in
            keys.friendship(
                lpnAddress: pair.lpn.value, friendAddress: pair.friend.value, lpnCounter: pair.lpnCounter,
                friendCounter: pair.friendCounter)
        }
    }

    mutating func takeLearned() -> [Friendship] {
        defer { learned = [] }
        return learned
    }
}
