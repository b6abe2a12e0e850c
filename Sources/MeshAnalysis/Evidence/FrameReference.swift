public import CaptureFiles

/// How a PDU travelled.
public enum Bearer: UInt8, Hashable, Sendable, CaseIterable {
    /// Advertising, received over the air.
    case advertisingHeard = 0
    /// Advertising, handed to the controller by the host on which the log was taken.
    case advertisingSent
    /// A GATT connection, from the client to the server and back.
    case gattToServer
    case gattToClient
}

/// Where a statement can be looked up: every number of a report leads to one.
public struct FrameReference: Hashable, Comparable, Sendable {
    /// Small, since references are kept by the thousand.
    private let file: Int32
    public internal(set) var bearer = Bearer.advertisingHeard
    /// Counts from 1 in each file.
    public let number: Int
    public let time: CaptureTime

    public init(capture: Int, number: Int, time: CaptureTime) {
        file = Int32(clamping: capture)
        self.number = number
        self.time = time
    }

    /// Index in the analysis' captures.
    public var capture: Int { Int(file) }

    public static func < (left: Self, right: Self) -> Bool {
        (left.time, left.file, left.number) < (right.time, right.file, right.number)
    }
}
