import CaptureFiles

/// Writes the times of line after line, of which many are in the same second: the calendar is asked once for each.
struct LineClock {
    private var second: Int64?
    /// Up to the point before the decimals.
    private var start = ""

    /// RFC 3339 with six decimals, or nine where the time has more than six.
    mutating func text(_ time: CaptureTime) -> String {
        let digits = time.nanoseconds % 1000 == 0 ? 6 : 9
        let (second, fraction) = time.nanoseconds.quotientAndRemainder(dividingBy: 1_000_000_000)
        // Before 1970 seconds count the other way.
        guard time.isKnown, time.nanoseconds >= 0 else { return time.text(digits: digits) }
        if self.second != second {
            self.second = second
            start = time.text(digits: 0).dropLast() + "."
        }
        // The one in front keeps the zeros.
        let decimals = String(1_000_000_000 + fraction).utf8.dropFirst().prefix(digits)
        return start + String(Substring(decimals)) + "Z"
    }
}
