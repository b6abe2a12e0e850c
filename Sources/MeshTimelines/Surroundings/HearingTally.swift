import CaptureFiles

/// How often something was heard in each stretch of time: 64 stretches of the same length, which doubles where they do not
/// reach. So it tells about how often it was heard before a moment and after it, whatever the capture's length.
struct HearingTally: Hashable, Codable, Sendable {
    private static let stretches = 64

    private(set) var count = 0
    /// When it was heard first and last; `nil` before the first time.
    private(set) var first: CaptureTime?
    private(set) var last: CaptureTime?
    private var counts: [UInt32] = []
    /// Nanoseconds.
    private var length: Int64 = 1_000_000_000

    init() {}

    /// Takes so many hearings at once; fewer than none where some turned out to be something else.
    mutating func apply(_ change: Int, at time: CaptureTime) {
        count += change
        guard change > 0 else { return }
        // A frame without a time tells how often, and not when.
        guard time.isKnown else { return }
        guard let start = first else {
            (first, last) = (time, time)
            counts = [UInt32](repeating: 0, count: Self.stretches)
            add(change, 0)
            return
        }
        last = max(last ?? time, time)
        // What comes late, or from a clock that was set back, counts for the first stretch.
        let elapsed = Self.elapsed(from: start, to: time)
        while elapsed / length >= Int64(Self.stretches) { double() }
        add(change, Int(elapsed / length))
    }

    /// Nanoseconds, as many as there can be at most; 0 where the one is not behind the other.
    private static func elapsed(from start: CaptureTime, to time: CaptureTime) -> Int64 {
        guard time > start else { return 0 }
        let (distance, overflow) = time.nanoseconds.subtractingReportingOverflow(start.nanoseconds)
        return overflow ? .max : distance
    }

    private mutating func add(_ change: Int, _ place: Int) {
        counts[place] = UInt32(clamping: Int(counts[place]) + change)
    }

    private mutating func double() {
        for place in 0..<Self.stretches / 2 {
            let sum = Int(counts[2 * place]) + Int(counts[2 * place + 1])
            counts[place] = UInt32(clamping: sum)
        }
        for place in Self.stretches / 2..<Self.stretches { counts[place] = 0 }
        length *= 2
    }

    /// How often it was heard from a moment on, in whole stretches; and from when.
    func heard(from time: CaptureTime) -> (count: Int, first: CaptureTime)? {
        guard let start = first, let last, last >= time else { return nil }
        let elapsed = Self.elapsed(from: start, to: time)
        let place = min(Self.stretches, Int(elapsed / length + (elapsed % length > 0 ? 1 : 0)))
        guard let heard = counts.indices.dropFirst(place).first(where: { counts[$0] > 0 }) else { return nil }
        let sum = counts.dropFirst(place).reduce(0) { $0 + Int($1) }
        return (sum, start.advanced(by: .nanoseconds(Int64(heard) * length)))
    }
}
