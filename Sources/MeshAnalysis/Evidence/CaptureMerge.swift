import CaptureFiles

/// The frames of several captures in the order of time, each peeled by its own peeler.
struct CaptureMerge {
    private let inputs: [CaptureInput]
    /// Captures that could not be used at all; the others are analysed.
    private(set) var unusable: [CaptureError] = []
    private static let progressInterval = 1 << 16

    /// - Throws: if no capture can be opened.
    init(_ paths: [String]) throws(CaptureError) {
        var inputs: [CaptureInput] = []
        let alignment = ClockAlignment(paths)
        // Captures that cannot be used have no place among the others.
        var places: [Int: Int] = [:]
        for (index, path) in paths.enumerated() {
            do throws(CaptureError) {
                var aligned = alignment.captures[index]
                aligned.reference = aligned.reference.flatMap { places[$0] }
                let input = try CaptureInput(
                    path: path, index: inputs.count, alignment: paths.count > 1 ? aligned : nil)
                places[index] = inputs.count
                inputs.append(input)
            } catch {
                unusable.append(error)
            }
        }
        if inputs.isEmpty, let error = unusable.first { throw error }
        self.inputs = inputs
    }

    var summaries: [Analysis.Capture] { inputs.map(\.summary) }

    /// - Throws: if no capture holds anything that can be peeled.
    mutating func run(
        into collector: inout EvidenceCollector, _ progress: (AnalysisProgress) -> Void
    ) throws(CaptureError) {
        if let only = inputs.first, inputs.count == 1 {
            while only.takeNext(Self.progressInterval, into: &collector) {
                progress(AnalysisProgress(frames: only.summary.frames, octets: octets))
            }
        } else {
            merge(into: &collector, progress)
        }
        unusable += inputs.compactMap(\.refusal)
        if let error = unusable.first, inputs.allSatisfy({ $0.refusal != nil }) { throw error }
    }

    private func merge(into collector: inout EvidenceCollector, _ progress: (AnalysisProgress) -> Void) {
        var frames = 0
        var waiting = inputs
        for input in waiting { input.readAhead(into: &collector) }
        waiting.removeAll { !$0.hasReadAhead }
        while let next = earliest(of: waiting) {
            if !next.takeReadAhead(into: &collector) { waiting.removeAll { $0 === next } }
            frames += 1
            if frames % Self.progressInterval == 0 { progress(AnalysisProgress(frames: frames, octets: octets)) }
        }
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

    init(path: String, index: Int, alignment: CaptureAlignment?) throws(CaptureError) {
        stream = try CaptureStream(path: path, index: index, alignment: alignment)
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

    var refusal: CaptureError? { stream.intake.refusal }
}

/// A capture file and what becomes of its frames.
private struct CaptureStream: ~Copyable {
    var file: CaptureFile
    var intake: CaptureIntake

    init(path: String, index: Int, alignment: CaptureAlignment?) throws(CaptureError) {
        let file = try CaptureFile(path: path)
        intake = CaptureIntake(
            path: path, format: file.format, timeDigits: file.timeDigits, index: index, alignment: alignment)
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
