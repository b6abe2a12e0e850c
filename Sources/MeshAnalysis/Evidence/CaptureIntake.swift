import BluetoothFrames
import CaptureFiles

/// Takes the frames of one capture: peels them for the collector, and keeps what is to be said of the capture.
struct CaptureIntake {
    /// A frame read ahead of its turn; only where several captures are merged.
    struct Ahead {
        let frame: FrameReference
        let linkType: LinkType
        let flags: UInt32
        let isCut: Bool
        let octets: [UInt8]
    }

    private(set) var summary: Analysis.Capture
    var ahead: Ahead?
    private let index: Int
    private var peeler = FramePeeler()
    /// The last link type met, which is nearly always the next one's too.
    private var last: (linkType: LinkType, encapsulation: Encapsulation?)?
    private var unsupported = 0
    private var previousTime: CaptureTime?
    /// No honest file has more; the others are findings.
    private static let mostLinkTypes = 64
    /// Nanoseconds: back by more than ten seconds, or ahead by more than a year.
    private static let clockStep: Int64 = 10_000_000_000
    private static let clockLeap: Int64 = 31_536_000_000_000_000

    /// What is added to each time, so that it is the other captures'.
    private let shift: Duration

    init(path: String, format: CaptureFormat, timeDigits: Int, index: Int, alignment: CaptureAlignment?) {
        summary = Analysis.Capture(path: path, format: format, alignment: alignment, timeDigits: timeDigits)
        shift = .zero - (alignment?.offset ?? .zero)
        self.index = index
    }

    @inline(__always)
    mutating func take(_ frame: CapturedFrame, into collector: inout EvidenceCollector) {
        let reference = FrameReference(capture: index, number: frame.number, time: aligned(frame.time))
        take(
            frame.bytes, reference, frame.linkType, flags: frame.flags, isCut: frame.originalLength > frame.bytes.count,
            into: &collector)
    }

    @inline(__always)
    private func aligned(_ time: CaptureTime) -> CaptureTime {
        shift == .zero ? time : time.advanced(by: shift)
    }

    /// Keeps a copy of a frame until its turn comes.
    mutating func keep(_ frame: CapturedFrame) {
        var octets: [UInt8] = []
        octets.reserveCapacity(frame.bytes.count)
        for index in frame.bytes.indices { octets.append(frame.bytes[index]) }
        ahead = Ahead(
            frame: FrameReference(capture: index, number: frame.number, time: aligned(frame.time)),
            linkType: frame.linkType,
            flags: frame.flags, isCut: frame.originalLength > frame.bytes.count, octets: octets)
    }

    mutating func takeAhead(into collector: inout EvidenceCollector) {
        guard let ahead else { return }
        take(ahead.octets.span, ahead.frame, ahead.linkType, flags: ahead.flags, isCut: ahead.isCut, into: &collector)
    }

    private mutating func take(
        _ bytes: Span<UInt8>, _ frame: FrameReference, _ linkType: LinkType, flags: UInt32, isCut: Bool,
        into collector: inout EvidenceCollector
    ) {
        summary.frames += 1
        noteClock(frame, into: &collector)
        summary.firstTime = min(summary.firstTime ?? frame.time, frame.time)
        summary.lastTime = max(summary.lastTime ?? frame.time, frame.time)
        if frame.time.nanoseconds % 1000 != 0 { summary.timeDigits = 9 }
        collector.begin(frame)
        guard let encapsulation = encapsulation(of: linkType) else {
            unsupported += 1
            collector.record(
                .unsupportedLinkType, .warning, subject: UInt64(linkType.number),
                detail: [.init("link_type", .number(Int64(linkType.number)))])
            return
        }
        peel(bytes, as: encapsulation, flags: flags, isCut: isCut, into: &collector)
    }

    private mutating func peel(
        _ bytes: Span<UInt8>, as encapsulation: Encapsulation, flags: UInt32, isCut: Bool,
        into collector: inout EvidenceCollector
    ) {
        do {
            let outcome = try peeler.peel(
                bytes, as: encapsulation, flags: flags, isCut: isCut, into: &collector)
            if isCut { collector.record(.truncatedFrame, .info) }
            guard outcome == .crcFailed else { return }
            summary.crcFailed += 1
            collector.record(.crcFailed, .info, subject: UInt64(index))
        } catch {
            if isCut { collector.record(.truncatedFrame, .info) } else { collector.takeMalformed(error) }
        }
    }

    /// A clock that was set while the capture ran: times before and after do not belong together.
    private mutating func noteClock(_ frame: FrameReference, into collector: inout EvidenceCollector) {
        defer { previousTime = frame.time }
        guard let previousTime else { return }
        let nanoseconds = frame.time.nanoseconds.subtractingReportingOverflow(previousTime.nanoseconds)
        guard
            nanoseconds.overflow || nanoseconds.partialValue < -Self.clockStep
                || nanoseconds.partialValue > Self.clockLeap
        else { return }
        collector.begin(frame)
        collector.record(
            .clockJumped, .warning, subject: UInt64(index),
            detail: [.init("from", .time(previousTime)), .init("to", .time(frame.time))])
    }

    private mutating func encapsulation(of linkType: LinkType) -> Encapsulation? {
        if let last, last.linkType == linkType { return last.encapsulation }
        if summary.linkTypes.count < Self.mostLinkTypes, !summary.linkTypes.contains(linkType) {
            summary.linkTypes.append(linkType)
        }
        let encapsulation = Encapsulation(linkType)
        last = (linkType, encapsulation)
        return encapsulation
    }

    mutating func breakOff(_ error: CaptureError, into collector: inout EvidenceCollector) {
        summary.isComplete = false
        summary.failure = error
        let after = summary.lastTime ?? CaptureTime(nanoseconds: 0)
        collector.begin(FrameReference(capture: index, number: summary.frames + 1, time: after))
        collector.record(
            .damagedRecord, .warning, subject: UInt64(index),
            detail: [.init("capture", .text(summary.path)), .init("reason", .text(error.explanation))])
    }

    /// Why nothing of the capture could be used: no frame at all had a link type that can be peeled.
    var refusal: CaptureError? {
        guard summary.frames > 0, unsupported == summary.frames else { return nil }
        let names = summary.linkTypes.map(\.description).joined(separator: ", ")
        return CaptureError(
            .notACapture, path: summary.path,
            "has \(names), which holds no Bluetooth LE; \(Encapsulation.supported) can be read")
    }
}
