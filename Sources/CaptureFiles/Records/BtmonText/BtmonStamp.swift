/// What ends a heading of `btmon`'s text: `#22 [hci0] 7.709291`, or with a time of day, or with a date before it.
struct BtmonStamp {
    enum Time {
        /// By option `-T`, in the zone of who ran `btmon`, which the text does not say: taken as if it were UTC.
        case date(midnight: CaptureTime, nanoseconds: Int64)
        /// By option `-t`.
        case ofDay(nanoseconds: Int64)
        /// Since the log began.
        case sinceStart(CaptureTime)
    }

    /// `nil` where there is none.
    let adapter: UInt16?
    let time: Time?

    /// What the last words of a line say; `nil` if that is nothing.
    init?(_ words: [ArraySlice<UInt8>]) {
        adapter = words.suffix(3).lazy.compactMap(Self.adapter).last
        time = Self.time(words)
        guard adapter != nil || time != nil else { return nil }
    }

    /// Whether a line is nothing but such an end, which a mail program broke off from its heading.
    static func isAlone(_ words: [ArraySlice<UInt8>]) -> Bool {
        (1...5).contains(words.count)
            && words.allSatisfy { word in
                word.first == UInt8(ascii: "#") || word.first == UInt8(ascii: "{") || adapter(word) != nil
                    || word.allSatisfy { BtmonLine.digit($0) != nil || ":.-".utf8.contains($0) }
            }
    }

    /// `[hci0]`
    private static func adapter(_ word: ArraySlice<UInt8>) -> UInt16? {
        guard word.starts(with: "[hci".utf8), let (number, rest) = BtmonLine.decimal(word.dropFirst(4)),
            rest.elementsEqual("]".utf8)
        else { return nil }
        return UInt16(exactly: number)
    }

    private static func time(_ words: [ArraySlice<UInt8>]) -> Time? {
        guard let last = words.last else { return nil }
        let parts = last.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
        guard let end = parts.last, let (seconds, fraction) = seconds(end) else { return nil }
        // A log of three hundred years has a damaged clock.
        guard parts.count == 3 else {
            guard parts.count == 1, seconds < 10_000_000_000 else { return nil }
            return .sinceStart(CaptureTime(seconds: Int64(seconds), nanoseconds: fraction))
        }
        guard let hours = number(parts[0], below: 24), let minutes = number(parts[1], below: 60), seconds <= 60 else {
            return nil
        }
        let ofDay = Int64(hours * 3600 + minutes * 60 + seconds) * 1_000_000_000 + fraction
        guard words.count > 1, let midnight = midnight(words[words.count - 2]) else {
            return .ofDay(nanoseconds: ofDay)
        }
        return .date(midnight: midnight, nanoseconds: ofDay)
    }

    /// `7.709291`: a fraction there must be, of up to nine digits.
    private static func seconds(_ text: ArraySlice<UInt8>) -> (seconds: Int, nanoseconds: Int64)? {
        guard let (whole, rest) = BtmonLine.decimal(text), rest.first == UInt8(ascii: ".") else { return nil }
        let digits = rest.dropFirst()
        guard (3...9).contains(digits.count), digits.allSatisfy({ BtmonLine.digit($0) != nil }) else { return nil }
        var nanoseconds: Int64 = 0
        for place in 0..<9 {
            let digit = place < digits.count ? BtmonLine.digit(digits[digits.startIndex + place]) ?? 0 : 0
            nanoseconds = nanoseconds * 10 + Int64(digit)
        }
        return (whole, nanoseconds)
    }

    /// `2026-11-21`
    private static func midnight(_ word: ArraySlice<UInt8>) -> CaptureTime? {
        let parts = word.split(separator: UInt8(ascii: "-"), omittingEmptySubsequences: false)
        guard parts.count == 3, let year = number(parts[0], below: 10_000), let month = number(parts[1], below: 13),
            let day = number(parts[2], below: 32)
        else { return nil }
        return CaptureTime(year: year, month: month, day: day)
    }

    private static func number(_ text: ArraySlice<UInt8>, below limit: Int) -> Int? {
        guard let (number, rest) = BtmonLine.decimal(text), rest.isEmpty, number < limit else { return nil }
        return number
    }
}

/// Makes moments of the times that a text gives. What is no date counts from 1970-01-01: from the beginning of the log, or of the
/// day on which it began.
struct BtmonClock {
    private static let day: Int64 = 86_400_000_000_000
    private var days: Int64 = 0
    private var last: Int64 = 0

    mutating func moment(of time: BtmonStamp.Time) -> CaptureTime {
        switch time {
        case .date(let midnight, let nanoseconds): return midnight.advanced(by: .nanoseconds(nanoseconds))
        case .sinceStart(let time): return time
        case .ofDay(let nanoseconds):
            // From late to early is over midnight; the order of records is good to far less than half a day.
            if nanoseconds < last - Self.day / 2 { days += 1 }
            if nanoseconds > last + Self.day / 2, days > 0 { days -= 1 }
            last = nanoseconds
            return CaptureTime(seconds: days * 86_400, nanoseconds: nanoseconds)
        }
    }
}
