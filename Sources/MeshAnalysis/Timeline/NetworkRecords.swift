import MeshProtocol

/// What the evidence is handed on to: the networks' timelines, and the findings.
struct NetworkRecords {
    var networks: [NetworkRecord]
    var findings = FindingCollector()
    /// Is shown every statement as it is taken.
    let observer: ((Observation) -> Void)?

    /// Takes an opened PDU, heard `times` times; true if a network's IV state moved by it.
    mutating func take(_ pdu: NetworkPDU, network: Int, at frame: FrameReference, times: Int) -> Bool {
        observer?(Observation(frame: frame, network: network, statement: .networkPDU(pdu)))
        return networks[network].take(pdu, at: frame, times: times, into: &findings)
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
