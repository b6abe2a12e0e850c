import BoundedCollections
import MeshCrypto
import MeshProtocol

/// Opens Solicitation PDUs with the flooding credentials of every key. They repeat for seconds, so that outcomes are remembered; the
/// memory is bounded.
///
/// What no key opens is remembered too, since a key may be learned later.
struct SolicitationOpening {
    private struct Key {
        let network: NetworkIndex
        let subnet: SubnetIndex
        let place: KeyPlace
        let material: SecurityMaterial
    }

    /// A PDU that opened.
    struct Opened {
        let network: NetworkIndex
        let pdu: OpenedPDU
    }

    /// A PDU that no key opened so far, and how often it was heard.
    struct Closed {
        let pdu: SolicitationPDU
        let first: Origin
        var count = 1
    }

    private var keys: [Key] = []
    private var known = BoundedStore<SolicitationPDU, Opened>(capacity: mostKnown)
    private var closed = BoundedStore<SolicitationPDU, Closed>(capacity: mostClosed)
    private static let mostKnown = 1024
    private static let mostClosed = 1024

    init() {}

    /// Takes one more key, at this place of the network's list.
    mutating func learn(_ place: KeyPlace, of list: NetworkKeyList) {
        let entry = list[place]
        keys.append(
            Key(network: list.network, subnet: entry.subnet, place: place, material: entry.keys.flooding))
    }

    /// Whether it was opened before.
    func isKnown(_ pdu: SolicitationPDU) -> Bool { known.contains(pdu) }

    /// What the PDU says; `nil` where no key opens it, which is remembered.
    mutating func open(_ pdu: SolicitationPDU, from origin: Origin) -> Opened? {
        if let opened = known[pdu] { return opened }
        if closed[pdu] != nil {
            closed[pdu]?.count += 1
            return nil
        }
        guard let opened = openAnew(pdu, heard: 1) else {
            closed[pdu] = Closed(pdu: pdu, first: origin)
            return nil
        }
        known[pdu] = opened
        return opened
    }

    /// The closed PDUs that a key opens by now; they are closed no more.
    mutating func removeOpened() -> [(Closed, Opened)] {
        let all = closed.entries.compactMap { entry in
            openAnew(entry.key, heard: entry.value.count).map { (entry.value, $0) }
        }
        for (one, _) in all { closed[one.pdu] = nil }
        return all
    }

    private func openAnew(_ pdu: SolicitationPDU, heard: Int) -> Opened? {
        for key in keys where key.material.nid == pdu.nid {
            guard let opened = pdu.open(with: key.material) else { continue }
            return Opened(
                network: key.network,
                pdu: OpenedPDU(opened, subnet: key.subnet, key: key.place, nonce: .solicitation, heard: heard))
        }
        return nil
    }
}
