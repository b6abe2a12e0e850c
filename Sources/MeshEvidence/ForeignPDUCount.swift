/// Counts Network PDUs with a NID of no key from one flush to the next, since a busy neighbour has many: the first of each
/// NID are told one by one.
struct ForeignPDUCount {
    private struct Count {
        var told = 0
        var waiting = 0
        var origin: Origin?
    }

    /// As many as a report names frames of.
    private static let mostTold = 8

    private var counts = Array(repeating: Count(), count: 128)

    /// Counts a PDU; true if it is to be told by itself.
    @inline(__always)
    mutating func count(_ nid: UInt8, from origin: Origin) -> Bool {
        let nid = Int(nid)
        guard counts[nid].told >= Self.mostTold else {
            counts[nid].told += 1
            return true
        }
        counts[nid].waiting += 1
        if counts[nid].waiting == 1 { counts[nid].origin = origin }
        return false
    }

    /// What was counted and not told yet, by NID.
    mutating func removeCounts() -> [(nid: UInt8, count: Int, origin: Origin)] {
        var removed: [(nid: UInt8, count: Int, origin: Origin)] = []
        for nid in counts.indices where counts[nid].waiting > 0 {
            guard let origin = counts[nid].origin else { continue }
            removed.append((UInt8(nid), counts[nid].waiting, origin))
            counts[nid].waiting = 0
        }
        return removed
    }
}
