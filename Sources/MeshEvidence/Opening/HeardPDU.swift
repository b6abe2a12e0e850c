import DequeModule
import MeshCrypto
import MeshProtocol

/// A Network PDU that waits for what opens it, with its origin, and the byte-identical copies of it that were heard.
struct HeardPDU {
    let pdu: ObfuscatedNetworkPDU
    /// Where it was heard first.
    let origin: Origin
    /// Counts what was heard, so that what waits keeps its order.
    let order: Int
    var count = 1
    var nonce = NonceKind.network

    /// PDUs that this counts for as long as nothing opens it: octets that may be no PDU at all count only if they open.
    var closedCount: Int { origin.isCertain ? count : 0 }
}

/// Network PDUs that nothing has opened yet, in the order in which they were kept, which is that of hearing until some are
/// tried again in vain. Bounded: the first gives way, and stays counted.
struct HeldPDUs {
    /// Where an entry is found again, as long as none was taken out: how many were kept before it.
    struct Place: Equatable {
        let number: Int
    }

    private let capacity: Int
    private var entries: Deque<HeardPDU> = []
    /// How many were kept before the first entry.
    private var gone = 0
    /// PDUs that gave way and cannot be opened any more.
    private(set) var lost = 0

    init(capacity: Int) {
        self.capacity = capacity
    }

    var count: Int { entries.count }

    /// Keeps one more PDU, with its copies; returns its place.
    mutating func keep(_ heard: HeardPDU) -> Place {
        if entries.count >= capacity {
            lost += entries.removeFirst().closedCount
            gone += 1
        }
        entries.append(heard)
        return Place(number: gone + entries.count - 1)
    }

    /// Counts one more copy of a PDU, at its place if it still is there; otherwise it is kept anew. Returns its place.
    mutating func countCopy(of heard: HeardPDU, at place: Place) -> Place {
        let index = place.number - gone
        guard entries.indices.contains(index), entries[index].pdu == heard.pdu else { return keep(heard) }
        entries[index].count += 1
        return place
    }

    /// Takes out all entries of some NIDs. If there are any, no place holds any more.
    mutating func removeAll(ofNIDs nids: Set<UInt8>) -> [HeardPDU] {
        let isWanted = Self.table(nids)
        let removed = entries.filter { isWanted[Int($0.pdu.nid)] }
        guard !removed.isEmpty else { return [] }
        gone += entries.count
        entries.removeAll { isWanted[Int($0.pdu.nid)] }
        return Array(removed)
    }

    /// The first few entries of each of some NIDs that are surely PDUs.
    func samples(ofNIDs nids: Set<UInt8>) -> [HeardPDU] {
        guard !entries.isEmpty else { return [] }
        let isWanted = Self.table(nids)
        var counts = Array(repeating: 0, count: 128)
        return entries.filter { heard in
            let nid = Int(heard.pdu.nid)
            guard isWanted[nid], heard.closedCount > 0, counts[nid] < Self.mostSamples else { return false }
            counts[nid] += 1
            return true
        }
    }

    /// As many as a report names frames of.
    private static let mostSamples = 8

    private static func table(_ nids: Set<UInt8>) -> [Bool] {
        var table = Array(repeating: false, count: 128)
        for nid in nids { table[Int(nid)] = true }
        return table
    }

    /// What an IV Index can be searched with: what is surely a Network PDU, or else what may be one.
    func searchable(nid: UInt8) -> [HeardPDU] {
        let possible = entries.filter { $0.pdu.nid == nid && $0.nonce == .network }
        let certain = possible.filter(\.origin.isCertain)
        return Array(certain.isEmpty ? possible : certain)
    }
}
