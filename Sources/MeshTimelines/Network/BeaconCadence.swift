import CaptureFiles
import MeshEvidence

/// How often one beacon of a subnet is heard: a node should hear one about every 10 s (Mesh Protocol 1.1, "Secure Network
/// beacon behavior"). Bounded: the first intervals decide.
public struct BeaconCadence: Hashable, Codable, Sendable {
    /// PDUs for so long without a beacon say that beacons are off.
    static let longestSilence = Duration.seconds(120)
    /// Copies of one beacon, on other channels.
    private static let copyTime = Duration.milliseconds(500)
    private static let mostIntervals = 512

    private var last: FrameReference?
    private var intervals: [Duration] = []

    init() {}

    mutating func apply(_ frame: FrameReference) {
        defer { last = frame }
        guard let last, last.capture == frame.capture, intervals.count < Self.mostIntervals else { return }
        let interval = frame.time.since(last.time)
        if interval > Self.copyTime { intervals.append(interval) }
    }

    /// The usual time from one beacon to the next; `nil` where too few were heard.
    public var interval: Duration? {
        intervals.count < 2 ? nil : intervals.sorted()[intervals.count / 2]
    }
}
