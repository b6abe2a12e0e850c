import CaptureFiles

/// The frames of several captures in the order of time, each peeled by its own peeler.
struct CaptureMerge {
    private let inputs: [CaptureInput]
    private static let progressInterval = 1 << 16

    init(_ paths: [String]) throws(CaptureError) {
        var inputs: [CaptureInput] = []
        for (index, path) in paths.enumerated() {
            inputs.append(try CaptureInput(path: path, index: index))
        }
        self.inputs = inputs
    }

    var summaries: [Analysis.Capture] { inputs.map(\.summary) }

    func run(
        into collector: inout EvidenceCollector, _ progress: (AnalysisProgress) -> Void
    ) throws(CaptureError) {
        var frames = 0
        if let only = inputs.first, inputs.count == 1 {
            while only.takeNext(Self.progressInterval, into: &collector) {
                progress(AnalysisProgress(frames: only.summary.frames, octets: octets))
            }
            return try only.requireUsable()
        }
        var waiting = inputs
        for input in waiting { input.readAhead(into: &collector) }
        while let next = earliest(of: waiting) {
            if !next.takeReadAhead(into: &collector) { waiting.removeAll { $0 === next } }
            frames += 1
            if frames % Self.progressInterval == 0 { progress(AnalysisProgress(frames: frames, octets: octets)) }
        }
        for input in inputs { try input.requireUsable() }
    }

    private func earliest(of waiting: [CaptureInput]) -> CaptureInput? {
        guard var best = waiting.first else { return nil }
        for input in waiting.dropFirst() where input.aheadTime < best.aheadTime { best = input }
        return best
    }

    private var octets: (read: Int64, size: Int64)? {
        var sum: (read: Int64, size: Int64) = (0, 0)
        for input in inputs {
            guard let (read, size) = input.progress else { return nil }
            sum = (sum.read + read, sum.size + size)
        }
        return sum
    }
}

/// One capture of a merge; a box, since a capture file cannot be copied.
final class CaptureInput {
    private var stream: CaptureStream

    init(path: String, index: Int) throws(CaptureError) {
        stream = try CaptureStream(path: path, index: index)
    }

    var summary: Analysis.Capture { stream.intake.summary }
    var progress: (read: Int64, size: Int64)? { stream.file.progress }
    var hasReadAhead: Bool { stream.intake.ahead != nil }
    var aheadTime: CaptureTime { stream.intake.ahead?.frame.time ?? CaptureTime(nanoseconds: .max) }

    /// Reads and takes the next frames; false if the capture ended before there were `count`.
    func takeNext(_ count: Int, into collector: inout EvidenceCollector) -> Bool {
        stream.takeNext(count, into: &collector)
    }

    /// Reads the next frame and keeps it.
    func readAhead(into collector: inout EvidenceCollector) { stream.readAhead(into: &collector) }

    /// Takes the frame read ahead and reads the one behind it; false if there is none.
    func takeReadAhead(into collector: inout EvidenceCollector) -> Bool {
        stream.intake.takeAhead(into: &collector)
        stream.readAhead(into: &collector)
        return hasReadAhead
    }

    func requireUsable() throws(CaptureError) { try stream.intake.requireUsable() }
}

/// A capture file and what becomes of its frames.
private struct CaptureStream: ~Copyable {
    var file: CaptureFile
    var intake: CaptureIntake

    init(path: String, index: Int) throws(CaptureError) {
        let file = try CaptureFile(path: path)
        intake = CaptureIntake(path: path, format: file.format, timeDigits: file.timeDigits, index: index)
        self.file = file
    }

    mutating func takeNext(_ count: Int, into collector: inout EvidenceCollector) -> Bool {
        do throws(CaptureError) {
            for _ in 0..<count {
                guard let frame = try file.nextFrame() else { return false }
                intake.take(frame, into: &collector)
            }
            return true
        } catch {
            intake.breakOff(error, into: &collector)
            return false
        }
    }

    mutating func readAhead(into collector: inout EvidenceCollector) {
        intake.ahead = nil
        do throws(CaptureError) {
            guard let frame = try file.nextFrame() else { return }
            intake.keep(frame)
        } catch {
            intake.breakOff(error, into: &collector)
        }
    }
}
