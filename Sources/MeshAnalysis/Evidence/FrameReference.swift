public import CaptureFiles

/// Where a statement can be looked up: every number of a report leads to one.
public struct FrameReference: Hashable, Comparable, Sendable {
    /// Index in the analysis' captures.
    public let capture: Int
    /// Counts from 1 in each file.
    public let number: Int
    public let time: CaptureTime

    public init(capture: Int, number: Int, time: CaptureTime) {
        self.capture = capture
        self.number = number
        self.time = time
    }

    public static func < (left: Self, right: Self) -> Bool {
        (left.time, left.capture, left.number) < (right.time, right.capture, right.number)
    }
}
