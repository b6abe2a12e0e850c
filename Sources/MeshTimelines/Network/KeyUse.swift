public import CaptureFiles
import MeshEvidence

/// What was heard under one NetKey.
public struct KeyUse: Hashable, Codable, Sendable {
    /// PDUs that it opened, each once.
    public private(set) var pdus = 0
    /// Beacons that it authenticates.
    public private(set) var beacons = 0
    /// When it was heard first and last; `nil` before the first time.
    public private(set) var first: CaptureTime?
    /// See `first`.
    public private(set) var last: CaptureTime?

    /// Nothing was heard under it.
    public init() {}

    /// How often it was heard.
    public var count: Int { pdus + beacons }

    mutating func applyPDU(at time: CaptureTime) {
        pdus += 1
        apply(time)
    }

    mutating func applyBeacons(_ count: Int, at time: CaptureTime) {
        beacons += count
        apply(time)
    }

    private mutating func apply(_ time: CaptureTime) {
        guard let first, let last else {
            (first, last) = (time, time)
            return
        }
        if time > last { self.last = time } else if time < first { self.first = time }
    }
}
