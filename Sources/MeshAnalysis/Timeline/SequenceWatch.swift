import CaptureFiles
public import MeshProtocol
import MeshStacks

/// SEQ rose by far more than the source's rate explains.
public struct SequenceJump: Hashable, Sendable {
    public let from: SequenceNumber
    public let to: SequenceNumber
    public let frame: FrameReference
}

/// SEQ fell below what was heard, and a new rising run followed.
public struct SequenceRestart: Hashable, Sendable {
    /// The highest SEQ before it.
    public let from: SequenceNumber
    /// The run: where it began, and how far it came.
    public let first: SequenceNumber
    public internal(set) var last: SequenceNumber
    public let frame: FrameReference
    public internal(set) var count = 1
    /// The run passed the old highest SEQ, so that peers accept the source again.
    public internal(set) var isOvertaken = false
}

/// Watches the SEQ of one source under one IV Index, in the order of hearing, for what a monotonous counter does not do.
///
/// Copies that come late are no such thing: relays take milliseconds to seconds, and what a Friend delivers under
/// friendship credentials is not shown to the watch.
struct SequenceWatch {
    /// A SEQ that is heard again later than this after a higher one is a replay, and one heard for the first time then may
    /// be a restart's. Between captures, whose clocks may differ, it takes longer.
    static let patience = Duration.seconds(10)
    static let patienceBetweenCaptures = Duration.seconds(600)
    /// PDUs of a run before it counts.
    static let shortestRun = 3
    /// Behind by more than this, a SEQ is not merely late.
    private static let mostBehind: UInt32 = 256
    /// SEQ that may pass unheard without being a jump, and how many times the rate so far.
    private static let slack = 32.0
    private static let usualStep: UInt32 = 32
    private static let slackFactor = 4.0
    /// SEQ a second; no node sends more for long.
    private static let mostRate = 20.0
    /// The largest block that a stack reserves.
    static let largestBlock = Stack.all.map(\.reservation.block).max() ?? 0
    private static let mostKept = 16
    private static let memory = 64

    /// The highest SEQ of the main run, and the frame that had it first.
    private(set) var highest: SequenceNumber
    private(set) var frame: FrameReference
    private let start: (sequence: SequenceNumber, time: CaptureTime)
    /// Steps of `highest`, at least a second apart.
    private var steps: [(sequence: SequenceNumber, frame: FrameReference)] = []

    /// Nanoseconds; the next step is not before.
    private var nextStep: Int64

    private(set) var jumps: [SequenceJump] = []
    private(set) var jumpCount = 0
    private(set) var restarts: [SequenceRestart] = []
    /// PDUs far above the main run that nothing followed so far.
    private var spike: (sequence: SequenceNumber, frame: FrameReference)?
    /// A spike below which the source went on.
    private(set) var outlier: (sequence: SequenceNumber, frame: FrameReference)?
    /// A run that may become a restart.
    private var run: SequenceRestart?
    private var lastOfRun: FrameReference
    /// SEQ that were skipped faster than any traffic spends them.
    private var jumped: UInt32 = 0
    /// How fast the main run goes.
    private(set) var rate = RateMeter()
    private(set) var replays: [FrameReference] = []
    private(set) var replayCount = 0

    /// Whether gaps between SEQ are the capture's, and not the source's.
    var isRegular: Bool { jumpCount == 0 && restarts.isEmpty && outlier == nil }

    /// SEQ between the lowest and the highest that no run went through.
    var skipped: UInt32 {
        var sum = jumps.reduce(UInt32(0)) { $0 &+ ($1.to.value - $1.from.value - 1) }
        for restart in restarts where !restart.isOvertaken && restart.last < start.sequence {
            sum = sum &+ (start.sequence.value - restart.last.value - 1)
        }
        if let outlier, outlier.sequence > highest { sum = sum &+ (outlier.sequence.value - highest.value - 1) }
        return sum
    }

    init(_ sequence: SequenceNumber, at frame: FrameReference) {
        highest = sequence
        self.frame = frame
        lastOfRun = frame
        start = (sequence, frame.time)
        steps = [(sequence, frame)]
        nextStep = frame.time.nanoseconds.addingReportingOverflow(1_000_000_000).partialValue
        rate.take(sequence, at: frame.time)
    }

    /// Takes a PDU; `insertion`: whether its SEQ was heard before, and with this content.
    ///
    /// `isSuperseded`: the source was heard under a newer IV Index long before.
    mutating func take(
        _ sequence: SequenceNumber, _ insertion: SequenceSet.Insertion, isSuperseded: Bool = false,
        at frame: FrameReference
    ) {
        // Nearly every PDU: the next one, or one of the next.
        if insertion == .new, sequence > highest, sequence.value &- highest.value <= Self.usualStep, spike == nil,
            run == nil
        {
            climb(to: sequence, at: frame)
            return
        }
        switch insertion {
        case .same where isSuperseded: noteReplay(frame)
        case .same: takeCopy(sequence, at: frame)
        case .other: takeBehind(sequence, at: frame)
        case .new: takeNew(sequence, at: frame)
        }
    }

    /// A SEQ that was used, heard under friendship credentials: from the node itself, or from its Friend minutes later.
    mutating func raise(to sequence: SequenceNumber, at frame: FrameReference) {
        if sequence > highest, spike == nil { climb(to: sequence, at: frame) }
    }

    private mutating func takeNew(_ sequence: SequenceNumber, at frame: FrameReference) {
        guard sequence > highest else {
            takeBehind(sequence, at: frame)
            return
        }
        if let spike, sequence >= spike.sequence {
            // Something follows it: the source did jump, and may have jumped again.
            jump(to: spike)
            takeNew(sequence, at: frame)
            return
        }
        if spike != nil { outlier = spike }
        guard isExplained(from: highest, self.frame.time, to: sequence, frame.time) else {
            spike = (sequence, frame)
            return
        }
        advance(to: sequence, at: frame)
    }

    private mutating func jump(to spike: (sequence: SequenceNumber, frame: FrameReference)) {
        jumpCount += 1
        let jump = SequenceJump(from: highest, to: spike.sequence, frame: spike.frame)
        if jumps.count < Self.mostKept { jumps.append(jump) }
        // What no traffic can have spent was skipped, and says nothing of the source's rate.
        let elapsed = max(1, spike.frame.time.since(frame.time).inSeconds)
        let rise = spike.sequence.value - highest.value
        if Double(rise) / elapsed > Self.mostRate {
            rate.restart()
            jumped = jumped &+ rise
        }
        self.spike = nil
        outlier = nil
        advance(to: spike.sequence, at: spike.frame)
    }

    private mutating func advance(to sequence: SequenceNumber, at frame: FrameReference) {
        if let run, run.count >= Self.shortestRun, run.from == highest,
            isExplained(from: run.last, lastOfRun.time, to: sequence, frame.time)
        {
            // The restarted run has come past what was heard before it.
            if let last = restarts.indices.last { restarts[last].isOvertaken = true }
            self.run = nil
        }
        climb(to: sequence, at: frame)
    }

    @inline(__always)
    private mutating func climb(to sequence: SequenceNumber, at frame: FrameReference) {
        highest = sequence
        self.frame = frame
        rate.take(sequence, at: frame.time)
        guard frame.time.nanoseconds >= nextStep else { return }
        nextStep = frame.time.nanoseconds.addingReportingOverflow(1_000_000_000).partialValue
        if steps.count >= Self.memory { steps.removeFirst() }
        steps.append((sequence, frame))
    }

    /// Whether the rate so far, and what a capture may miss, explain a rise.
    private func isExplained(
        from: SequenceNumber, _ earlier: CaptureTime, to: SequenceNumber, _ later: CaptureTime
    ) -> Bool {
        let elapsed = max(0, later.since(earlier).inSeconds)
        let heardFor = frame.time.since(start.time).inSeconds
        let spent = Double(highest.value - start.sequence.value) - Double(jumped)
        let mean = heardFor >= 10 ? spent / heardFor : 0
        let explained = Self.slack + Self.slackFactor * max(mean, RecoveryRules.assumedRate) * (elapsed + 1)
        return to >= from && Double(to.value - from.value) <= explained
    }

    /// A SEQ of ours that was heard before, with the same content.
    private mutating func takeCopy(_ sequence: SequenceNumber, at frame: FrameReference) {
        guard sequence < highest, isLongAfter(sequence, frame) else { return }
        if let run, sequence >= run.first, sequence.value <= run.last.value + Self.mostBehind {
            // A copy of what a restarted source sent; or it says the same as before under the same SEQ.
            if sequence > run.last { extend(sequence, at: frame) }
            return
        }
        noteReplay(frame)
    }

    private mutating func noteReplay(_ frame: FrameReference) {
        replayCount += 1
        if replays.count < Finding.mostFrames { replays.append(frame) }
    }

    /// A SEQ below the highest that says something new.
    private mutating func takeBehind(_ sequence: SequenceNumber, at frame: FrameReference) {
        // A SEQ above the main run that was heard before is the spike's.
        guard sequence <= highest else { return }
        let isFarBehind = highest.value - sequence.value > Self.mostBehind && frame.time >= self.frame.time
        guard isFarBehind || isLongAfter(sequence, frame) else { return }
        guard let run, sequence >= run.last else {
            run = SequenceRestart(from: highest, first: sequence, last: sequence, frame: frame)
            lastOfRun = frame
            return
        }
        if sequence > run.last { extend(sequence, at: frame) }
    }

    private mutating func extend(_ sequence: SequenceNumber, at frame: FrameReference) {
        run?.last = sequence
        run?.count += 1
        lastOfRun = frame
        guard let run, run.count >= Self.shortestRun else { return }
        if let last = restarts.last, last.frame == run.frame {
            restarts[restarts.count - 1] = run
        } else if restarts.count < Self.mostKept {
            restarts.append(run)
        }
    }

    /// Whether a higher SEQ was heard long before this frame.
    private func isLongAfter(_ sequence: SequenceNumber, _ frame: FrameReference) -> Bool {
        guard let above = steps.first(where: { $0.sequence > sequence }) else { return false }
        let isSame = above.frame.capture == frame.capture
        return frame.time.since(above.frame.time) > (isSame ? Self.patience : Self.patienceBetweenCaptures)
    }

    /// Closes the watch: a spike that nothing contradicted is a jump, unless it is larger than any block.
    mutating func finish() {
        guard let spike, outlier == nil, spike.sequence > highest else { return }
        if spike.sequence.value - highest.value > 2 * Self.largestBlock {
            outlier = spike
        } else {
            jump(to: spike)
        }
    }
}
