import MeshProtocol

/// What the evidence is handed on to: the networks' timelines, and the findings.
struct NetworkRecords {
    var networks: [NetworkRecord]
    var findings = FindingCollector()
    var friendships = FriendshipTracker()
    private var configurations: [ConfigurationTracker?]
    private var learnedKeys: [LearnedKey] = []
    /// Whether a device key is at hand, so that messages which hand out keys can be opened.
    let canLearnKeys: Bool
    /// Is shown every statement as it is taken.
    let observer: ((Observation) -> Void)?

    /// A NetKey that the capture itself handed out, at its place in the network's list.
    struct LearnedKey {
        let network: Int
        let place: Int
    }

    init(networks: [NetworkRecord], observer: ((Observation) -> Void)?) {
        self.networks = networks
        self.observer = observer
        configurations = networks.map { ConfigurationTracker($0.keys) }
        canLearnKeys = configurations.contains { $0 != nil }
    }

    mutating func takeLearnedKeys() -> [LearnedKey] {
        defer { learnedKeys = [] }
        return learnedKeys
    }

    /// Takes an opened PDU, heard `times` times; true if a network's IV state moved by it.
    mutating func take(
        _ pdu: NetworkPDU, network: Int, _ kind: CredentialKind, key: Int, at frame: FrameReference, times: Int
    ) -> Bool {
        let known = networks[network].distinct
        let moved = networks[network].take(
            pdu, at: frame, times: times, isDelayed: kind == .friendship, into: &findings)
        let isNew = networks[network].distinct > known
        if let observer {
            observer(Observation(frame: frame, network: network, statement: .networkPDU(pdu, kind, isNew: isNew)))
        }
        guard kind != .proxyConfiguration else { return moved }
        guard pdu.isControl else {
            if canLearnKeys, isNew { takeConfiguration(pdu, network: network, at: frame) }
            return moved
        }
        guard let message = ControlMessage(pdu) else { return moved }
        friendships.take(message, of: pdu, key: key, in: networks[network])
        // A Friend tells its Low Power node what a beacon says, under the credentials of their friendship.
        guard kind == .friendship, case .friendUpdate(let statement, _) = message else { return moved }
        return networks[network].take(statement.state, .friendUpdate, at: frame, into: &findings) || moved
    }

    /// Learns the NetKeys that configuration messages hand out, where a device key opens them.
    private mutating func takeConfiguration(_ pdu: NetworkPDU, network: Int, at frame: FrameReference) {
        guard let message = configurations[network]?.take(pdu) else { return }
        switch message {
        case .netKeyAdd(let index, let key), .netKeyUpdate(let index, let key):
            guard let place = networks[network].learn(key, keyIndex: index) else { return }
            learnedKeys.append(LearnedKey(network: network, place: place))
            findings.record(
                .keyLearned, .info, at: frame, network: network, source: pdu.source, subject: UInt64(index.value),
                detail: [.init("key_index", .number(Int64(index.value)))])
        case .appKeyAdd(_, let key), .appKeyUpdate(_, let key): networks[network].learn(key)
        default: return
        }
    }

    /// More copies of a PDU of this source that was taken before.
    mutating func takeCopies(of source: UnicastAddress, ivIndex: IVIndex, network: Int, count: Int) {
        networks[network].takeCopies(of: source, ivIndex: ivIndex, count: count)
    }

    /// Takes what an authenticated beacon says; true if the network's IV state moved by it.
    mutating func take(
        _ statement: NetworkBeaconStatement, _ evidence: IVEvidence, network: Int, subnet: Int, key: Int,
        advertiser: UInt64?, at frame: FrameReference
    ) -> Bool {
        let keyIndex = networks[network].keys.subnets[subnet].keyIndex.value
        let observation = Observation.Statement.beacon(statement, evidence, keyIndex: keyIndex)
        observer?(Observation(frame: frame, network: network, statement: observation))
        networks[network].subnets[subnet].take(statement, evidence, key: key, at: frame)
        guard !networks[network].isAheadOfPrimary(statement.state, evidence, subnet: subnet, at: frame) else {
            return false
        }
        return networks[network].take(
            statement.state, evidence, advertiser: advertiser, at: frame, into: &findings)
    }
}
