import CaptureFiles
import MeshProtocol

/// The captures that are read together, which one thread at a time may do.
final class CaptureInputs: Sendable {
    private let reading: Guarded<MergedReading>
    /// Captures that could not be opened.
    let unopened: [CaptureError]

    /// One capture by itself, as it stands.
    ///
    /// - Throws: if it cannot be opened.
    init(apart path: String, _ clock: ClockSetting) throws(CaptureError) {
        reading = Guarded(MergedReading([try CaptureInput(path: path, index: 0, alignment: nil, clock: clock)]))
        unopened = []
    }

    /// `first`: the index of the first capture.
    ///
    /// - Throws: if no capture can be opened.
    init(
        _ paths: [String], _ alignment: ClockAlignment, _ clocks: ClockSettings, first: Int
    ) throws(CaptureError) {
        var inputs: [CaptureInput] = []
        var unopened: [CaptureError] = []
        // A capture that cannot be used gets no index, so that the indexes of the others have no gap.
        var places: [Int: Int] = [:]
        for (index, path) in paths.enumerated() {
            do throws(CaptureError) {
                var aligned = alignment.captures[index]
                aligned.reference = aligned.reference.flatMap { places[$0] }
                let input = try CaptureInput(
                    path: path, index: first + inputs.count, alignment: paths.count > 1 ? aligned : nil,
                    clock: clocks.setting(of: path))
                places[index] = first + inputs.count
                inputs.append(input)
            } catch {
                unopened.append(error)
            }
        }
        if inputs.isEmpty, let error = unopened.first { throw error }
        self.unopened = unopened
        reading = Guarded(MergedReading(inputs))
    }

    /// Reads on, in the order of time, until the batch is full or it is time to tell how far; false if all was read before.
    func fill(_ heard: inout HeardFrames) -> Bool { reading.withLock { $0.fill(&heard) } }

    /// Frames read so far.
    var frames: Int { reading.withLock { $0.frames } }

    /// Captures of which nothing could be used, and whether that is all of them. Once they are read.
    var refusals: (errors: [CaptureError], areAll: Bool) { reading.withLock { $0.refusals } }
}

/// Takes the frames of several captures in turn, the earliest first.
private struct MergedReading {
    private let inputs: [CaptureInput]
    /// Of several captures those that have frames left; `nil` before the first one is read.
    private var waiting: [CaptureInput]?
    private var isAtEnd = false
    private var told = 0
    static let interval = 1 << 16

    init(_ inputs: [CaptureInput]) {
        self.inputs = inputs
    }

    mutating func fill(_ heard: inout HeardFrames) -> Bool {
        guard !isAtEnd else { return false }
        if let only = inputs.first, inputs.count == 1 {
            isAtEnd = !only.readOn(into: &heard)
        } else {
            merge(into: &heard)
        }
        let frames = frames
        if frames / Self.interval > told {
            told = frames / Self.interval
            heard.progress = ReadingProgress(frames: frames, octets: octets)
        }
        return true
    }

    private mutating func merge(into heard: inout HeardFrames) {
        var waiting = waiting ?? inputs.filter { $0.begin(into: &heard) }
        var count = 0
        while !heard.isFull, count < Self.interval, let next = earliest(of: waiting) {
            if !next.advance(into: &heard) { waiting.removeAll { $0 === next } }
            count += 1
        }
        isAtEnd = waiting.isEmpty
        self.waiting = waiting
    }

    var refusals: (errors: [CaptureError], areAll: Bool) {
        let errors = inputs.compactMap(\.refusal)
        return (errors, errors.count == inputs.count)
    }

    private func earliest(of waiting: [CaptureInput]) -> CaptureInput? {
        guard var best = waiting.first else { return nil }
        for input in waiting.dropFirst() where input.timeAhead < best.timeAhead { best = input }
        return best
    }

    var frames: Int { inputs.reduce(0) { $0 + $1.frames } }

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
private final class CaptureInput {
    private var source: PeeledCapture

    init(path: String, index: Int, alignment: CaptureAlignment?, clock: ClockSetting) throws(CaptureError) {
        source = try PeeledCapture(path: path, index: index, alignment: alignment, clock: clock)
    }

    var frames: Int { source.intake.summary.frames }
    var progress: (read: Int64, size: Int64)? { source.file.progress }
    var timeAhead: CaptureTime { source.intake.timeAhead }

    /// Reads and takes frames until the batch is full or it is time to tell how far; false at the end.
    func readOn(into heard: inout HeardFrames) -> Bool { source.readOn(into: &heard) }

    /// Reads the first frames and keeps them; false if there are none.
    func begin(into heard: inout HeardFrames) -> Bool { source.readAhead(into: &heard) }

    /// Takes the first frame that was read ahead and reads one more; false if that was the last one.
    func advance(into heard: inout HeardFrames) -> Bool {
        source.intake.peelAhead(into: &heard)
        return source.readAhead(into: &heard)
    }

    var refusal: CaptureError? { source.intake.refusal }
}

/// A capture file and what becomes of its frames.
private struct PeeledCapture: ~Copyable {
    var file: CaptureFile
    var intake: CaptureIntake
    /// How the reading ended, where frames that were read ahead are still to be taken.
    private var end: Result<Void, CaptureError>?

    init(path: String, index: Int, alignment: CaptureAlignment?, clock: ClockSetting) throws(CaptureError) {
        let file = try CaptureFile(path: path)
        intake = CaptureIntake(
            path: path, format: file.format, timeDigits: file.timeDigits, index: index, alignment: alignment,
            clock: clock)
        self.file = file
    }

    mutating func readOn(into heard: inout HeardFrames) -> Bool {
        do throws(CaptureError) {
            var untilTold = MergedReading.interval - intake.summary.frames % MergedReading.interval
            while !heard.isFull, untilTold > 0 {
                guard let frames = try file.nextFrames(atMost: min(heard.room, untilTold)) else {
                    intake.tell(file.losses, &heard)
                    return false
                }
                untilTold -= frames.count
                intake.take(frames, into: &heard)
            }
            if untilTold == 0 { intake.tell(file.losses, &heard) }
            return true
        } catch {
            breakOff(error, &heard)
            return false
        }
    }

    /// Reads as many frames ahead as are kept; false, once that is told, if there are no more.
    mutating func readAhead(into heard: inout HeardFrames) -> Bool {
        while end == nil, intake.countAhead < CaptureIntake.mostAhead { readOneAhead() }
        guard intake.countAhead == 0 else { return true }
        if case .failure(let error) = end { breakOff(error, &heard) } else { intake.tell(file.losses, &heard) }
        return false
    }

    private mutating func readOneAhead() {
        do throws(CaptureError) {
            guard let frame = try file.nextFrame() else {
                end = .success(())
                return
            }
            intake.keep(frame)
        } catch {
            end = .failure(error)
        }
    }

    private mutating func breakOff(_ error: CaptureError, _ heard: inout HeardFrames) {
        intake.breakOff(error, into: &heard)
        intake.tell(file.losses, &heard)
    }
}
