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
    /// How often it was tried again, since something was learned.
    var retries = 0

    /// PDUs that this counts for as long as nothing opens it: octets that may be no PDU at all count only if they open.
    var closedCount: Int { origin.isCertain ? count : 0 }
}

extension ObfuscatedNetworkPDU {
    /// Tells it from other PDUs, as a number of them is told by samples.
    var sample: UInt32 { UInt32(truncatingIfNeeded: fingerprint) }
}

/// Network PDUs that nothing has opened yet, by NID, each in the order in which they were kept, which is that of hearing until
/// some are tried again in vain. Bounded: the first of the NID that has most gives way, so that nobody's flood makes another NID
/// give way; it stays counted.
struct HeldPDUs {
    /// Where an entry is found again, as long as none was taken out: how many were kept before it.
    struct Place: Equatable {
        let number: Int
    }

    private struct Shelf {
        var entries: Deque<HeardPDU> = []
        /// How many were kept before the first entry.
        var gone = 0
    }

    private let capacity: Int
    private var shelves = Array(repeating: Shelf(), count: 128)
    private(set) var count = 0
    /// PDUs that gave way and cannot be opened any more.
    private(set) var lost = 0

    init(capacity: Int) {
        self.capacity = capacity
    }

    /// Keeps one more PDU, with its copies; returns its place.
    mutating func keep(_ heard: HeardPDU) -> Place {
        if count >= capacity { giveWay() }
        let nid = Int(heard.pdu.nid)
        shelves[nid].entries.append(heard)
        count += 1
        return Place(number: shelves[nid].gone + shelves[nid].entries.count - 1)
    }

    private mutating func giveWay() {
        var fullest = 0
        for nid in shelves.indices where shelves[nid].entries.count > shelves[fullest].entries.count { fullest = nid }
        lost += shelves[fullest].entries.removeFirst().closedCount
        shelves[fullest].gone += 1
        count -= 1
    }

    /// Counts one more copy of a PDU, at its place if it still is there; otherwise it is kept anew. Returns its place.
    mutating func countCopy(of heard: HeardPDU, at place: Place) -> Place {
        let nid = Int(heard.pdu.nid)
        let index = place.number - shelves[nid].gone
        guard shelves[nid].entries.indices.contains(index), shelves[nid].entries[index].pdu == heard.pdu else {
            return keep(heard)
        }
        shelves[nid].entries[index].count += 1
        return place
    }

    /// Takes out the entries of a NID that are wanted. If there are any, no place of the NID holds any more.
    mutating func remove(nid: UInt8, where isWanted: (HeardPDU) -> Bool) -> [HeardPDU] {
        let nid = Int(nid)
        let removed = shelves[nid].entries.filter(isWanted)
        guard !removed.isEmpty else { return [] }
        shelves[nid].gone += shelves[nid].entries.count
        shelves[nid].entries.removeAll(where: isWanted)
        count -= removed.count
        return Array(removed)
    }

    /// As many as a report names frames of.
    private static let mostSamples = 8

    /// The first few entries of a NID that are surely PDUs.
    func samples(nid: UInt8) -> [HeardPDU] {
        Array(shelves[Int(nid)].entries.lazy.filter { $0.closedCount > 0 }.prefix(Self.mostSamples))
    }

    /// What an IV Index can be searched with: what is surely a Network PDU, or else what may be one.
    func searchable(nid: UInt8) -> [HeardPDU] {
        let possible = shelves[Int(nid)].entries.lazy.filter { $0.nonce == .network }
        let certain = Array(possible.filter(\.origin.isCertain))
        return certain.isEmpty ? Array(possible) : certain
    }
}
