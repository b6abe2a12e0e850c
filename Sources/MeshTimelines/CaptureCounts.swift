/// A count by capture: captures can be counted in any order, and twice without being counted twice.
public struct CaptureCounts: Hashable, Codable, Sendable {
    /// The count of each capture, at the capture's index.
    private var counts: [Int] = []
    /// Nobody names more, so that a damaged index asks for no memory.
    private static let mostCaptures = 1 << 16

    /// Nothing was counted yet.
    public init() {}

    /// The sum over all captures.
    public var total: Int { counts.reduce(0, +) }

    /// Counts what was heard in a capture.
    public mutating func add(_ count: Int, capture: Int) {
        guard (0..<Self.mostCaptures).contains(capture) else { return }
        while counts.count <= capture { counts.append(0) }
        counts[capture] += count
    }

    /// Takes what another state counted; of a capture that both know, the one that read on counts.
    public mutating func merge(_ other: CaptureCounts) {
        while counts.count < other.counts.count { counts.append(0) }
        for (capture, count) in other.counts.enumerated() { counts[capture] = max(counts[capture], count) }
    }
}
