import MeshCrypto
import MeshEvidence
import MeshProtocol
import MeshTimelines

/// Holds a network's keys and nodes against what was heard of it.
struct KeyAuditRules {
    let network: NetworkState
    /// As the user gave them; keys that the captures handed out do not belong to a backup.
    let keys: KeyRing.Network
    let messages: MessageTally
    /// The key indexes of subnets whose key fell silent while others went on.
    let stale: Set<KeyIndex>
    /// PDUs with a NID of the network's keys that nothing opens.
    let notOpened: Int

    func audit() -> KeyAudit {
        var audit = KeyAudit()
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
                outcome: outcome(opened, closed: closed(at: key.address)))
        }
        audit.nodes = keys.nodes.map { node in
            .init(
                address: node.address, name: node.name,
                isHeard: network.sources.contains { $0.isHeard && node.holds($0.address) })
        }
        audit.unknownAddresses = unknownAddresses
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
                let outcome: KeyAudit.Outcome =
                    use.count > 0
                    ? (isStale ? .fellSilent : .works)
                    : notOpened > 0 && network.opened == 0 ? .opensNothing : .notHeard
                return .init(
                    keyIndex: subnet.keyIndex, isOld: order < subnet.allKeys.count - 1, nid: derived.flooding.nid,
                    use: use,
                    outcome: outcome)
            }
        }
    }

    private func outcome(_ opened: Int, closed: Int) -> KeyAudit.Outcome {
        opened > 0 ? .works : closed > 0 ? .opensNothing : .notHeard
    }

    /// Messages under the device key of a node, as far as it is the one that is configured, that nothing opened.
    private func closed(at address: UnicastAddress) -> Int {
        messages.closedBetween.reduce(0) { sum, closed in
            let (pair, count) = closed
            guard pair.low == address || pair.high == address else { return sum }
            let other = pair.low == address ? pair.high : pair.low
            return network.configured(by: address) > network.configured(by: other) ? sum : sum + count
        }
    }

    private var unknownAddresses: [UnicastAddress] {
        guard !keys.nodes.isEmpty else { return [] }
        return network.sources.filter { source in source.isHeard && !keys.nodes.contains { $0.holds(source.address) } }
            .map(\.address).sorted()
    }
}
