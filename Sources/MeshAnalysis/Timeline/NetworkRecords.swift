import MeshProtocol

/// What the evidence is handed on to: the networks' timelines, and the findings.
struct NetworkRecords {
    var networks: [NetworkRecord]
    var findings = FindingCollector()

    /// Takes an opened PDU, heard `times` times; true if a network's IV state moved by it.
    mutating func take(_ pdu: NetworkPDU, network: Int, at frame: FrameReference, times: Int) -> Bool {
        networks[network].take(pdu, at: frame, times: times, into: &findings)
    }

    /// More copies of a PDU of this source that was taken before.
    mutating func takeCopies(of source: UnicastAddress, ivIndex: IVIndex, network: Int, count: Int) {
        networks[network].takeCopies(of: source, ivIndex: ivIndex, count: count)
    }
}
