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
        guard pdu.isControl, kind != .proxyConfiguration else { return moved }
        friendships.take(pdu, key: key, in: networks[network])
        return takeFriendUpdate(pdu, network: network, kind, at: frame) || moved
    }

    /// A Friend tells its Low Power node what a beacon says, under the credentials of their friendship.
    private mutating func takeFriendUpdate(
        _ pdu: NetworkPDU, network: Int, _ kind: CredentialKind, at frame: FrameReference
    ) -> Bool {
        guard kind == .friendship, case .unsegmentedControl(let opcode, let parameters)? = try? LowerTransportPDU(pdu),
            case .friendUpdate(let statement, _)? = try? ControlMessage(opcode: opcode, parameters: parameters)
        else { return false }
        let timeline = networks[network].timeline
        BeaconRules.judge(statement.state, at: frame, in: timeline, network: network, into: &findings)
        return networks[network].timeline.take(statement.state, .friendUpdate, at: frame)
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
        let timeline = networks[network].timeline
        BeaconRules.judge(statement.state, at: frame, in: timeline, network: network, into: &findings)
        networks[network].subnets[subnet].take(statement.state, evidence, at: frame)
        return networks[network].timeline.take(statement.state, evidence, at: frame)
    }
}
