public import CaptureFiles
public import MeshProtocol

/// How far a read has come, over all captures.
public struct ReadingProgress: Sendable {
    /// How many frames were read.
    public let frames: Int
    /// Octets read and octets in all; `nil` where a pipe hides its end.
    public let octets: (read: Int64, size: Int64)?
    /// Share of an IV Index search, 0 to 1, once the captures are read.
    public var search: Double?
}

/// Reads the frames of several captures in the order of time, each peeled by its own peeler, into one stream.
public struct CaptureReading {
    private let inputs: [CaptureInput]
    /// Captures that could not be used at all; the others are analysed.
    public private(set) var unusable: [CaptureError] = []
    private static let progressInterval = 1 << 16

    /// One capture by itself, as it stands.
    ///
    /// - Throws: if it cannot be opened.
    init(apart path: String, _ clock: ClockSetting) throws(CaptureError) {
        inputs = [try CaptureInput(path: path, index: 0, alignment: nil, clock: clock)]
    }

    /// - Parameters:
    ///   - paths: of the captures; `-` is standard input.
    ///   - keys: by which the clocks of several captures are aligned; without keys they stay as they are.
    ///   - given: an IV Index to open with where nothing tells it.
    ///   - clocks: what the user says of them.
    /// - Throws: if no capture can be opened.
    public init(
        _ paths: [String], keys: KeyRing = KeyRing(networks: []), given: IVIndex? = nil,
        clocks: ClockSettings = ClockSettings()
    ) throws(CaptureError) {
        var inputs: [CaptureInput] = []
        let alignment = ClockAlignment(paths, keys, given: given, clocks)
        // A capture that cannot be used gets no index, so that the indexes of the others have no gap.
        var places: [Int: Int] = [:]
        for (index, path) in paths.enumerated() {
            do throws(CaptureError) {
                var aligned = alignment.captures[index]
                aligned.reference = aligned.reference.flatMap { places[$0] }
                let input = try CaptureInput(
                    path: path, index: inputs.count, alignment: paths.count > 1 ? aligned : nil,
                    clock: clocks.setting(of: path))
                places[index] = inputs.count
                inputs.append(input)
            } catch {
                unusable.append(error)
            }
        }
        if inputs.isEmpty, let error = unusable.first { throw error }
        self.inputs = inputs
    }

    /// Reads to the end.
    ///
    /// - Parameters:
    ///   - stream: takes what the frames hold.
    ///   - receive: is handed what the stream observes, in batches.
    ///   - progress: is told now and then how far it has come.
    /// - Throws: if no capture holds anything that can be peeled.
    public mutating func run(
        into stream: inout EvidenceStream, _ receive: ([Observation]) -> Void,
        _ progress: (ReadingProgress) -> Void = { _ in }
    ) throws(CaptureError) {
        var heard = HeardFrames()
        func handOn(_ heard: inout HeardFrames) {
            stream.take(heard)
            heard.removeAll()
            stream.removeObserved(receive)
        }
        if let only = inputs.first, inputs.count == 1 {
            while only.readNext(Self.progressInterval, into: &heard, handOn) {
                progress(ReadingProgress(frames: frames, octets: octets))
            }
        } else {
            merge(into: &heard, handOn, progress)
        }
        handOn(&heard)
        stream.settle { [frames] in progress(ReadingProgress(frames: frames, octets: nil, search: $0)) }
        stream.removeObserved(receive)
        unusable += inputs.compactMap(\.refusal)
        if let error = unusable.first, inputs.allSatisfy({ $0.refusal != nil }) { throw error }
    }

    private func merge(
        into heard: inout HeardFrames, _ handOn: (inout HeardFrames) -> Void, _ progress: (ReadingProgress) -> Void
    ) {
        var frames = 0
        var waiting = inputs
        waiting.removeAll { !$0.begin(into: &heard) }
        while let next = earliest(of: waiting) {
            if !next.advance(into: &heard) { waiting.removeAll { $0 === next } }
            if heard.isFull { handOn(&heard) }
            frames += 1
            if frames % Self.progressInterval == 0 { progress(ReadingProgress(frames: frames, octets: octets)) }
        }
    }

    private func earliest(of waiting: [CaptureInput]) -> CaptureInput? {
        guard var best = waiting.first else { return nil }
        for input in waiting.dropFirst() where input.timeAhead < best.timeAhead { best = input }
        return best
    }

    private var frames: Int { inputs.reduce(0) { $0 + $1.frames } }

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

    /// Reads and takes the next frames; false if the capture ended before there were `count`.
    func readNext(_ count: Int, into heard: inout HeardFrames, _ handOn: (inout HeardFrames) -> Void) -> Bool {
        source.readNext(count, into: &heard, handOn)
    }

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

    mutating func readNext(_ count: Int, into heard: inout HeardFrames, _ handOn: (inout HeardFrames) -> Void) -> Bool {
        do throws(CaptureError) {
            for _ in 0..<count {
                guard let frame = try file.nextFrame() else {
                    intake.tell(file.losses, &heard)
                    return false
                }
                intake.take(frame, into: &heard)
                if heard.isFull { handOn(&heard) }
            }
            intake.tell(file.losses, &heard)
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
