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

/// Blocks of SEQ that products set themselves: stacks let them be configured, such as `CONFIG_BT_MESH_SEQ_STORE_RATE` of Zephyr, up
/// to 1,000,000.
public enum ReservedBlock {
    /// The usual ones: powers of two, and round numbers.
    private static let candidates: [UInt32] = {
        let powers = (7...20).map { UInt32(1) << UInt32($0) }
        let rounds = [100, 1000, 10_000, 100_000].flatMap { [$0, 2 * $0, $0 * 5 / 2, 5 * $0] } + [1_000_000]
        return (powers + rounds.map(UInt32.init)).sorted()
    }()

    /// Whether a restart with blocks of one of the usual sizes leads from one SEQ to the other.
    public static func isAligned(from: SequenceNumber, to: SequenceNumber) -> Bool {
        candidates.contains { explains($0, from, to) }
    }

    /// The largest usual block that explains every one of some jumps; `nil` where none does.
    public static func largest(explaining jumps: [(from: SequenceNumber, to: SequenceNumber)]) -> UInt32? {
        candidates.last { block in jumps.allSatisfy { explains(block, $0.from, $0.to) } }
    }

    /// Stacks go on at a multiple of the block, or one below it.
    private static func explains(_ block: UInt32, _ from: SequenceNumber, _ to: SequenceNumber) -> Bool {
        let start = (from.value + 1) / block * block + block - 1
        return to.value >= start && to.value - start <= 1 + Reservation.mostMissed
    }
}
