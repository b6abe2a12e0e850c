/// Which frame something was heard in, as the caller of the peeler told it: handed back with all that the frame holds, so that
/// nothing is ever looked up elsewhere.
public struct FrameStamp: Hashable, Sendable {
    /// Which of the captures that are read together.
    public let capture: Int
    /// Counts from 1 in each capture.
    public let number: Int
    /// Since 1970-01-01T00:00:00Z.
    public let nanoseconds: Int64

    /// - Parameters:
    ///   - capture: which of the captures that are read together.
    ///   - number: counts from 1 in each capture.
    ///   - nanoseconds: since 1970-01-01T00:00:00Z.
    public init(capture: Int, number: Int, nanoseconds: Int64) {
        self.capture = capture
        self.number = number
        self.nanoseconds = nanoseconds
    }
}
