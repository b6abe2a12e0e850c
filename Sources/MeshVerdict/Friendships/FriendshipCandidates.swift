import MeshEvidence
import MeshProtocol
import MeshTimelines

/// Which nodes may have a friendship of which nothing was heard but what is sent under its credentials: the likeliest first.
///
/// A Friend is always on, and so is a gateway. A Low Power node is known from messages to it that it does not answer in the open, from a key
/// file, or from a friendship before; what it sends itself goes under the friendship's credentials.
struct FriendshipCandidates {
    /// Each pair takes some seconds.
    private static let most = 16
    private static let mostFriends = 4
    private static let mostLowPowerNodes = 8

    let network: NetworkState
    let keys: KeyRing.Network

    /// The pairs, the likeliest first.
    var pairs: [FriendshipPair] {
        let lowPowerNodes = lowPowerNodes
        let ranked = friends.enumerated().flatMap { rank, friend in
            lowPowerNodes.enumerated().filter { $0.element != friend }.map {
                (rank + $0.offset, pair($0.element, friend))
            }
        }
        let sorted = ranked.enumerated().sorted { ($0.element.0, $0.offset) < ($1.element.0, $1.offset) }.map(
            \.element.1)
        var seen: Set<FriendshipPair> = []
        return Array((told + sorted).filter { seen.insert($0).inserted }.prefix(Self.most))
    }

    private func pair(_ lowPowerNode: UnicastAddress, _ friend: UnicastAddress) -> FriendshipPair {
        FriendshipPair(network: network.index, lowPowerNode: lowPowerNode, friend: friend)
    }

    /// Friendships that a Friend Clear ends, and those that were heard to be made: both nodes may have had another one before.
    private var told: [FriendshipPair] {
        network.card.friendClears.map { pair($0.lowPowerNode, $0.friend) }
            + network.card.friendships.map { pair($0.lowPowerNode, $0.friend) }
    }

    /// The master that a key file names, and who was heard most.
    private var friends: [UnicastAddress] {
        let busiest = network.sources.sorted { ($1.distinct, $0.address) < ($0.distinct, $1.address) }.map(\.address)
        let first = [keys.master].compactMap(\.self)
        return Array((first + busiest.filter { !first.contains($0) }).prefix(Self.mostFriends))
    }

    /// Unicast addresses that were spoken to and not heard, or that a key file has; then those that were heard least.
    private var lowPowerNodes: [UnicastAddress] {
        let heard = Set(network.sources.map(\.address))
        let spokenTo = network.card.strands.compactMap { UnicastAddress($0.destination.value) }
        let listed = keys.nodes.map(\.address) + keys.upperKeys.deviceKeys.map(\.address)
        let silent = (spokenTo + listed).filter { !heard.contains($0) }
        let seldom = network.sources.sorted { ($0.distinct, $0.address) < ($1.distinct, $1.address) }.map(\.address)
        var seen: Set<UnicastAddress> = []
        return Array((silent + seldom).filter { seen.insert($0).inserted }.prefix(Self.mostLowPowerNodes))
    }
}
