import Foundation
import MeshProtocol
import MeshTestSupport
import MeshVerdict
import TestSupport
import Testing

/// What a source may have sent unheard, from what was heard of it: never less than it does.
@Suite struct RateMeterTests {
    private func recommended(_ script: Script) throws -> Double {
        Double(try #require(try script.analyse().networks[0].sources[0].verdict.recovery).recommended.value)
    }

    /// A quiet minute, and then a minute that is not over yet and busy.
    @Test func theLastMinuteCounts() throws {
        var script = Script()
        script.beacon(0, normal(9))
        for number in UInt32(0)..<3 { script.pdu(Double(number) * 30.5 + 0.1, 9, number) }
        for number in UInt32(0)..<550 { script.pdu(62 + Double(number) / 10, 9, 3 + number) }
        script.beacon(117 + 3600, normal(9))
        #expect(try recommended(script) > 553 + 36_000)
    }

    /// Busy under one IV Index, and one PDU under the next.
    @Test func theIVIndexBeforeCounts() throws {
        var script = Script()
        script.beacon(0, updating(6))
        for number in UInt32(0)..<550 { script.pdu(0.1 + Double(number) / 10, 5, 100 + number) }
        script.beacon(55.2, normal(6))
        script.pdu(55.5, 6, 0)
        script.beacon(55 + 3600, normal(6))
        #expect(try recommended(script) > 36_000)
    }

    /// Ten seconds that the capture missed, in which much was sent.
    @Test func aJumpThatMayBeTrafficCounts() throws {
        var script = Script()
        script.beacon(0, normal(9))
        for number in UInt32(0)..<20 { script.pdu(Double(number) + 0.1, 9, number) }
        for number in UInt32(0)..<20 { script.pdu(30.1 + Double(number), 9, 170 + number) }
        script.beacon(50 + 7200, normal(9))
        #expect(try recommended(script) > 190 + 7200 * 3.8)
    }

    /// To hear a source for two seconds more does not make the number much lower.
    @Test func aMinuteIsNoCliff() throws {
        let both = try [59.0, 61].map { seconds in
            var script = Script()
            script.beacon(0, normal(9))
            script.pdu(0.1, 9, 10)
            script.pdu(seconds + 0.2, 9, 11)
            script.beacon(36_000, normal(9))
            return try recommended(script)
        }
        #expect(abs(both[0] - both[1]) < 100)
    }

    /// Scenes: twenty PDUs in two seconds at random moments, heard for one to five minutes.
    @Test func burstsAreForeseen() throws {
        var (runs, tooLow) = (0, 0)
        for gap in [30.0, 60, 120] {
            for seed in UInt64(1)...300 {
                var numbers = SeededNumbers(seed: seed)
                func fraction() -> Double { (Double(numbers.below(1_000_000)) + 0.5) / 1_000_000 }
                let heardFor = 65 + 235 * fraction()
                var times = Array(stride(from: 0.1, to: heardFor, by: 20))
                var next = -log(fraction()) * gap
                while next < heardFor {
                    times += (0..<20).map { next + Double($0) / 10 }
                    next += 2 - log(fraction()) * gap
                }
                var script = Script()
                script.beacon(0, normal(9))
                for (number, time) in times.sorted().enumerated() { script.pdu(time, 9, 1000 + UInt32(number)) }
                script.beacon(heardFor + 36_000, normal(9))
                let used = 1000 + Double(times.count) + 36_000 * (1.0 / 20 + 20 / (gap + 2))
                runs += 1
                if try recommended(script) <= used { tooLow += 1 }
            }
        }
        #expect(tooLow <= runs / 200, "of \(runs) masters")
    }

    /// Masters of any rate, heard for seconds or minutes at random, who then go on unheard for hours: the first SEQ is above
    /// all that they used. Sources that fall silent between two moments of an independent process, as messages of people do.
    @Test func aRateFromFewSamplesIsNoPromise() throws {
        var (runs, tooLow) = (0, 0)
        for seed in UInt64(1)...1500 {
            var numbers = SeededNumbers(seed: seed)
            func fraction() -> Double { (Double(numbers.below(1_000_000)) + 0.5) / 1_000_000 }
            let rate = 0.1 * pow(100, fraction())
            let heardFor = 3 * pow(200, fraction())
            let silent = 600 * pow(100, fraction())
            let isRegular = numbers.below(3) == 0
            var script = Script()
            script.beacon(0, normal(9))
            var (time, sequence, wasHeard) = (0.1, UInt32(1000), 0)
            while time < heardFor {
                script.pdu(time, 9, sequence)
                wasHeard += 1
                sequence += 1
                time += isRegular ? 1 / rate : -log(fraction()) / rate
            }
            guard wasHeard > 1 else { continue }
            // Of what is sent unheard only the number matters: the rate's, and three deviations.
            let mean = rate * silent
            let used = Double(sequence) + mean + (isRegular ? 0 : 3 * mean.squareRoot())
            guard used < 0x80_0000 else { continue }
            script.beacon(heardFor + silent, normal(9))
            let recovery = try #require(try script.analyse().networks[0].sources[0].verdict.recovery)
            runs += 1
            if Double(recovery.recommended.value) <= used { tooLow += 1 }
        }
        #expect(runs > 1000 && tooLow == 0)
    }
}
