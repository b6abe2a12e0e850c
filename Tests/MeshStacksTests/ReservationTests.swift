import MeshProtocol
import MeshStacks
import Testing

@Suite struct ReservationTests {
    private func sequence(_ value: UInt32) -> SequenceNumber { SequenceNumber(truncating: value) }

    @Test(arguments: Stack.all)
    func aRestartGoesOnAtTheNextAlignedBlock(stack: Stack) {
        let reservation = stack.reservation
        #expect(reservation.mostSkipped >= reservation.block)
        guard let rest = reservation.alignmentRest else {
            for to: UInt32 in [0, 1, 100, 0xFF_FFFF] { #expect(!reservation.explains(sequence(10), sequence(to))) }
            return
        }
        #expect(rest < reservation.block)
        for from in [0, rest, rest + 1, 5000, 3 * reservation.block + rest - (rest == 0 ? 0 : 1)] {
            // The lowest number above `from` with the rest.
            let start = (1...reservation.block).map { from + $0 }.first { $0 % reservation.block == rest } ?? 0
            #expect(reservation.explains(sequence(from), sequence(start)), "\(stack.identifier) \(from) \(start)")
            #expect(reservation.explains(sequence(from), sequence(start + 16)), "some may be missed")
            #expect(!reservation.explains(sequence(from), sequence(start + 17)))
            if start > from + 1 { #expect(!reservation.explains(sequence(from), sequence(start - 1))) }
        }
        #expect(!reservation.explains(.last, sequence(0)), "nothing follows the last SEQ")
    }

    /// By the stacks' own defaults.
    @Test func theBlocksAreThoseOfTheSources() {
        #expect(Stack.all.map(\.reservation.block) == [128, 64, 65536, 0, 8192, 0])
        #expect(Stack.all.map(\.reservation.mostSkipped) == [128, 1 << 19, 65536, 0, 8192, 0])
        #expect(Stack.all.filter(\.reservation.countsByElement) == [.silabs, .nrfMesh])
    }

    @Test(arguments: [
        (19, 127, [Stack.zephyr]), (19, 128, [.zephyr]), (126, 127, [.zephyr]), (127, 255, [.zephyr]), (19, 126, []),
        (19, 144, []), (19, 8192, [.nrf5SDK]), (19, 65538, [.silabs]), (60000, 65540, [.silabs, .nrf5SDK]),
        (8100, 8195, [.zephyr, .nrf5SDK]),
    ])
    func theStacksOfAJump(from: UInt32, to: UInt32, stacks: [Stack]) {
        #expect(Stack.explaining(from: sequence(from), to: sequence(to)) == stacks)
    }

    /// Products set blocks of their own; usual sizes are told by where restarts go on.
    @Test func aUsualBlockIsToldByItsAlignment() {
        func largest(_ jumps: [(UInt32, UInt32)]) -> UInt32? {
            ReservedBlock.largest(explaining: jumps.map { (sequence($0.0), sequence($0.1)) })
        }
        #expect(largest([(19, 16_383)]) == 16_384 && largest([(19, 16_384), (17_000, 32_770)]) == 16_384)
        #expect(largest([(19, 9_999), (10_500, 20_002)]) == 10_000)
        #expect(largest([(19, 5000 + 18)]) == nil && largest([(19, 5000 + 16)]) == 5000)
        #expect(largest([(19, 16_384), (17_000, 40_000)]) == nil, "one that nothing aligns")
        #expect(largest([(19, 16_383), (16_400, 49_152)]) == nil, "it leaves a block out")
        #expect(ReservedBlock.isAligned(from: sequence(19), to: sequence(1 << 20)))
        #expect(!ReservedBlock.isAligned(from: sequence(19), to: sequence(12_345)))
    }

    @Test func mostStacksAskForAnIVUpdate() {
        #expect(Stack.all.map(\.ivUpdateTrigger) == [0x80_0000, 0x80_0000, nil, 8_000_000, 0x7F_FFFF, nil])
    }
}
