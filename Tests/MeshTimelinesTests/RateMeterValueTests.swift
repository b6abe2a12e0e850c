import CaptureFiles
import Foundation
import MeshProtocol
import Testing

@testable import MeshTimelines

/// How fast a source spends SEQ, and what few samples leave open.
@Suite struct RateMeterValueTests {
    /// As many SEQ a second, `seconds` long, in steps of half a second.
    private func spend(_ meter: inout RateMeter, _ rate: Double, from: Double, sequence: UInt32, for seconds: Double) {
        for step in 0...Int(seconds * 2) {
            let time = Double(step) / 2
            apply(&meter, sequence + UInt32(time * rate), from + time)
        }
    }

    private func apply(_ meter: inout RateMeter, _ sequence: UInt32, _ seconds: Double) {
        meter.apply(SequenceNumber(truncating: sequence), at: Scene.time(seconds))
    }

    @Test func aStretchHasAMinute() {
        var meter = RateMeter()
        spend(&meter, 2, from: 0, sequence: 10, for: 59.5)
        #expect(meter.busiest == nil && meter.stretches == 0)
        apply(&meter, 130, 60)
        #expect(meter.busiest == 2 && meter.stretches == 1)
    }

    @Test func theBusiestStretchCountsWhereverItIs() {
        for rates in [[1.0, 3, 0.5], [3, 1, 0.5], [0.5, 1, 3]] {
            var meter = RateMeter()
            var sequence: UInt32 = 0
            for (place, rate) in rates.enumerated() {
                spend(&meter, rate, from: Double(place) * 60, sequence: sequence, for: 60)
                sequence += UInt32(rate * 60)
            }
            #expect(meter.busiest == 3 && meter.stretches == 3)
        }
    }

    /// Sixty that come one by one: four standard deviations and four, shared among the stretches.
    @Test func moreStretchesLeaveLessOpen() {
        for count in [1, 4] {
            var meter = RateMeter()
            spend(&meter, 1, from: 0, sequence: 0, for: Double(count) * 60)
            let doubt: Double = (4 * 60.0.squareRoot() + 4) / Double(count)
            #expect(meter.stretches == count && abs(meter.bound - (60 + doubt) / 60) < 1e-9)
        }
    }

    @Test func burstsLeaveMoreOpen() {
        var (even, bursts) = (RateMeter(), RateMeter())
        for number in UInt32(0)..<240 {
            let (burst, place) = (Double(number / 20), Double(number % 20))
            apply(&even, number, Double(number) * 1.5)
            apply(&bursts, number, burst * 30 + place / 10)
        }
        #expect(bursts.bound > 1.5 * even.bound)
    }

    @Test func aBurstAtTheBeginningIsNoRate() {
        var meter = RateMeter()
        for number in UInt32(0)..<10 { apply(&meter, number, Double(number) / 100) }
        #expect(meter.busiest == nil)
        #expect(meter.bound >= 9.0 / 5 && meter.bound < 90, "nine in at least five seconds")
    }

    @Test func aStretchThatBreaksOffStillCounts() {
        var meter = RateMeter()
        spend(&meter, 10, from: 0, sequence: 0, for: 40)
        meter.restart()
        #expect(meter.bound >= 10)
        spend(&meter, 0.1, from: 41, sequence: 9000, for: 600)
        #expect(meter.bound >= 10 && meter.busiest ?? 99 < 1)
    }

    @Test func aClockThatGoesBackBeginsAnew() {
        var meter = RateMeter()
        spend(&meter, 1, from: 100, sequence: 0, for: 50)
        spend(&meter, 1, from: 0, sequence: 51, for: 59)
        #expect(meter.stretches == 0, "50 and 59 seconds are no minute")
        apply(&meter, 111, 60)
        #expect(meter.stretches == 1 && meter.busiest == 1)
    }
}
