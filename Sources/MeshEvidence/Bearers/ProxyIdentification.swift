import MeshProtocol

/// Resolves with the keys what proxy servers advertise of themselves. Bounded: each distinct service data is tried once, and only so
/// many in all, since an identity takes as many trials as there are addresses.
struct ProxyIdentification {
    typealias Identified = (network: NetworkIndex, address: UnicastAddress?)

    private struct Outcome {
        var identified: Identified?
    }

    private static let most = 1024
    /// Trials of all addresses, each under one key: a few seconds.
    private static let mostTrials = 1 << 14

    private var trials = 0
    private var lists: [(list: NetworkKeyList, place: KeyPlace)] = []
    private var seen: [ProxyServiceData: Outcome] = [:]

    /// Takes one more key, at this place of the network's list; what no key resolved is tried again when it is heard.
    mutating func learn(_ place: KeyPlace, of list: NetworkKeyList) {
        lists.append((list, place))
        seen = seen.filter { $0.value.identified != nil }
    }

    /// Whether an advertisement is one too many to be tried.
    func isTooMuch(_ data: ProxyServiceData) -> Bool {
        guard data.isOfNode, seen[data] == nil else { return false }
        return seen.count >= Self.most || trials + lists.count > Self.mostTrials
    }

    /// The network and the node whose advertisement it is, if a key tells.
    mutating func identify(_ data: ProxyServiceData) -> Identified? {
        if let known = seen[data] { return known.identified }
        guard seen.count < Self.most, !isTooMuch(data) else { return nil }
        if data.isOfNode { trials += lists.count }
        let outcome = Outcome(identified: resolve(data))
        seen[data] = outcome
        return outcome.identified
    }

    private func resolve(_ data: ProxyServiceData) -> Identified? {
        for (list, place) in lists {
            switch data.resolve(with: list[place].keys) {
            case .network: return (list.network, nil)
            case .node(let address): return (list.network, address)
            case nil: continue
            }
        }
        return nil
    }
}
