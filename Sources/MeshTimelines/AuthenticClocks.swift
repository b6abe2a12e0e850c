public import CaptureFiles
public import MeshEvidence

/// The time of an answer: the captures' clocks, by frames whose content is authentic, and by nothing else.
///
/// A frame that nothing authenticates may bear any time: a sniffer's hiccup, or a stranger's who has found a way to cause one.
/// So it neither ends the captures nor sets a clock. What was heard before, and is heard once more, tells no time either: only
/// what is new does.
public struct AuthenticClocks: Hashable, Codable, Sendable {
    /// The clock of a capture was set.
    public struct Jump: Hashable, Codable, Sendable {
        /// The last frame before it.
        public let before: FrameReference
        /// The first frame behind it.
        public let after: FrameReference

        /// By how much; negative where it was set back.
        public var by: Duration { after.time.since(before.time) }

        /// Whether both are the same step, seen between other frames.
        fileprivate func overlaps(_ other: Jump) -> Bool {
            after.capture == other.after.capture && before.number < other.after.number
                && other.before.number < after.number && (by < .zero) == (other.by < .zero)
        }
    }

    /// The latest frame of one capture: of those that came in the order of hearing, and of those that were opened late. Nothing
    /// was heard yet where they have no time.
    private struct Latest: Hashable, Codable {
        var inOrder: FrameReference
        var late: FrameReference

        init(capture: Int) {
            inOrder = FrameReference(capture: capture, number: 0, time: .unknown)
            late = inOrder
        }
    }

    private static let mostCaptures = 1 << 12
    private static let mostJumps = 64
    /// Nanoseconds: back by more than ten seconds, or ahead by more than a year.
    private static let step: Int64 = 10_000_000_000
    private static let leap: Int64 = 31_536_000_000_000_000

    private var latest: [Latest] = []
    /// The latest time of all captures; `nil` before anything authentic was heard.
    public private(set) var end: CaptureTime?
    /// Where the clock of a capture was set while it ran: the first few times.
    public private(set) var jumps: [Jump] = []
    /// How many authentic statements stand in frames without a time.
    public private(set) var withoutTime = 0
    /// The first few of these frames.
    private(set) var framesWithoutTime: [FrameReference] = []

    init() {}

    /// Takes a frame with something authentic that was not heard before.
    @inline(__always)
    mutating func note(_ frame: FrameReference) {
        let capture = frame.capture
        guard latest.indices.contains(capture), frame.number > latest[capture].inOrder.number,
            isContinuous(latest[capture].inOrder.time, frame.time)
        else {
            noteOther(frame)
            return
        }
        latest[capture].inOrder = frame
        if end.map({ $0 < frame.time }) ?? true { end = frame.time }
    }

    private mutating func noteOther(_ frame: FrameReference) {
        guard frame.time.isKnown else {
            withoutTime += 1
            if framesWithoutTime.count < Finding.mostFrames { framesWithoutTime.append(frame) }
            return
        }
        end = max(end ?? frame.time, frame.time)
        guard (0..<Self.mostCaptures).contains(frame.capture) else { return }
        while latest.count <= frame.capture { latest.append(Latest(capture: latest.count)) }
        let known = latest[frame.capture]
        if frame.number > known.inOrder.number {
            noteStep(from: known.inOrder, to: frame)
            latest[frame.capture].inOrder = frame
        } else if frame.number < known.inOrder.number {
            // What was opened late comes in order as well, once for each time that something was learned.
            if frame.number > known.late.number { noteStep(from: known.late, to: frame) }
            latest[frame.capture].late = frame
        }
    }

    /// Whether both times are known, and one clock can have told them.
    @inline(__always)
    private func isContinuous(_ before: CaptureTime, _ after: CaptureTime) -> Bool {
        guard before.isKnown, after.isKnown else { return false }
        let (elapsed, overflow) = after.nanoseconds.subtractingReportingOverflow(before.nanoseconds)
        return !overflow && elapsed >= -Self.step && elapsed <= Self.leap
    }

    private mutating func noteStep(from before: FrameReference, to after: FrameReference) {
        guard before.time.isKnown, !isContinuous(before.time, after.time), jumps.count < Self.mostJumps else { return }
        let jump = Jump(before: before, after: after)
        if !jumps.contains(where: jump.overlaps) { jumps.append(jump) }
    }

    /// The time to take for a frame: its own, or that of the latest authentic one before it in its capture, if there is any.
    @inline(__always)
    func timed(_ frame: FrameReference) -> FrameReference {
        guard !frame.time.isKnown, latest.indices.contains(frame.capture) else { return frame }
        return FrameReference(
            capture: frame.capture, number: frame.number, time: latest[frame.capture].inOrder.time)
    }

    // MARK: Judging

    /// By how much the captures must go on behind the last authentic frame for that to be worth a word.
    private static let longestSilence = Duration.seconds(600)

    /// `captureEnd`: the time of the last frame of all, whatever it holds.
    func judge(captureEnd: CaptureTime?, into log: inout FactLog) {
        for jump in jumps {
            log.record(
                .clockJumped(capture: jump.after.capture, from: jump.before.time, to: jump.after.time), at: jump.after)
        }
        if withoutTime > 0 {
            log.add([Finding(.timeUnknown, count: withoutTime, frames: framesWithoutTime)])
        }
        if let end, let captureEnd, captureEnd.since(end) > Self.longestSilence {
            log.record(.nothingAuthenticSince(end, captureEnd: captureEnd))
        }
    }
}
