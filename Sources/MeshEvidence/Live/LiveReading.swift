import BluetoothFrames
import CaptureFiles
import Dispatch
import Glibc

/// Reads one live source, whatever becomes of it, in a thread of its own.
final class LiveReading: LiveWaiting, @unchecked Sendable {
    private let source: LiveSource
    /// Its place among the sources, and the index of the capture that it is.
    private let place: Int
    private let index: Int
    private let queue: LiveQueue
    // What follows is the reading thread's alone.
    private var hearing = Hearing()
    private var position: LivePosition
    /// Frames of all that was handed on, or was lost.
    private var handedOn = 0
    private var notice: String?
    private var lastNotice: String?

    private static let pauseMicroseconds: useconds_t = 300_000
    private static let mostMarks = 100_000
    /// What was sent until the end is taken within this time.
    private static let lastWait = DispatchTimeInterval.seconds(2)

    init(_ source: LiveSource, place: Int, index: Int, from position: LivePosition, into queue: LiveQueue) {
        self.source = source
        (self.place, self.index) = (place, index)
        self.queue = queue
        self.position = position
    }

    var isOnlyWhatIsThere: Bool { queue.isOnlyWhatIsThere }
    /// What is written somewhere waits until it is taken; what is sent does not.
    private var canWait: Bool { !source.isEndless }
    var isStopped: Bool { queue.isStopped }

    /// Hands on what was heard, and says that there is no more for now.
    func rest() {
        handOn()
        queue.rest(place)
    }

    // MARK: What is read next

    func run() {
        switch source {
        case .path(let path): follow(LiveFiles(path))
        case .standardInput:
            readStream()
            say("has ended")
        case .interface, .ellisys:
            while !isStopped {
                readStream()
                if isOnlyWhatIsThere { break }
                pause()
            }
        }
        handOn(isLast: true)
        queue.end(place)
    }

    private func pause() {
        rest()
        usleep(Self.pauseMicroseconds)
    }

    private func follow(_ files: LiveFiles) {
        while !isStopped {
            let hasRead = readNext(of: files)
            guard !hasRead else { continue }
            if isOnlyWhatIsThere { return }
            pause()
        }
    }

    /// False where there is nothing to read now.
    private func readNext(of files: LiveFiles) -> Bool {
        switch files.kind {
        case .missing:
            say("is not there yet; it is waited for")
            return false
        case .pipe:
            readStream()
            return !isOnlyWhatIsThere
        case .file, .folder:
            guard let next = files.next(position.marks) else { return false }
            read(next, of: files)
            return true
        }
    }

    // MARK: Reading

    private func readStream() {
        do throws(CaptureError) {
            var file = try CaptureFile(following: try LiveInput(source, waiting: self))
            begin(file, known: 0)
            read(&file, known: 0, path: nil)
        } catch {
            say(error.explanation)
        }
    }

    private func read(_ next: LiveFiles.Next, of files: LiveFiles) {
        let before = position.marks
        do throws(CaptureError) {
            let input = try LiveInput(name: source.name, path: next.path, waiting: self) { [self] in
                next.hasSuccessor || files.hasSuccessor(next.path, position.marks)
            }
            var file = try CaptureFile(following: input)
            begin(file, known: next.known)
            read(&file, known: next.known, path: next.path)
        } catch {
            say(error.explanation)
        }
        guard position.marks != before else {
            files.noteEmpty(next.path)
            return
        }
    }

    /// Goes on behind the files before; what of this one was read before is read again, and counts once.
    private func begin(_ file: borrowing CaptureFile, known: Int) {
        let summary =
            hearing.intake?.summary ?? position.summary
            ?? CaptureSummary(path: source.name, format: file.format, index: index, timeDigits: file.timeDigits)
        hearing.intake = CaptureIntake(continuing: summary, known: known)
    }

    private func read(_ file: inout CaptureFile, known: Int, path: String?) {
        var frames = 0
        self.path = path
        do throws(CaptureError) {
            while let next = try file.nextFrames(atMost: hearing.room(behind: frames, known: known)) {
                // The end of a text that still grows may be half a record.
                if isStopped { break }
                take(next, behind: frames, known: known)
                frames += next.count
            }
        } catch {
            // What is cut off where somebody stopped may be whole when it is read on.
            if !isStopped, !isOnlyWhatIsThere {
                hearing.breakOff(error)
            }
            say(error.explanation)
        }
        if frames < known { hearing.intake?.forgetKnown() }
        hearing.intake?.keepLosses(file.losses)
        hearing.reached = 0
        // Complete, as far as it goes now, unless somebody stopped before its end.
        if let path, frames >= known, frames > 0 { mark(path, max(frames, known), isComplete: !isStopped) }
        handOn()
        if let refusal = hearing.intake?.refusal, frames > 0 { say(refusal.explanation) }
    }

    /// Takes frames that stand behind so many others of the file, and hands on what is enough.
    private func take(_ frames: CapturedFrames, behind count: Int, known: Int) {
        guard count < known || hearing.isLong(frames) else {
            if hearing.take(frames, behind: count) { handOn() }
            return
        }
        for place in 0..<frames.count
        where hearing.take(frames.frame(at: place), number: count + place + 1, known: known) { handOn() }
    }

    private var marked: (path: String, place: Int)?
    /// The file that is being read.
    private var path: String?

    /// Takes note of how far a file was read.
    private func mark(_ path: String, _ frames: Int, isComplete: Bool) {
        if marked?.path != path, let mark = FileMark(path: path) {
            position.marks.append(mark)
            if position.marks.count > Self.mostMarks { position.marks.removeFirst() }
            marked = (path, position.marks.count - 1)
        }
        guard let place = marked?.place else { return }
        position.marks[place].frames = frames
        // While it grows it is of no size, so that it is read on.
        position.marks[place].size = isComplete ? FileMark(path: path)?.size ?? 0 : 0
        hearing.hasNews = true
        if isComplete { marked = nil }
    }

    /// Says something once, until it says something else.
    private func say(_ text: String) {
        guard text != lastNotice else { return }
        lastNotice = text
        notice = text
        handOn()
    }

    private func handOn(isLast: Bool = false) {
        guard hearing.hasNews || notice != nil else { return }
        // Whoever takes it may be busy with the disk: what is sent waits here as long as there is room.
        guard isLast || canWait || hearing.frames.isFull || queue.hasRoom(for: place) else { return }
        if hearing.reached > 0, let path { mark(path, hearing.reached, isComplete: false) }
        let count = hearing.intake?.summary.frames ?? 0
        let (frames, firstTime) = hearing.removeFrames()
        position.summary = hearing.intake?.summary ?? position.summary
        let batch = LiveBatch(source: place, heard: frames, position: position, notice: notice, firstTime: firstTime)
        let deadline: DispatchTime = canWait ? .distantFuture : isLast ? .now() + Self.lastWait : .now()
        if !queue.handOn(batch, until: deadline) { hearing.intake?.noteLost(count - handedOn) }
        handedOn = count
        notice = nil
    }
}

/// What was heard since the last batch was handed on.
private struct Hearing {
    private(set) var frames = HeardFrames(most: mostOfBatch)
    var intake: CaptureIntake?
    private var firstTime: CaptureTime?
    var hasNews = false
    /// How many frames of the file were read when they were last taken; it is written down once their batch is handed on.
    var reached = 0

    private static let mostOfBatch = 4096
    /// So many nanoseconds one batch spans at most: batches of several sources are put into the order of time.
    private static let longestSpan: UInt64 = 10_000_000_000

    /// How many frames can be taken at once.
    func room(behind count: Int, known: Int) -> Int { count < known ? min(frames.room, known - count) : frames.room }

    /// Whether one of these frames makes the batch span so long that it is to be handed on.
    mutating func isLong(_ next: CapturedFrames) -> Bool {
        for place in 0..<next.count where isLong(next.frame(at: place).time) { return true }
        return false
    }

    /// Takes frames that stand behind so many others of the file; true where the batch is to be handed on.
    mutating func take(_ next: CapturedFrames, behind count: Int) -> Bool {
        intake?.take(next, into: &frames)
        (hasNews, reached) = (true, count + next.count)
        return frames.isFull
    }

    /// Takes a frame; true where the batch is to be handed on. `number`: of the frame; `known`: how many were taken before.
    @inline(__always)
    mutating func take(_ frame: CapturedFrame, number: Int, known: Int) -> Bool {
        intake?.take(frame, into: &frames)
        guard number > known else {
            frames.removeAll()
            if number == known { intake?.forgetKnown() }
            return false
        }
        (hasNews, reached) = (true, number)
        return frames.isFull || isLong(frame.time)
    }

    @inline(__always)
    private mutating func isLong(_ time: CaptureTime) -> Bool {
        guard time.isKnown else { return false }
        guard let firstTime else {
            self.firstTime = time
            return false
        }
        let (distance, overflow) = time.nanoseconds.subtractingReportingOverflow(firstTime.nanoseconds)
        return overflow || distance.magnitude > Self.longestSpan
    }

    mutating func breakOff(_ error: CaptureError) {
        intake?.breakOff(error, into: &frames)
        hasNews = true
    }

    /// Hands over what was heard, and the first time of it; the next batch will have as many.
    mutating func removeFrames() -> (HeardFrames, CaptureTime?) {
        if hasNews { intake?.tell(&frames) }
        defer {
            frames = HeardFrames(most: Self.mostOfBatch, expected: frames.heard.count)
            (firstTime, hasNews, reached) = (nil, false, 0)
        }
        return (frames, firstTime)
    }
}
