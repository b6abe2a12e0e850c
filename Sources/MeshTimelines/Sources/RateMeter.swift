import CaptureFiles
import MeshProtocol

/// How fast a source spends SEQ, unheard PDUs included: in its busiest stretch of at least a minute, and what that leaves
/// open.
public struct RateMeter: Hashable, Codable, Sendable {
    /// The least rate, in SEQ a second, that is assumed of a source which was heard too briefly.
    public static let assumedRate = 1.0
    private static let shortestStretch = 60.0
    /// Seconds that a stretch counts for at least, however short it was: a burst at the beginning says nothing of the rate.
    /// Longer for the stretch that has just begun of a source that was heard before.
    private static let shortestSpan = 5.0
    private static let shortestRest = 20.0

    /// SEQ that were spent in a time.
    private struct Stretch: Hashable, Codable {
        var spent: Double
        var seconds: Double
    }

    private struct Start: Hashable, Codable {
        var sequence: UInt32
        var seconds: Double
    }

    private struct Latest: Hashable, Codable {
        var sequence: UInt32
        var nanoseconds: Int64
    }

    private var start: Start?
    private var last = Latest(sequence: 0, nanoseconds: 0)
    /// The time, in nanoseconds, up to which nothing but `last` changes.
    private var nextLook = Int64.min
    /// How many whole stretches were heard.
    public private(set) var stretches = 0
    private var busiestStretch: Stretch?
    /// The busiest stretch that broke off.
    private var brokenOff: Stretch?
    private var scatter = Scatter()

    init() {}

    /// SEQ a second in the busiest stretch; `nil` where no whole one was heard.
    public var busiest: Double? { busiestStretch.map { $0.spent / $0.seconds } }

    /// SEQ a second in the busiest stretch, the one that has not ended yet included.
    var heard: Double { max(busiest ?? 0, rest.map { $0.spent / max($0.seconds, Self.shortestStretch) } ?? 0) }

    /// SEQ a second that it may be, for all that was heard: few stretches may all have been quiet ones.
    public var bound: Double {
        let whole = busiestStretch.map { ($0.spent + doubt($0.spent) / Double(stretches)) / $0.seconds } ?? 0
        return max(whole, bound(of: rest), bound(of: brokenOff))
    }

    /// The stretch that has not ended yet.
    private var rest: Stretch? {
        guard let start, last.sequence > start.sequence else { return nil }
        return Stretch(
            spent: Double(last.sequence - start.sequence), seconds: Self.seconds(last.nanoseconds) - start.seconds)
    }

    private func bound(of stretch: Stretch?) -> Double {
        guard let stretch else { return 0 }
        let shortest = stretches > 0 ? Self.shortestRest : Self.shortestSpan
        return (stretch.spent + doubt(stretch.spent) / Double(stretches + 1)) / max(shortest, stretch.seconds)
    }

    private mutating func breakOff() {
        guard let rest else { return }
        func rate(_ stretch: Stretch) -> Double {
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
    mutating func apply(_ sequence: SequenceNumber, at time: CaptureTime) {
        let isPlain =
            time.nanoseconds < nextLook && time.nanoseconds >= last.nanoseconds && sequence.value >= last.sequence
        if !isPlain { look(sequence.value, time.nanoseconds) }
        last = Latest(sequence: sequence.value, nanoseconds: time.nanoseconds)
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
        scatter.apply(upTo: last.sequence, sequence, at: seconds)
        let length = seconds - start.seconds
        guard length >= Self.shortestStretch else {
            planLook(start.seconds)
            return
        }
        let spent = Double(sequence - start.sequence)
        stretches += 1
        if spent / length > busiest ?? -1 { busiestStretch = Stretch(spent: spent, seconds: length) }
        begin(sequence, seconds)
    }

    private mutating func begin(_ sequence: UInt32, _ seconds: Double) {
        start = Start(sequence: sequence, seconds: seconds)
        planLook(seconds)
    }

    private mutating func planLook(_ start: Double) {
        // Rounded down, so that the end of no stretch is missed.
        let end = min(start + Self.shortestStretch, scatter.end) * 1e9 - 1000
        nextLook = Int64(exactly: end.rounded(.down)) ?? .min
    }
}

/// How unevenly SEQ are spent: the variance of their number in five seconds, divided by its mean; 1 for what comes by
/// itself, n for bursts of n.
private struct Scatter: Hashable, Codable {
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

    mutating func apply(upTo last: UInt32, _ sequence: UInt32, at seconds: Double) {
        guard seconds - begin >= Self.bin else { return }
        close(upTo: last)
        let passed = ((seconds - begin) / Self.bin).rounded(.down)
        begin += passed * Self.bin
        let silent = passed - 1
        guard silent > 0 else {
            base = last
            return
        }
        // Nothing tells when the SEQ were spent, so they count as spread evenly.
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
