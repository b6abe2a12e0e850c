import CaptureFiles
public import MeshEvidence
public import MeshProtocol

/// Something that was heard in a frame, to be drawn over time.
public protocol TimeMark: Hashable, Codable, Sendable {
    /// Where it was heard.
    var frame: FrameReference { get }
}

/// The first hearing of a SEQ.
public struct SequenceMark: TimeMark {
    /// Where it was heard first.
    public let frame: FrameReference
    /// IV Index and SEQ.
    public let position: SequencePosition
    /// How many different SEQ were heard of the source under this IV Index until then, this one included.
    public let distinct: Int

    /// A SEQ, where it was heard, and how many different ones there were until then.
    public init(frame: FrameReference, position: SequencePosition, distinct: Int) {
        (self.frame, self.position, self.distinct) = (frame, position, distinct)
    }
}

/// An authentic beacon of a subnet.
public struct BeaconMark: TimeMark {
    /// Where it was heard.
    public let frame: FrameReference
    /// What it says.
    public let state: IVState
    /// How many were heard of the subnet until then, this one included.
    public let count: Int
}

/// Marks in the order of time, thinned: never more than a number of them, spread evenly over the time in which they were made.
struct ThinnedMarks<Mark: TimeMark>: Hashable, Codable, Sendable {
    private(set) var marks: [Mark] = []
    /// Nanoseconds that are between two marks at least; 0 until there were too many.
    private var step: Int64 = 0

    /// Takes a mark, if there is room beside those that are near to it in time; keeps `most` of them, at least 2.
    @inline(__always)
    mutating func add(at time: CaptureTime, most: Int, _ mark: () -> Mark) {
        if let last = marks.last, !isFar(time, from: last) { return }
        add(mark(), most: most)
    }

    /// Whether a mark of this time may stand beside one that is there: far behind it, or before it.
    @inline(__always)
    private func isFar(_ time: CaptureTime, from last: Mark) -> Bool {
        let distance = time.nanoseconds.subtractingReportingOverflow(last.frame.time.nanoseconds)
        return distance.overflow || distance.partialValue >= step || distance.partialValue < 0
    }

    private mutating func add(_ mark: Mark, most: Int) {
        guard mark.frame.time.isKnown else { return }
        let place = marks.lastIndex { $0.frame.time <= mark.frame.time }.map { $0 + 1 } ?? 0
        guard place == 0 || isApart(marks[place - 1], mark), place == marks.count || isApart(mark, marks[place]) else {
            return
        }
        marks.insert(mark, at: place)
        thin(to: most)
    }

    private func isApart(_ earlier: Mark, _ later: Mark) -> Bool {
        let distance = later.frame.time.nanoseconds.subtractingReportingOverflow(earlier.frame.time.nanoseconds)
        return distance.overflow || distance.partialValue >= step
    }

    /// Keeps at most so many; the first one stays.
    mutating func thin(to most: Int) {
        guard marks.count > most else { return }
        guard most > 1, let first = marks.first, let last = marks.last else {
            marks = []
            return
        }
        let span = last.frame.time.nanoseconds.subtractingReportingOverflow(first.frame.time.nanoseconds)
        let share = (span.overflow ? Int64.max : span.partialValue) / Int64(max(1, most / 2))
        step = max(step > Int64.max / 2 ? Int64.max : 2 * step, share, 1)
        var kept = [first]
        for mark in marks.dropFirst() where isApart(kept[kept.count - 1], mark) { kept.append(mark) }
        marks = kept
    }
}
