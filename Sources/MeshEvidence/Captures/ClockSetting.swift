public import CaptureFiles

/// What the user says of the captures' clocks.
public struct ClockSettings: Hashable, Sendable {
    /// What is added to the times of a capture, by its path.
    public var offsets: [String: Duration] = [:]
    /// When the first frame was captured that has a time, of a capture that is named nowhere else.
    public var startedAt: CaptureTime?

    /// The clocks are right.
    public init() {}

    func setting(of path: String) -> ClockSetting {
        if let offset = offsets[path] { return .offset(offset) }
        return startedAt.map(ClockSetting.startsAt) ?? .offset(.zero)
    }
}

/// How the clock of one capture is set right.
enum ClockSetting: Hashable, Sendable {
    /// It is added to each time.
    case offset(Duration)
    /// The first time is this one.
    case startsAt(CaptureTime)
}
