import MeshCrypto
import MeshProtocol

/// Network PDUs with a known NID that nothing has opened yet. Bounded: the oldest give way, and stay counted.
struct HeldPDUs {
    struct Entry {
        let pdu: ObfuscatedNetworkPDU
        let first: FrameReference
        var last: FrameReference
        var count: Int
        /// Its octets may be no PDU at all: it counts only if it opens.
        var isTentative = false
        /// What the PDU was encrypted as: a Proxy Configuration message has a nonce of its own.
        var nonce = NonceKind.network

        /// PDUs that this stands for as long as it is closed.
        var closedCount: Int { isTentative ? 0 : count }

        /// One more copy.
        mutating func count(_ frame: FrameReference) {
            count += 1
            last = frame
        }
    }

    private static let most = 1 << 15

    private var entries: [Entry] = []
    /// How many entries were dropped before `entries[0]`.
    private var dropped = 0
    /// PDUs that gave way and cannot be opened later.
    private(set) var lost = 0

    /// Counts one more copy of the PDU at `place`, or keeps it as a new one; returns its place.
    mutating func take(_ pdu: ObfuscatedNetworkPDU, at frame: FrameReference, place: Int) -> Int {
        let index = place - dropped
        if place >= 0, entries.indices.contains(index), entries[index].pdu == pdu {
            entries[index].count(frame)
            return place
        }
        return keep(Entry(pdu: pdu, first: frame, last: frame, count: 1))
    }

    /// Keeps one more PDU, with its copies; returns its place.
    mutating func keep(_ entry: Entry) -> Int {
        if entries.count >= 2 * Self.most {
            lost += entries.prefix(Self.most).reduce(0) { $0 + $1.closedCount }
            entries.removeFirst(Self.most)
            dropped += Self.most
        }
        entries.append(entry)
        return dropped + entries.count - 1
    }

    mutating func removeAll() -> [Entry] {
        defer {
            dropped += entries.count
            entries = []
        }
        return entries
    }

    var count: Int { entries.count }

    /// What an IV Index can be searched with: what is surely a Network PDU, or else what may be one.
    var searchable: [Entry] {
        let possible = entries.filter { $0.nonce == .network }
        let certain = possible.filter { !$0.isTentative }
        return certain.isEmpty ? possible : certain
    }

    /// The first frames of what is left with this NID.
    func frames(nid: UInt8) -> [FrameReference] {
        entries.lazy.filter { $0.pdu.nid == nid && !$0.isTentative }.prefix(Finding.mostFrames).map(\.first)
    }
}
