import MeshCrypto
import MeshEvidence
import MeshProtocol
import MeshTimelines

/// Holds a network's keys and nodes against what was heard of it.
struct KeyAuditRules {
    let network: NetworkState
    /// As the user gave them; keys that the captures handed out do not belong to a backup.
    let keys: KeyRing.Network
    let messages: MessageTally.Counts
    /// The key indexes of subnets whose key fell silent while others went on.
    let stale: Set<KeyIndex>
    /// PDUs with a NID of the network's keys that nothing opens.
    let notOpened: Int

    func audit() -> KeyAudit {
        var audit = KeyAudit()
        let closed = closedByNode
        let heard = Set(network.sources.filter(\.isHeard).map(\.address))
        audit.netKeys = netKeys
        audit.appKeys = keys.upperKeys.applicationKeys.enumerated().map { place, key in
            let opened = messages.opened[.application(place)] ?? 0
            return .init(
                aid: key.aid, opened: opened, outcome: outcome(opened, closed: messages.closedByAID[key.aid] ?? 0))
        }
        audit.deviceKeys = keys.upperKeys.deviceKeys.enumerated().map { place, key in
            let opened = messages.opened[.device(place)] ?? 0
            return .init(
                address: key.address, opened: opened,
                outcome: outcome(opened, closed: closed[key.address] ?? 0))
        }
        audit.nodes = keys.nodes.map { node in
            .init(
                address: node.address, name: node.name, isHeard: node.addresses.contains(where: heard.contains))
        }
        audit.unknownAddresses = keys.nodes.isEmpty ? [] : heard.subtracting(keys.nodes.flatMap(\.addresses)).sorted()
        let known = Set(keys.upperKeys.applicationKeys.map(\.aid))
        audit.unknownAIDs = messages.closedByAID.filter { !known.contains($0.key) }.sorted { $0.key < $1.key }
            .map { .init(aid: $0.key, messages: $0.value) }
        return audit
    }

    private var netKeys: [KeyAudit.NetKey] {
        var place = 0
        return keys.subnets.flatMap { subnet in
            subnet.allKeys.enumerated().map { order, derived in
                defer { place += 1 }
                let use = network.use(of: KeyPlace(place))
                let isStale = stale.contains(subnet.keyIndex)
                let unused: KeyAudit.Outcome = notOpened > 0 && network.opened == 0 ? .opensNothing : .notHeard
                let used: KeyAudit.Outcome = isStale ? .fellSilent : .works
                return .init(
                    keyIndex: subnet.keyIndex, isOld: order < subnet.allKeys.count - 1, nid: derived.flooding.nid,
                    use: use, outcome: use.count > 0 ? used : unused)
            }
        }
    }

    private func outcome(_ opened: Int, closed: Int) -> KeyAudit.Outcome {
        opened > 0 ? .works : closed > 0 ? .opensNothing : .notHeard
    }

    /// Messages under the device key of each node, as far as it is the one that is configured, that nothing opened.
    private var closedByNode: [UnicastAddress: Int] {
        let configured = network.configured
        var closed: [UnicastAddress: Int] = [:]
        for (pair, count) in messages.closedBetween {
            let (low, high) = (configured[pair.low] ?? 0, configured[pair.high] ?? 0)
            if low <= high { closed[pair.low, default: 0] += count }
            if high <= low { closed[pair.high, default: 0] += count }
        }
        return closed
    }
}
