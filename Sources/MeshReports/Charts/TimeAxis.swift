import CaptureFiles

/// Time from left to right: which place a moment has, and where the axis says what time it is.
struct TimeAxis {
    private let start: CaptureTime
    private let seconds: Double
    private let left: Double
    private let right: Double
    /// Whether times are dates; otherwise the axis counts from its beginning.
    private let areDates: Bool

    private static let mostTicks = 6
    /// Steps that people count in, in seconds.
    private static let steps: [Double] = [
        1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400, 172_800,
        345_600, 604_800, 1_209_600, 2_592_000, 7_776_000, 31_536_000, 63_072_000, 157_680_000, 315_360_000,
        1_576_800_000,
        3_153_600_000, 15_768_000_000,
    ]

    /// From the earliest of the times to the latest; `areDates`: whether the clocks were set.
    init?(_ times: [CaptureTime], left: Double = 110, right: Double = Drawing.width - 20, areDates: Bool) {
        guard let first = times.min(), let last = times.max() else { return nil }
        start = first
        seconds = max(0.001, last.since(first).inSeconds)
        (self.left, self.right) = (left, right)
        self.areDates = areDates
    }

    func x(_ time: CaptureTime) -> Double {
        left + min(1, max(0, time.since(start).inSeconds / seconds)) * (right - left)
    }

    /// Draws the axis below what it measures, with lines through it.
    func draw(into drawing: inout Drawing, top: Double, bottom: Double) {
        drawing.add(.line(x1: left, y1: bottom, x2: right, y2: bottom), .axis)
        for (time, label) in ticks {
            let x = x(time)
            drawing.add(.line(x1: x, y1: top, x2: x, y2: bottom + 4), .grid)
            // What stands at the edge stays within the picture.
            let (place, anchor): (Double, Drawing.Anchor) =
                x > Drawing.width - 45 ? (Drawing.width - 4, .end) : (x, .middle)
            drawing.add(.text(x: place, y: bottom + 18, anchor, label.first), .label)
            if let second = label.second { drawing.add(.text(x: place, y: bottom + 33, anchor, second), .label) }
        }
    }

    /// Moments at whole steps, each with what stands below it; the date only where it is another one than before.
    private var ticks: [(CaptureTime, label: (first: Prose, second: Prose?))] {
        let step = Self.steps.first { seconds / $0 <= Double(Self.mostTicks) } ?? Self.steps[Self.steps.count - 1]
        let stepNanoseconds = Int64(min(step, 9e9)) * 1_000_000_000
        let rest = areDates ? start.nanoseconds % stepNanoseconds : 0
        let first = rest > 0 ? stepNanoseconds - rest : 0
        var ticks: [(CaptureTime, label: (first: Prose, second: Prose?))] = []
        var lastDate: Substring?
        for count in 0...Self.mostTicks {
            let (distance, overflow) = stepNanoseconds.multipliedReportingOverflow(by: Int64(count))
            let (passed, beyond) = distance.addingReportingOverflow(first)
            guard !overflow, !beyond, Double(passed) <= seconds * 1e9 else { break }
            let time = start.advanced(by: .nanoseconds(passed))
            guard areDates else {
                ticks.append((time, ("+\(Wording.span(.nanoseconds(passed)))", nil)))
                continue
            }
            let text = time.text(digits: 0)
            let (date, clock) = (text.prefix(10), text.dropFirst(11).dropLast())
            if step >= 86_400 {
                ticks.append((time, (Prose(String(date)), nil)))
            } else {
                ticks.append(
                    (
                        time,
                        (
                            Prose(String(step < 60 ? clock : clock.prefix(5))),
                            date == lastDate ? nil : Prose(String(date))
                        )
                    ))
            }
            lastDate = date
        }
        return ticks
    }
}

/// Numbers from bottom to top.
struct NumberAxis {
    private let low: Double
    private let high: Double
    private let top: Double
    private let bottom: Double

    /// `numbers`: what is to be placed.
    init?(_ numbers: [Double], top: Double, bottom: Double) {
        guard let least = numbers.min(), let most = numbers.max() else { return nil }
        (low, high) = least < most ? (least, most) : (least - 1, most + 1)
        (self.top, self.bottom) = (top, bottom)
    }

    func y(_ number: Double) -> Double {
        bottom - min(1, max(0, (number - low) / (high - low))) * (bottom - top)
    }

    /// Draws lines at round numbers, which stand at the left.
    func draw(into drawing: inout Drawing, left: Double = 110, unit: String = "") {
        let rough = (high - low) / 4
        let power = Self.powers.last { $0 <= rough } ?? 1
        let step = max(1, [1, 2, 5, 10].map { $0 * power }.first { $0 >= rough } ?? rough)
        var number = (low / step).rounded(.up) * step
        while number <= high {
            let y = y(number)
            drawing.add(.line(x1: left, y1: y, x2: Drawing.width - 20, y2: y), .grid)
            drawing.add(.text(x: left - 8, y: y + 4, .end, "\(Int(number))\(unit)"), .label)
            number += step
        }
    }

    private static let powers: [Double] = [1, 10, 100, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9]
}
