import ByteParsing
import CaptureFiles

/// Writes the times of line after line, of which many are in the same second: the calendar is asked once for each.
struct LineClock {
    private var second: Int64?
    /// Up to the point before the decimals.
    private var start: [UInt8] = []

    /// RFC 3339 with six decimals, or nine where the time has more than six.
    mutating func text(_ time: CaptureTime) -> String {
        var octets = LineOctets()
        write(time, to: &octets)
        return octets.text
    }

    /// Appends the same.
    mutating func write(_ time: CaptureTime, to octets: inout LineOctets) {
        let digits = time.nanoseconds % 1000 == 0 ? 6 : 9
        // Before 1970 seconds count the other way.
        guard time.isKnown, time.nanoseconds >= 0 else {
            octets.append(time.text(digits: digits))
            return
        }
        let (second, fraction) = time.nanoseconds.quotientAndRemainder(dividingBy: 1_000_000_000)
        if self.second != second {
            self.second = second
            start = Array((time.text(digits: 0).dropLast() + ".").utf8)
        }
        octets.append(start.span)
        octets.append(decimal: UInt64(digits == 6 ? fraction / 1000 : fraction), digits: digits)
        octets.append(UInt8(ascii: "Z"))
    }
}
