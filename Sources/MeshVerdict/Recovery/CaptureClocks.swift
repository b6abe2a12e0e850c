import CaptureFiles
import MeshEvidence
import MeshTimelines

/// The captures' clocks: when they end, and how far they can be believed.
struct CaptureClocks {
    /// The time of the last authentic frame of all captures, and of the silence behind it.
    let end: CaptureTime?
    /// Where a clock was set while it ran.
    let jumps: [AuthenticClocks.Jump]
    /// By how much captures contradict each other, and how much time may have gone by that they do not tell.
    let disagreement: Duration

    /// A clock that is set forward by more than this leaps: nothing tells whether time went by.
    private static let longestPause = Duration.seconds(86_400)

    /// `facts`: of the network for which they are asked.
    /// `silence`: for how long somebody listened behind the last authentic frame, and heard nothing.
    init(_ state: MeshState, _ facts: some Sequence<Fact>, silence: Duration = .zero) {
        end = state.clocks.end?.advanced(by: silence)
        jumps = state.clocks.jumps
        let contradiction = facts.reduce(Duration.zero) { most, fact in
            guard case .clocksDisagree(let difference) = fact else { return most }
            return max(most, difference)
        }
        // Times that depend on a clock which is doubted make no number smaller.
        let doubted = state.captures.compactMap(\.alignment).filter(\.isDoubted)
        let shift = doubted.map(\.offset.magnitude).max() ?? .zero
        let untold = state.clocks.withoutTime > 0 ? Self.longestPause : .zero
        disagreement = max(contradiction, shift) + untold
    }

    /// Whether no clock was set, and none contradicts another one.
    var agree: Bool { jumps.isEmpty && disagreement == .zero }

    /// The longest time that the clocks allow from a frame to a moment: what a clock was set back by went by once more, and
    /// where it leapt, a day may have gone by.
    func longestTime(from frame: FrameReference, _ start: CaptureTime, to moment: CaptureTime) -> Duration {
        let later = jumps.filter { $0.after.capture != frame.capture || $0.after.number > frame.number }
        let told = later.reduce(moment.since(start)) { $1.by > Self.longestPause ? $0 - $1.by : $0 }
        let doubt = later.reduce(disagreement) { $0 + min($1.by.magnitude, Self.longestPause) }
        return max(.zero, told) + doubt
    }
}
