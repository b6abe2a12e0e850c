import CaptureFiles

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
    /// Nanoseconds after which those that wait are told, so that their number says when they were heard.
    private static let longestWait: Int64 = 10_000_000_000

    private var counts = Array(repeating: Count(), count: 128)

    /// Counts a PDU, and tells what is to be told of its NID at once: itself, or those that wait for long.
    @inline(__always)
    mutating func count(_ nid: UInt8, from origin: Origin) -> (count: Int, origin: Origin, isSample: Bool)? {
        let nid = Int(nid)
        guard counts[nid].told >= Self.mostTold else {
            counts[nid].told += 1
            return (1, origin, true)
        }
        counts[nid].waiting += 1
        guard counts[nid].waiting > 1, let first = counts[nid].origin else {
            counts[nid].origin = origin
            return nil
        }
        guard origin.frame.time.nanoseconds &- first.frame.time.nanoseconds > Self.longestWait else { return nil }
        defer { counts[nid].waiting = 0 }
        return (counts[nid].waiting, first, false)
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
