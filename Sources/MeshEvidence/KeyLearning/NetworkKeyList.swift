import MeshCrypto
import MeshProtocol

/// The keys of one network: those of the user, and those that the captures themselves hand out. A key keeps its place.
struct NetworkKeyList {
    struct Entry {
        let subnet: SubnetIndex
        let keys: NetworkKeys
    }

    let network: NetworkIndex
    private(set) var ring: KeyRing.Network
    /// The old key of a subnet before the new one, and what is learned behind them all.
    private(set) var entries: [Entry]

    init(_ network: NetworkIndex, _ ring: KeyRing.Network) {
        self.network = network
        self.ring = ring
        entries = ring.subnets.enumerated().flatMap { subnet, keys in
            keys.allKeys.map { Entry(subnet: SubnetIndex(subnet), keys: $0) }
        }
    }

    var places: [KeyPlace] { entries.indices.map { KeyPlace($0) } }

    subscript(place: KeyPlace) -> Entry { entries[place.value] }

    /// Learns a NetKey that a configuration message hands out; returns its place, `nil` if it was known.
    mutating func learn(_ netKey: NetKey, keyIndex: KeyIndex) -> KeyPlace? {
        guard !entries.contains(where: { $0.keys.netKey == netKey }),
            let subnet = ring.learn(netKey, keyIndex: keyIndex)
        else { return nil }
        entries.append(Entry(subnet: subnet, keys: ring[subnet].keys))
        return KeyPlace(entries.count - 1)
    }

    mutating func learn(_ key: AppKey) { ring.upperKeys.learn(key) }
}
