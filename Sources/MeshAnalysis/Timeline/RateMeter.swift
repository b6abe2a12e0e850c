import CaptureFiles
import MeshProtocol

/// How fast a source spends SEQ: in its busiest stretch of at least a minute, unheard PDUs included.
struct RateMeter {
    static let shortestStretch = 60.0

    private var start: (sequence: UInt32, seconds: Double)?
    /// SEQ a second.
    private(set) var busiest: Double?

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
        busiest = max(busiest ?? 0, Double(sequence.value - start.sequence) / length)
        self.start = (sequence.value, seconds)
    }
}
