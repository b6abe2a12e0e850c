import CaptureFiles
import MeshProtocol

/// How fast a source spends SEQ: in its busiest stretch of at least a minute, unheard PDUs included.
struct RateMeter {
    static let shortestStretch = 60.0
    /// A rate is not told from less than this.
    private static let shortestSpan = 5.0

    private var start: (sequence: UInt32, seconds: Double)?
    private var stretches = 0
    private var busiestStretch: (spent: Double, seconds: Double)?

    /// SEQ a second.
    var busiest: Double? { busiestStretch.map { $0.spent / $0.seconds } }

    /// What the rate may be, for all that the busiest stretch shows: few stretches may all have been quiet ones.
    var bound: Double? {
        busiestStretch.map { ($0.spent + Self.doubt($0.spent) / Double(stretches)) / $0.seconds }
    }

    /// What the rate may be of a source that was heard for less than a stretch.
    static func bound(spent: Double, seconds: Double) -> Double {
        (spent + doubt(spent)) / max(shortestSpan, seconds)
    }

    /// How far a number of events may stay below what is to be expected: four standard deviations of independent ones,
    /// and four for small numbers.
    private static func doubt(_ count: Double) -> Double { 4 * count.squareRoot() + 4 }

    /// Forgets where the stretch began: SEQ were skipped.
    mutating func restart() { start = nil }

    mutating func take(_ sequence: SequenceNumber, at time: CaptureTime) {
        let seconds = Double(time.nanoseconds) * 1e-9
        guard let start, seconds >= start.seconds, sequence.value >= start.sequence else {
            // The first PDU, a clock that went back, or a source that began anew.
            self.start = (sequence.value, seconds)
            return
        }
        let length = seconds - start.seconds
        guard length >= Self.shortestStretch else { return }
        let spent = Double(sequence.value - start.sequence)
        stretches += 1
        if spent / length > busiest ?? -1 { busiestStretch = (spent, length) }
        self.start = (sequence.value, seconds)
    }
}
