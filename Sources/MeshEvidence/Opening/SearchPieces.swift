import Dispatch

/// Searches a stretch of numbers, on all processors where that is wanted; the hits are in their order, however many there are.
func searchInPieces<Hit: Comparable & Sendable>(
    _ stretch: Range<UInt64>, isParallel: Bool, _ search: @Sendable (Range<UInt64>) -> [Hit]
) -> [Hit] {
    guard isParallel else { return search(stretch).sorted() }
    let pieces = 16
    let size = (stretch.upperBound - stretch.lowerBound + UInt64(pieces) - 1) / UInt64(pieces)
    let hits = Guarded<[Hit]>([])
    DispatchQueue.concurrentPerform(iterations: pieces) { piece in
        let start = min(stretch.lowerBound + UInt64(piece) * size, stretch.upperBound)
        let found = search(start..<min(start + size, stretch.upperBound))
        hits.withLock { $0 += found }
    }
    return hits.withLock { $0.sorted() }
}
