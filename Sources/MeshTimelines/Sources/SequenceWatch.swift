import CaptureFiles
public import MeshEvidence
public import MeshProtocol
import MeshStacks

/// SEQ rose by far more than the source's rate explains.
public struct SequenceJump: Hashable, Codable, Sendable {
    /// The highest SEQ before it.
    public let from: SequenceNumber
    /// The SEQ that it went to.
    public let to: SequenceNumber
    /// The frame of that SEQ.
    public let frame: FrameReference
    /// Whether it left SEQ out that no traffic spent, as a restart does.
    public internal(set) var isSkip = false
}

/// SEQ fell below what was heard, and a new rising run followed.
public struct SequenceRestart: Hashable, Codable, Sendable {
    /// The highest SEQ before it.
    public let from: SequenceNumber
    /// The run: where it began, and how far it came.
    public let first: SequenceNumber
    /// The highest SEQ of the run so far.
    public internal(set) var last: SequenceNumber
    /// Where the run began.
    public let frame: FrameReference
    /// How many PDUs of the run raised its SEQ, the first included.
    public internal(set) var count = 1
    /// The run passed the old highest SEQ, so that peers accept the source again.
    public internal(set) var isOvertaken = false
}

/// Watches the SEQ of one source under one IV Index, in the order of hearing, for what a monotonous counter does not do.
///
/// Copies that come late are no such thing: relays take milliseconds to seconds, and what a Friend delivers under
/// friendship credentials is not shown to the watch.
public struct SequenceWatch: Hashable, Codable, Sendable {
    /// A SEQ, and where it was heard first.
    public struct Mark: Hashable, Codable, Sendable {
        /// The SEQ.
        public let sequence: SequenceNumber
        /// Where it was heard first.
        public let frame: FrameReference
    }

    private struct Start: Hashable, Codable {
        let sequence: SequenceNumber
        let time: CaptureTime
    }

    /// Relays deliver within seconds: what is heard again later than this after a newer PDU is a late copy, or a replay.
    public static let patience = Duration.seconds(10)
    /// A SEQ that is heard for the first time later than this after a higher one may be a restart's: slow paths, and relays that
    /// repeat what they hear, deliver copies a minute late. Between captures, whose clocks may differ, it takes longer.
    public static let longestDelay = Duration.seconds(90)
    static let patienceBetweenCaptures = Duration.seconds(600)
    /// How many PDUs a run must have before it counts as a restart.
    static let shortestRun = 3
    /// Behind by more than this, a SEQ is not merely late.
    private static let mostBehind: UInt32 = 256
    /// SEQ that may pass unheard without being a jump, and how many times the rate so far.
    private static let slack = 32.0
    private static let usualStep: UInt32 = 32
    private static let slackFactor = 4.0
    /// SEQ a second: more than any node sends for long.
    private static let mostRate = 20.0
    /// SEQ that may be drawn at once: a few messages of 32 segments. What a restart skips beyond them is worth counting.
    private static let longestBurst: UInt32 = 96
    private static let mostKept = 16
    /// Steps of three seconds, which reach back further than any copy comes late.
    private static let memory = 64
    private static let stepNanoseconds: Int64 = 3_000_000_000

    /// The highest SEQ of the main run, and the frame that had it first.
    public private(set) var highest: SequenceNumber
    private(set) var frame: FrameReference
    private let start: Start
    /// Steps of `highest`, at least three seconds apart.
    private var steps = NumberRows<Mark>()

    /// The time, in nanoseconds, before which no further step is kept.
    private var nextStep: Int64

    /// The first few jumps.
    public private(set) var jumps: [SequenceJump] = []
    private(set) var jumpCount = 0
    /// How many jumps skipped SEQ that no traffic spent.
    public private(set) var skipCount = 0
    /// The most that one of them rose by.
    public private(set) var largestSkip: UInt32 = 0
    /// The first few restarts.
    public private(set) var restarts: [SequenceRestart] = []
    /// PDUs far above the main run that nothing followed so far.
    private var spike: Mark?
    /// A spike below which the source went on.
    public private(set) var outlier: Mark?
    /// A run that may become a restart.
    private var run: SequenceRestart?
    private var lastOfRun: FrameReference
    /// SEQ that were skipped faster than any traffic spends them.
    private var jumped: UInt32 = 0
    /// How fast the main run goes.
    public private(set) var rate = RateMeter()
    private(set) var replays: [FrameReference] = []
    private(set) var replayCount = 0
    /// The SEQ of `replays`; a state that was saved without them has none.
    private var replayed: [SequenceNumber]?
    /// Whether one of the replays came later than any copy does.
    private(set) var isReplayedLate = false

    /// Whether gaps between SEQ are the capture's, and not the source's.
    public var isRegular: Bool { jumpCount == 0 && restarts.isEmpty && outlier == nil }

    /// SEQ between the lowest and the highest that no run went through.
    public var skipped: UInt32 {
        var sum = jumps.reduce(UInt32(0)) { $0 &+ ($1.to.value &- $1.from.value &- 1) }
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
        start = Start(sequence: sequence, time: frame.time)
        steps.elements = [Mark(sequence: sequence, frame: frame)]
        nextStep = frame.time.nanoseconds.addingReportingOverflow(Self.stepNanoseconds).partialValue
        rate.apply(sequence, at: frame.time)
    }

    /// Takes a PDU; `insertion`: whether its SEQ was heard before, and with this content.
    ///
    /// `isSuperseded`: the source was heard under a newer IV Index long before.
    mutating func apply(
        _ sequence: SequenceNumber, _ insertion: SequenceSet.Insertion, isSuperseded: Bool = false,
        at frame: FrameReference
    ) {
        if insertion == .new, follow(sequence, at: frame) { return }
        switch insertion {
        case .same where isSuperseded:
            isReplayedLate = true
            noteReplay(sequence, at: frame)
        case .same: takeCopy(sequence, at: frame)
        case .other: takeBehind(sequence, isOther: true, at: frame)
        case .new: takeNew(sequence, at: frame)
        }
    }

    /// Takes a SEQ that was not heard before if it is the next one or one of the next few, as that of nearly every PDU is; false,
    /// and nothing is taken, where it is another one.
    @inline(__always)
    mutating func follow(_ sequence: SequenceNumber, at frame: FrameReference) -> Bool {
        guard sequence > highest, sequence.value &- highest.value <= Self.usualStep, spike == nil, run == nil else {
            return false
        }
        climb(to: sequence, at: frame)
        return true
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
        let goesOn = isExplained(from: highest, self.frame.time, to: sequence, frame.time)
        if let spike,
            sequence >= spike.sequence || (!goesOn && spike.sequence.value - sequence.value <= Self.mostBehind)
        {
            // Something follows it, or comes out of order with it: the source did jump, and may have jumped again.
            jump(to: spike)
            takeNew(sequence, at: frame)
            return
        }
        if spike != nil { outlier = spike }
        guard goesOn else {
            spike = Mark(sequence: sequence, frame: frame)
            return
        }
        advance(to: sequence, at: frame)
    }

    private mutating func jump(to spike: Mark) {
        jumpCount += 1
        // What no traffic can have spent was skipped, and says nothing of the source's rate.
        let elapsed = max(1, spike.frame.time.since(frame.time).inSeconds)
        let rise = spike.sequence.value - highest.value
        let isTooFast = Double(rise) / elapsed > Self.mostRate
        if isTooFast {
            rate.restart()
            jumped = jumped &+ rise
        }
        let isAligned = ReservedBlock.isAligned(from: highest, to: spike.sequence)
        let isSkip = rise > Self.longestBurst && (isTooFast || isAligned)
        if isSkip {
            skipCount += 1
            largestSkip = max(largestSkip, rise)
        }
        let jump = SequenceJump(from: highest, to: spike.sequence, frame: spike.frame, isSkip: isSkip)
        if jumps.count < Self.mostKept { jumps.append(jump) }
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
        rate.apply(sequence, at: frame.time)
        guard frame.time.nanoseconds >= nextStep else { return }
        nextStep = frame.time.nanoseconds.addingReportingOverflow(Self.stepNanoseconds).partialValue
        if steps.elements.count >= Self.memory { steps.elements.removeFirst() }
        steps.elements.append(Mark(sequence: sequence, frame: frame))
    }

    /// Whether the rate so far, and what a capture may miss, explain a rise.
    private func isExplained(
        from: SequenceNumber, _ earlier: CaptureTime, to: SequenceNumber, _ later: CaptureTime
    ) -> Bool {
        let elapsed = max(0, later.since(earlier).inSeconds)
        let heardFor = frame.time.since(start.time).inSeconds
        let spent = Double(highest.value) - Double(start.sequence.value) - Double(jumped)
        let mean = heardFor >= 10 ? spent / heardFor : 0
        let explained = Self.slack + Self.slackFactor * max(mean, RateMeter.assumedRate) * (elapsed + 1)
        return to >= from && Double(to.value - from.value) <= explained
    }

    /// Takes a SEQ that was heard before with the same content.
    private mutating func takeCopy(_ sequence: SequenceNumber, at frame: FrameReference) {
        guard sequence < highest, isLongAfter(sequence, frame, Self.patience) else { return }
        if let run, sequence >= run.first, sequence.value <= run.last.value + Self.mostBehind {
            // A copy of what a restarted source sent; or it says the same as before under the same SEQ.
            if sequence > run.last { extend(sequence, at: frame) }
            return
        }
        if isLongAfter(sequence, frame, Self.longestDelay) { isReplayedLate = true }
        noteReplay(sequence, at: frame)
    }

    private mutating func noteReplay(_ sequence: SequenceNumber, at frame: FrameReference) {
        replayCount += 1
        guard replays.count < Finding.mostFrames else { return }
        if replayed != nil || replays.isEmpty { replayed = (replayed ?? []) + [sequence] }
        replays.append(frame)
    }

    /// The first few replays.
    var replayMarks: [Mark] {
        zip(replayed ?? [], replays).map { Mark(sequence: $0, frame: $1) }
    }

    /// Takes a SEQ below the highest one that was not heard before, or not with this content.
    private mutating func takeBehind(_ sequence: SequenceNumber, isOther: Bool = false, at frame: FrameReference) {
        // A SEQ above the main run that is not new can only be the spike's.
        guard sequence <= highest else { return }
        let isFarBehind = highest.value - sequence.value > mostDelayed && frame.time >= self.frame.time
        // A SEQ with other content than before is no late copy.
        guard isFarBehind || isLongAfter(sequence, frame, isOther ? Self.patience : Self.longestDelay) else { return }
        guard let run, sequence >= run.last else {
            run = SequenceRestart(from: highest, first: sequence, last: sequence, frame: frame)
            lastOfRun = frame
            return
        }
        if sequence > run.last { extend(sequence, at: frame) }
    }

    /// When the main run was about at a SEQ, as far back as that is remembered.
    func time(of sequence: SequenceNumber) -> CaptureTime {
        steps.elements.first { $0.sequence >= sequence }?.frame.time ?? start.time
    }

    /// SEQ by which a copy may be behind that comes as late as copies do.
    private var mostDelayed: UInt32 {
        Self.mostBehind + UInt32(min(rate.heard * Self.longestDelay.inSeconds, 1e6))
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
    private func isLongAfter(_ sequence: SequenceNumber, _ frame: FrameReference, _ patience: Duration) -> Bool {
        guard let above = steps.elements.first(where: { $0.sequence > sequence }) else { return false }
        let isSame = above.frame.capture == frame.capture
        return frame.time.since(above.frame.time) > (isSame ? patience : Self.patienceBetweenCaptures)
    }

    /// The watch as it stands if nothing more is heard: a spike that nothing contradicted is a jump.
    mutating func settle() {
        guard let spike, outlier == nil, spike.sequence > highest else { return }
        jump(to: spike)
    }
}

/// SEQ, and the numbers of the frame.
extension SequenceWatch.Mark: NumberRow {
    static let width = 1 + FrameReference.rowWidth
    var row: [Int64] { [Int64(sequence.value)] + frame.row }

    init?(row: some Collection<Int64>) {
        guard let number = row.first, let sequence = SequenceNumber(number),
            let frame = FrameReference(row: row.dropFirst())
        else { return nil }
        self.init(sequence: sequence, frame: frame)
    }
}
