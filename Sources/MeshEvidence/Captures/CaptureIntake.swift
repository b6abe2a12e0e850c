import BluetoothFrames
import ByteParsing
import CaptureFiles
import DequeModule

/// Takes the frames of one capture: peels them, and keeps what is to be said of the capture.
struct CaptureIntake {
    /// A frame read ahead of its turn; only where several captures are merged.
    struct Ahead {
        let frame: FrameReference
        let linkType: LinkType
        let flags: UInt32
        let isCut: Bool
        let octets: [UInt8]
    }

    private(set) var summary: CaptureSummary
    private var ahead: Deque<Ahead> = []
    private var peeler = FramePeeler()
    /// The last link type met, which is nearly always the next one's too.
    private var last: (linkType: LinkType, encapsulation: Encapsulation?)?
    private var unsupported = 0
    /// How many link types of a file are listed: no honest file has more.
    private static let mostLinkTypes = 64

    /// What is added to each time, so that it is the other captures'; `nil` where nothing is.
    private var shift: Duration?
    private var clock: ClockSetting
    /// Frames of earlier files of the same capture, behind which those of this one are counted.
    private var earlier = 0
    /// As the capture stood before this file was read once more, and what of the files before was lost.
    private var before: CaptureSummary?
    private var losses: CaptureLosses?
    private var lost = 0

    /// The next file of a capture that is made in several; the first `known` frames of it were counted before.
    init(continuing summary: CaptureSummary, known: Int) {
        clock = .offset(.zero)
        self.summary = summary
        self.summary.failure = nil
        earlier = summary.frames - min(known, summary.frames)
        before = self.summary
    }

    /// What was read so far was counted before.
    mutating func forgetKnown() {
        if let before { summary = before }
    }

    /// Frames that nobody took in time.
    mutating func noteLost(_ frames: Int) { lost += frames }

    mutating func keepLosses(_ losses: CaptureLosses) { self.losses = losses }

    /// Tells how far the capture was read, as it goes on.
    mutating func tell(_ frames: inout HeardFrames) { tell(losses ?? .none, &frames) }

    init(
        path: String, format: CaptureFormat, timeDigits: Int, index: Int, alignment: CaptureAlignment?,
        clock: ClockSetting
    ) {
        self.clock = clock
        summary = CaptureSummary(
            path: path, format: format, index: index, timeDigits: timeDigits, alignment: alignment)
        var sum = Duration.zero
        if let alignment { sum -= alignment.offset }
        if case .offset(let offset) = clock { sum += offset }
        shift = sum == .zero ? nil : sum
        summary.clockShift = sum
    }

    /// Takes frames in their order.
    mutating func take(_ frames: CapturedFrames, into heard: inout HeardFrames) {
        guard let last, last.linkType == frames.linkType, let encapsulation = last.encapsulation, hasPlainClock else {
            for place in 0..<frames.count { take(frames.frame(at: place), into: &heard) }
            return
        }
        let capture = summary.index
        for place in 0..<frames.count {
            let frame = frames.frame(at: place)
            let isCut = frame.originalLength > frame.bytes.count
            summary.count(frame.time)
            let stamp = FrameStamp(
                capture: capture, number: earlier &+ frame.number, nanoseconds: frame.time.nanoseconds)
            guard
                isCut || !peeler.peelUsual(frame.bytes, of: stamp, as: encapsulation, flags: frame.flags, &heard.heard)
            else { continue }
            peel(frame.bytes, FrameReference(stamp), as: encapsulation, flags: frame.flags, isCut: isCut, into: &heard)
        }
    }

    @inline(__always)
    mutating func take(_ frame: CapturedFrame, into frames: inout HeardFrames) {
        take(
            frame.bytes, reference(to: frame), frame.linkType, flags: frame.flags,
            isCut: frame.originalLength > frame.bytes.count, into: &frames)
    }

    @inline(__always)
    private mutating func reference(to frame: CapturedFrame) -> FrameReference {
        if case .startsAt(let start) = clock, frame.time.isKnown { begin(at: start, frame.time) }
        return FrameReference(capture: summary.index, number: earlier + frame.number, time: aligned(frame.time))
    }

    /// Whether times stay as the file has them.
    private var hasPlainClock: Bool {
        if case .startsAt = clock { return false }
        return shift == nil
    }

    /// The first frame with a time: what its clock is off is known.
    private mutating func begin(at start: CaptureTime, _ time: CaptureTime) {
        let sum = (shift ?? .zero) + start.since(time)
        shift = sum
        summary.clockShift = sum
        clock = .offset(.zero)
    }

    @inline(__always)
    private func aligned(_ time: CaptureTime) -> CaptureTime {
        shift.map(time.advanced) ?? time
    }

    /// How many frames are read ahead, so that a single one with a time of its own does not hold up all behind it.
    static let mostAhead = 2

    var countAhead: Int { ahead.count }
    /// The earliest time of what was read ahead.
    var timeAhead: CaptureTime { ahead.lazy.map(\.frame.time).min() ?? CaptureTime(nanoseconds: .max) }

    /// Keeps a copy of a frame until its turn comes.
    mutating func keep(_ frame: CapturedFrame) {
        var octets: [UInt8] = []
        octets.append(frame.bytes)
        ahead.append(
            Ahead(
                frame: reference(to: frame), linkType: frame.linkType, flags: frame.flags,
                isCut: frame.originalLength > frame.bytes.count, octets: octets))
    }

    mutating func peelAhead(into frames: inout HeardFrames) {
        guard let ahead = ahead.popFirst() else { return }
        take(ahead.octets.span, ahead.frame, ahead.linkType, flags: ahead.flags, isCut: ahead.isCut, into: &frames)
    }

    @inline(__always)
    private mutating func take(
        _ bytes: Span<UInt8>, _ frame: FrameReference, _ linkType: LinkType, flags: UInt32, isCut: Bool,
        into frames: inout HeardFrames
    ) {
        summary.count(frame.time)
        guard let encapsulation = encapsulation(of: linkType) else {
            unsupported += 1
            frames.append(.unsupportedLinkType(linkType), at: frame)
            return
        }
        peel(bytes, frame, as: encapsulation, flags: flags, isCut: isCut, into: &frames)
    }

    private mutating func peel(
        _ bytes: Span<UInt8>, _ frame: FrameReference, as encapsulation: Encapsulation, flags: UInt32, isCut: Bool,
        into frames: inout HeardFrames
    ) {
        do {
            let outcome = try peeler.peel(
                bytes, of: frame.stamp, as: encapsulation, flags: flags, isCut: isCut, into: &frames.heard)
            if isCut { frames.append(.truncated, at: frame) }
            guard outcome == .crcFailed else { return }
            summary.crcFailed += 1
            frames.append(.crcFailed, at: frame)
        } catch {
            if isCut {
                frames.append(.truncated, at: frame)
            } else {
                frames.heard.append(error, in: frame.stamp)
            }
        }
    }

    @inline(__always)
    private mutating func encapsulation(of linkType: LinkType) -> Encapsulation? {
        if let last, last.linkType == linkType { return last.encapsulation }
        return changedEncapsulation(to: linkType)
    }

    private mutating func changedEncapsulation(to linkType: LinkType) -> Encapsulation? {
        if summary.linkTypes.count < Self.mostLinkTypes, !summary.linkTypes.contains(linkType) {
            summary.linkTypes.append(linkType)
        }
        let encapsulation = Encapsulation(linkType)
        last = (linkType, encapsulation)
        return encapsulation
    }

    mutating func breakOff(_ error: CaptureError, into frames: inout HeardFrames) {
        summary.failure = error
        let after = summary.lastTime ?? CaptureTime(nanoseconds: 0)
        let frame = FrameReference(capture: summary.index, number: summary.frames + 1, time: after)
        frames.append(.brokeOff(error), at: frame)
    }

    /// Tells how far the capture was read; `losses`: what of the file could not be.
    mutating func tell(_ losses: CaptureLosses, _ frames: inout HeardFrames) {
        let tally = peeler.tally
        let notices: [CaptureNotice: Int] = [
            .damaged: losses.damages, .unknownRecord: losses.unknown, .dewhitened: tally.dewhitened,
            .connectionJoined: tally.joined, .connectionUnchecked: tally.unchecked,
            .connectionEncrypted: tally.encrypted, .clockNotSet: summary.isClockSet ? 0 : 1,
            .lost: lost,
        ]
        summary.notices = notices.filter { $0.value > 0 }
        let time = summary.lastTime ?? CaptureTime(nanoseconds: 0)
        let frame = FrameReference(capture: summary.index, number: summary.frames, time: time)
        frames.append(.read(summary), at: frame)
    }

    /// Why nothing of the capture could be used: there was no frame, or none of a link type that can be peeled.
    var refusal: CaptureError? {
        guard summary.frames > 0 else { return emptiness }
        guard unsupported == summary.frames else { return nil }
        let names = summary.linkTypes.map(\.description).joined(separator: ", ")
        let isOfOtherRadio = summary.linkTypes.allSatisfy(\.isIEEE802154)
        return CaptureError(
            .notACapture, path: summary.path,
            isOfOtherRadio
                ? "has \(names): it is 802.15.4, not Bluetooth; capture with a sniffer for Bluetooth LE"
                : "has \(names), which holds no Bluetooth LE; \(Encapsulation.supported) can be read")
    }

    private var emptiness: CaptureError {
        if let failure = summary.failure {
            return CaptureError(
                failure.kind, path: summary.path, "holds no frame that can be read: \(failure.explanation)")
        }
        return CaptureError(
            .notACapture, path: summary.path,
            "has no frames: capture near a node of the network, on the advertising channels 37 to 39, or on the host that "
                + "takes part in it; what a program that still captures has heard may not be written yet")
    }
}
