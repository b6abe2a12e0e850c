import FoundationEssentials

extension Duration {
    /// As a number for rates.
    public var inSeconds: Double { Double(components.seconds) + Double(components.attoseconds) * 1e-18 }
    /// How long it is, whichever way it leads.
    public var magnitude: Duration { self < .zero ? .zero - self : self }
}

/// A moment as the capture gives it, in nanoseconds since 1970-01-01T00:00:00Z.
///
/// The range (years 1677 to 2262) is that of a 64-bit count; a file's time outside of it is held at its end.
public struct CaptureTime: Hashable, Comparable, Sendable {
    /// Since 1970-01-01T00:00:00Z, without leap seconds.
    public let nanoseconds: Int64

    /// What a frame has of which the capture does not tell the time: as far from it as can be, and no moment at all.
    public static let unknown = CaptureTime(nanoseconds: .min)

    /// Whether it is a moment.
    public var isKnown: Bool { self != .unknown }

    /// A moment by its count of nanoseconds since 1970-01-01T00:00:00Z.
    public init(nanoseconds: Int64) {
        self.nanoseconds = nanoseconds
    }

    /// `fraction`: nanoseconds to add to `seconds` since 1970; the sum is held at the ends of the range.
    public init(seconds: Int64, nanoseconds fraction: Int64 = 0) {
        let (whole, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        let (sum, beyond) = whole.addingReportingOverflow(fraction)
        nanoseconds = overflow || beyond ? (seconds < 0 ? .min + 1 : .max) : max(sum, .min + 1)
    }

    /// `microseconds`: since 1970; held at the ends of the range.
    @inline(__always)
    init(microseconds: Int64) {
        let (product, overflow) = microseconds.multipliedReportingOverflow(by: 1000)
        nanoseconds = overflow ? (microseconds < 0 ? .min + 1 : .max) : product
    }

    /// Earlier is less.
    public static func < (left: Self, right: Self) -> Bool { left.nanoseconds < right.nanoseconds }

    /// The time from `start` to this moment, held at the ends of the range.
    public func since(_ start: CaptureTime) -> Duration {
        let (difference, overflow) = nanoseconds.subtractingReportingOverflow(start.nanoseconds)
        return .nanoseconds(overflow ? (nanoseconds < 0 ? Int64.min : Int64.max) : difference)
    }

    /// The moment `duration` later, or earlier where that is negative, held at the ends of the range.
    public func advanced(by duration: Duration) -> CaptureTime {
        let (seconds, attoseconds) = duration.components
        return advanced(
            byNanoseconds: CaptureTime(seconds: seconds, nanoseconds: attoseconds / 1_000_000_000).nanoseconds)
    }

    /// The same, without the arithmetic of durations, which costs more than to read a record.
    func advanced(byNanoseconds distance: Int64) -> CaptureTime {
        guard isKnown else { return self }
        let (sum, overflow) = nanoseconds.addingReportingOverflow(distance)
        return CaptureTime(nanoseconds: overflow ? (distance < 0 ? .min + 1 : .max) : max(sum, .min + 1))
    }

    /// RFC 3339 with its time zone: `2026-06-01T12:00:00Z`, `2026-06-01 14:00:00.25+02:00`.
    public init?(text: String) {
        guard text.utf8.allSatisfy({ $0 < 0x80 }), text.utf8.count <= 64 else { return nil }
        var whole = text.replacing(" ", with: "T", maxReplacements: 1)
        var fraction: Int64 = 0
        if let point = whole.firstIndex(of: ".") {
            let digits = whole[whole.index(after: point)...].prefix { $0.isNumber }
            guard !digits.isEmpty else { return nil }
            let nine = String((digits + "000000000").prefix(9))
            fraction = Int64(nine) ?? 0
            whole.removeSubrange(point..<digits.endIndex)
        }
        guard Self.isDate(whole), let date = try? Date(whole, strategy: .iso8601) else { return nil }
        self.init(seconds: Int64(date.timeIntervalSince1970.rounded()), nanoseconds: fraction)
    }

    /// The midnight, in UTC, with which a day of the calendar begins; `nil` if there is no such day, or it is out of the range.
    init?(year: Int, month: Int, day: Int) {
        guard (1678...2261).contains(year), (1...12).contains(month), (1...31).contains(day) else { return nil }
        self.init(text: "\(year)-\(Self.two(month))-\(Self.two(day))T00:00:00Z")
    }

    /// Whether the day is one of the calendar: parsers take 31 February for a day in March.
    private static func isDate(_ text: String) -> Bool {
        let parts = text.prefix(10).split(separator: "-").compactMap { Int($0) }
        guard parts.count == 3, (1...12).contains(parts[1]) else { return false }
        let isLeap = parts[0] % 4 == 0 && (parts[0] % 100 != 0 || parts[0] % 400 == 0)
        let days = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][parts[1] - 1]
        return (1...days).contains(parts[2])
    }

    /// RFC 3339 in UTC; the word `unknown` where it is no moment.
    ///
    /// `digits`: decimal digits of the second, 0 to 9.
    public func text(digits: Int) -> String {
        guard isKnown else { return "unknown" }
        let (seconds, fraction) = nanoseconds.quotientAndRemainder(dividingBy: 1_000_000_000)
        let floor = fraction < 0 ? seconds - 1 : seconds
        let rest = fraction < 0 ? fraction + 1_000_000_000 : fraction
        let whole = Self.text(ofSeconds: Int(floor))
        guard digits > 0 else { return whole }
        let nine = String(rest)
        let padded = String(repeating: "0", count: 9 - nine.count) + nine
        return whole.dropLast() + "." + padded.prefix(min(digits, 9)) + "Z"
    }

    /// By the rules of the calendar, as the C library counts leap seconds where the machine's time zone does.
    private static func text(ofSeconds seconds: Int) -> String {
        let day = (seconds - (seconds < 0 ? 86_399 : 0)) / 86_400
        let second = seconds - day * 86_400
        // Centuries, years and days since 1 March of the year 0, so that a leap day is the last one of its year.
        let days = day + 719_468
        let century = (4 * days + 3) / 146_097
        let daysOfCentury = days - 146_097 * century / 4
        let year = (4 * daysOfCentury + 3) / 1461
        let dayOfYear = daysOfCentury - 1461 * year / 4
        // 0 is March: five months have 153 days, wherever they begin.
        let month = (5 * dayOfYear + 2) / 153
        let date = [
            String(100 * century + year + (month < 10 ? 0 : 1)), two(month < 10 ? month + 3 : month - 9),
            two(dayOfYear - (153 * month + 2) / 5 + 1),
        ]
        let time = [two(second / 3600), two(second / 60 % 60), two(second % 60)]
        return date.joined(separator: "-") + "T" + time.joined(separator: ":") + "Z"
    }

    private static func two(_ number: Int) -> String { (number < 10 ? "0" : "") + String(number) }
}

extension CaptureTime: Codable {
    /// Reads a count of nanoseconds since 1970-01-01T00:00:00Z.
    ///
    /// - Throws: `DecodingError` where there is no number of 64 bits.
    public init(from decoder: any Decoder) throws {
        self.init(nanoseconds: try decoder.singleValueContainer().decode(Int64.self))
    }

    /// Writes the count of nanoseconds since 1970-01-01T00:00:00Z.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(nanoseconds)
    }
}
