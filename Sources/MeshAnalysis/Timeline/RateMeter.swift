import CaptureFiles
import MeshProtocol

/// How fast a source spends SEQ, unheard PDUs included: in its busiest stretch of at least a minute, and what that leaves
/// open.
struct RateMeter {
    private static let shortestStretch = 60.0
    /// A rate is not told from less; nor is that of a stretch that just began, of a source that was heard before.
    private static let shortestSpan = 5.0
    private static let shortestRest = 20.0

    private var start: (sequence: UInt32, seconds: Double)?
    private var last: (sequence: UInt32, nanoseconds: Int64) = (0, 0)
    /// Up to here nothing but `last` changes.
    private var nextLook = Int64.min
    private(set) var stretches = 0
    private var busiestStretch: (spent: Double, seconds: Double)?
    /// The busiest stretch that broke off.
    private var brokenOff: (spent: Double, seconds: Double)?
    private var scatter = Scatter()

    /// SEQ a second.
    var busiest: Double? { busiestStretch.map { $0.spent / $0.seconds } }

    /// What the rate may be, for all that was heard: few stretches may all have been quiet ones.
    var bound: Double {
        let whole = busiestStretch.map { ($0.spent + doubt($0.spent) / Double(stretches)) / $0.seconds } ?? 0
        return max(whole, bound(of: rest), bound(of: brokenOff))
    }

    /// The stretch that has not ended yet.
    private var rest: (spent: Double, seconds: Double)? {
        guard let start, last.sequence > start.sequence else { return nil }
        return (Double(last.sequence - start.sequence), Self.seconds(last.nanoseconds) - start.seconds)
    }

    private func bound(of stretch: (spent: Double, seconds: Double)?) -> Double {
        guard let (spent, seconds) = stretch else { return 0 }
        let shortest = stretches > 0 ? Self.shortestRest : Self.shortestSpan
        return (spent + doubt(spent) / Double(stretches + 1)) / max(shortest, seconds)
    }

    private mutating func breakOff() {
        guard let rest else { return }
        func rate(_ stretch: (spent: Double, seconds: Double)) -> Double {
            stretch.spent / max(Self.shortestRest, stretch.seconds)
        }
        if brokenOff.map({ rate(rest) > rate($0) }) ?? true { brokenOff = rest }
    }

    /// How far a number of events may stay below what is to be expected: four standard deviations, and as much for small
    /// numbers. What comes in bursts has a larger deviation.
    private func doubt(_ count: Double) -> Double {
        let dispersion = scatter.dispersion(upTo: last.sequence)
        return 4 * (dispersion * count).squareRoot() + 4 * dispersion
    }

    /// Forgets where the stretch began: SEQ were skipped.
    mutating func restart() {
        breakOff()
        start = nil
        nextLook = .min
    }

    private static func seconds(_ nanoseconds: Int64) -> Double { Double(nanoseconds) * 1e-9 }

    @inline(__always)
    mutating func take(_ sequence: SequenceNumber, at time: CaptureTime) {
        let isPlain =
            time.nanoseconds < nextLook && time.nanoseconds >= last.nanoseconds && sequence.value >= last.sequence
        if !isPlain { look(sequence.value, time.nanoseconds) }
        last = (sequence.value, time.nanoseconds)
    }

    /// Ends stretches and bins.
    private mutating func look(_ sequence: UInt32, _ nanoseconds: Int64) {
        let seconds = Self.seconds(nanoseconds)
        guard let start, nanoseconds >= last.nanoseconds, sequence >= last.sequence else {
            // The first PDU, a clock that went back, or a source that began anew.
            breakOff()
            scatter.begin(upTo: last.sequence, from: sequence, at: seconds)
            begin(sequence, seconds)
            return
        }
        scatter.take(upTo: last.sequence, sequence, at: seconds)
        let length = seconds - start.seconds
        guard length >= Self.shortestStretch else {
            planLook(start.seconds)
            return
        }
        let spent = Double(sequence - start.sequence)
        stretches += 1
        if spent / length > busiest ?? -1 { busiestStretch = (spent, length) }
        begin(sequence, seconds)
    }

    private mutating func begin(_ sequence: UInt32, _ seconds: Double) {
        start = (sequence, seconds)
        planLook(seconds)
    }

    private mutating func planLook(_ start: Double) {
        // Rounded down, so that no end is missed.
        let end = min(start + Self.shortestStretch, scatter.end) * 1e9 - 1000
        nextLook = Int64(exactly: end.rounded(.down)) ?? .min
    }
}

/// How unevenly SEQ are spent: the variance of their number in five seconds, divided by its mean; 1 for what comes by
/// itself, n for bursts of n.
private struct Scatter {
    private static let bin = 5.0

    private var bins = 0.0
    private var sum = 0.0
    private var squares = 0.0
    /// The SEQ with which the bin began.
    private var base: UInt32 = 0
    private var begin = 0.0

    var end: Double { begin + Self.bin }

    /// `last`: the SEQ up to which the bin before went.
    mutating func begin(upTo last: UInt32, from sequence: UInt32, at seconds: Double) {
        close(upTo: last)
        base = sequence
        begin = seconds
    }

    private mutating func close(upTo last: UInt32) {
        let held = Double(last - min(base, last))
        bins += 1
        sum += held
        squares += held * held
    }

    mutating func take(upTo last: UInt32, _ sequence: UInt32, at seconds: Double) {
        guard seconds - begin >= Self.bin else { return }
        close(upTo: last)
        let passed = ((seconds - begin) / Self.bin).rounded(.down)
        begin += passed * Self.bin
        let silent = passed - 1
        guard silent > 0 else {
            base = last
            return
        }
        // Nothing tells when it was spent: evenly.
        let spent = Double(sequence - last)
        bins += silent
        sum += spent
        squares += spent * spent / silent
        base = sequence
    }

    /// At least 1. `last`: the latest SEQ.
    func dispersion(upTo last: UInt32) -> Double {
        let held = Double(last - min(base, last))
        let (bins, sum, squares) = (bins + 1, sum + held, squares + held * held)
        return sum > 0 ? max(1, squares / sum - sum / bins) : 1
    }
}
