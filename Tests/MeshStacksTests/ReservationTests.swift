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
        #expect(Stack.all.map(\.reservation.mostSkipped) == [128, 6000, 65536, 0, 8192, 0])
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
}
