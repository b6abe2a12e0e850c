import MeshProtocol

/// What the evidence is handed on to: the networks' timelines, and the findings.
struct NetworkRecords {
    var networks: [NetworkRecord]
    var findings = FindingCollector()
    var friendships = FriendshipTracker()
    /// Is shown every statement as it is taken.
    let observer: ((Observation) -> Void)?

    /// Takes an opened PDU, heard `times` times; true if a network's IV state moved by it.
    mutating func take(
        _ pdu: NetworkPDU, network: Int, _ kind: CredentialKind, key: Int, at frame: FrameReference, times: Int
    ) -> Bool {
        let known = networks[network].distinct
        let moved = networks[network].take(pdu, at: frame, times: times, into: &findings)
        if let observer {
            let isNew = networks[network].distinct > known
            observer(Observation(frame: frame, network: network, statement: .networkPDU(pdu, kind, isNew: isNew)))
        }
        guard pdu.isControl, kind != .proxyConfiguration, let message = ControlMessage(pdu) else { return moved }
        friendships.take(message, of: pdu, key: key, in: networks[network])
        // A Friend tells its Low Power node what a beacon says, under the credentials of their friendship.
        guard kind == .friendship, case .friendUpdate(let statement, _) = message else { return moved }
        return networks[network].take(statement.state, .friendUpdate, at: frame, into: &findings) || moved
    }

    /// More copies of a PDU of this source that was taken before.
    mutating func takeCopies(of source: UnicastAddress, ivIndex: IVIndex, network: Int, count: Int) {
        networks[network].takeCopies(of: source, ivIndex: ivIndex, count: count)
    }

    /// Takes what an authenticated beacon says; true if the network's IV state moved by it.
    mutating func take(
        _ statement: NetworkBeaconStatement, _ evidence: IVEvidence, network: Int, subnet: Int, at frame: FrameReference
    ) -> Bool {
        let observation = Observation.Statement.beacon(statement, evidence, subnet: subnet)
        observer?(Observation(frame: frame, network: network, statement: observation))
        networks[network].subnets[subnet].take(statement.state, evidence, at: frame)
        return networks[network].take(statement.state, evidence, at: frame, into: &findings)
    }
}
