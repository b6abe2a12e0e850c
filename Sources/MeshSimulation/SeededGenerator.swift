/// SplitMix64: the same seed gives the same simulation on every machine.
package struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    package init(seed: UInt64) {
        state = seed
    }

    package mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return value ^ (value >> 31)
    }

    /// A number from 0 to `bound` − 1.
    package mutating func below(_ bound: Int) -> Int { Int(next() % UInt64(max(bound, 1))) }

    package mutating func chance(_ probability: Double) -> Bool { Double(next() >> 11) * 0x1p-53 < probability }

    /// A number between two, each doubling as likely as another; without logarithms, which differ from machine to machine.
    mutating func between(_ low: Double, _ high: Double) -> Double {
        let doublings = max(1, Int((high / low).exponent) + 1)
        let value = low * Double(1 << below(doublings)) * (1 + Double(below(1_000_000)) / 1_000_000)
        return min(value, high)
    }

    /// The time to the next of events that come by themselves, so many a second.
    mutating func pause(rate: Double) -> Double {
        var ticks = 1
        while !chance(0.1), ticks < 1000 { ticks += 1 }
        return Double(ticks) * 0.1 / rate
    }

    package mutating func octets(_ count: Int) -> [UInt8] { (0..<count).map { _ in UInt8(truncatingIfNeeded: next()) } }

    mutating func block() -> UInt128 { UInt128(next()) << 64 | UInt128(next()) }
}
