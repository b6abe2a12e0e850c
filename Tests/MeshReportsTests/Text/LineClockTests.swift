import CaptureFiles
import Testing

@testable import MeshReports

/// The times of lines are those that `CaptureTime` itself writes, whichever came before.
@Suite struct LineClockTests {
    @Test func timesAreThoseOfTheCalendar() {
        var clock = LineClock()
        let seconds: [Int64] = [
            0, 0, 1, 1_780_272_000, 1_780_272_000, 1_780_271_999, -1, -2, 951_782_399, 9_223_372_035, 0,
        ]
        for second in seconds {
            for fraction: Int64 in [0, 1, 999, 1000, 123_456_000, 123_456_789, 999_999_999] {
                let time = CaptureTime(seconds: second, nanoseconds: fraction)
                let digits = fraction % 1000 == 0 ? 6 : 9
                #expect(clock.text(time) == time.text(digits: digits))
            }
        }
        #expect(clock.text(.unknown) == "unknown")
        for time in [CaptureTime(nanoseconds: .max), CaptureTime(nanoseconds: .min + 1)] {
            #expect(clock.text(time) == time.text(digits: 9))
        }
    }
}
