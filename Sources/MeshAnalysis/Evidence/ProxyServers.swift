import ByteParsing
import MeshCrypto
import MeshProtocol

/// Proxy servers that advertise themselves, resolved with the keys. Bounded: each distinct service data is tried once.
struct ProxyServers {
    private static let most = 1024

    private var keys: [(network: Int, keys: NetworkKeys)] = []
    private var seen: [ProxyServiceData: Int?] = [:]
    private(set) var servers: [Analysis.ProxyServer] = []

    init(_ networks: [NetworkRecord]) {
        for network in networks {
            for place in network.keyList.indices { learn(place, of: network) }
        }
    }

    /// Takes one more key, at this place of the network's list; what no key resolved is tried again when it is heard.
    mutating func learn(_ place: Int, of network: NetworkRecord) {
        keys.append((network.index, network.keyList[place].keys))
        seen = seen.filter { $0.value != nil }
    }

    mutating func take(_ data: ProxyServiceData, at frame: FrameReference) {
        if let known = seen[data] {
            if let place = known { servers[place].count += 1 }
            return
        }
        guard seen.count < Self.most else { return }
        for (network, keys) in keys {
            guard let identity = data.resolve(with: keys) else { continue }
            seen[data] = .some(place(of: identity, network, frame))
            return
        }
        seen[data] = .some(nil)
    }

    /// The random of an identity changes; the node stays the same.
    private mutating func place(of identity: ProxyServiceData.Identity, _ network: Int, _ frame: FrameReference) -> Int
    {
        var address: UnicastAddress?
        if case .node(let node) = identity { address = node }
        if let place = servers.firstIndex(where: { $0.network == network && $0.address == address }) {
            servers[place].count += 1
            return place
        }
        servers.append(.init(network: network, address: address, count: 1, first: frame))
        return servers.count - 1
    }
}
