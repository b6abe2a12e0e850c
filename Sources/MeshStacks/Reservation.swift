public import MeshProtocol

/// What a stack reserves of its SEQ ahead of what it used, by its defaults: a device stores a bound in advance, and goes on
/// at the bound after a restart that it could not prepare for. What it had not used of the block is skipped.
public struct Reservation: Hashable, Sendable {
    /// SEQ that are reserved at a time; 0 where each SEQ is stored.
    public let block: UInt32
    /// The most SEQ that a restart may skip.
    public let mostSkipped: UInt32
    /// Where blocks are aligned, what the first SEQ after a restart leaves when it is divided by `block`; `nil` where a
    /// restart goes on anywhere.
    public let alignmentRest: UInt32?
    /// Whether each element has a counter of its own; otherwise a node has one for all.
    public let countsByElement: Bool

    /// SEQ behind a restart that a capture may have missed.
    static let mostMissed: UInt32 = 16

    /// `mostSkipped`: `block` unless it is given.
    init(
        block: UInt32, mostSkipped: UInt32? = nil, alignmentRest: UInt32? = nil, countsByElement: Bool = false
    ) {
        self.block = block
        self.mostSkipped = mostSkipped ?? block
        self.alignmentRest = alignmentRest
        self.countsByElement = countsByElement
    }

    /// Whether a restart of such a counter leads from one SEQ, the last before it, to another one, heard soon after it.
    ///
    /// Only aligned blocks say so: with any other, every jump would be explained.
    public func explains(_ from: SequenceNumber, _ to: SequenceNumber) -> Bool {
        guard let rest = alignmentRest, block > 0, rest < block else { return false }
        let next = from.value + 1
        let start = next + (rest + block - next % block) % block
        return to.value >= start && to.value - start <= Self.mostMissed
    }
}

extension Stack {
    /// The stacks whose reserved block explains a jump of SEQ, in the order of `all`.
    public static func explaining(from: SequenceNumber, to: SequenceNumber) -> [Stack] {
        all.filter { $0.reservation.explains(from, to) }
    }
}
