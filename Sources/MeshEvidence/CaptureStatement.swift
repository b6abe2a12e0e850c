public import CaptureFiles

/// What is to be said of a capture, and what of it could not be read.
public enum CaptureStatement: Hashable, Codable, Sendable {
    /// How far it was read; the latest one counts.
    case read(CaptureSummary)
    /// A frame whose checksum over the air failed: nothing of it is believed.
    case crcFailed
    /// The capture holds only the beginning of the frame.
    case truncated
    /// A frame of a link type that cannot be peeled.
    case unsupportedLinkType(LinkType)
    /// A structure breaks its format; what is wrong is told of the first one.
    case malformed(String?)
    /// The file cannot be read on.
    case brokeOff(CaptureError)
}

/// What is to be said of a capture as a whole, each with how often.
public enum CaptureNotice: String, Hashable, Codable, CodingKeyRepresentable, CaseIterable, Sendable {
    /// Places of the file that hold something else than the format says.
    case damaged
    /// Records of kinds that are not known.
    case unknownRecord
    /// Frames that are whitened though the file says that they are not.
    case dewhitened
    /// Connections whose beginning was not heard, and that were joined by their PDUs.
    case connectionJoined
    /// Frames of connections whose CRC nobody could check: none was believed.
    case connectionUnchecked
    /// Frames of connections that are encrypted.
    case connectionEncrypted
    /// Its times are those of a clock that nobody had set.
    case clockNotSet
    /// Frames of a live source that came faster than they were taken, and are gone.
    case lost
}

/// One capture, as far as it was read.
public struct CaptureSummary: Hashable, Codable, Sendable {
    /// As the user named it; `-` is standard input.
    public var path: String
    /// The format of the container.
    public let format: CaptureFormat
    /// Index among the captures of the analysis.
    public let index: Int
    /// How it fits the others, where there are several; its times are aligned.
    public let alignment: CaptureAlignment?
    /// The link types of its frames, in the order in which they were met.
    public internal(set) var linkTypes: [LinkType] = []
    /// How many frames were read, those with a failed CRC included.
    public internal(set) var frames = 0
    /// How many of them failed their CRC over the air.
    public internal(set) var crcFailed = 0
    /// The earliest time of a frame; `nil` before the first one.
    public internal(set) var firstTime: CaptureTime?
    /// The latest time of a frame; `nil` before the first one.
    public internal(set) var lastTime: CaptureTime?
    /// Decimal digits of a second that its times have.
    public internal(set) var timeDigits: Int
    /// What is to be said of it as a whole, and how often.
    public internal(set) var notices: [CaptureNotice: Int] = [:]
    /// What was added to its times.
    public internal(set) var clockShift = Duration.zero
    /// Why it broke off; `nil` where it was read to its end.
    public internal(set) var failure: CaptureError?

    /// - Parameters:
    ///   - path: as the user named it.
    ///   - format: of the container.
    ///   - index: among the captures of the analysis.
    ///   - timeDigits: decimal digits of a second, 0 to 9.
    ///   - alignment: how it fits the others.
    public init(
        path: String, format: CaptureFormat, index: Int = 0, timeDigits: Int = 6, alignment: CaptureAlignment? = nil
    ) {
        self.path = path
        self.format = format
        self.index = index
        self.alignment = alignment
        self.timeDigits = timeDigits
    }

    /// Bluetooth Low Energy is of 2010: what says an earlier time has a clock that nobody had set.
    static let beforeBluetooth = CaptureTime(seconds: 1_262_304_000)

    /// Whether its times are moments, and not those of a clock that began anew when the device did.
    public var isClockSet: Bool { lastTime.map { $0 >= Self.beforeBluetooth } ?? true }

    /// False where the file broke off.
    public var isComplete: Bool { failure == nil }

    /// One frame more.
    @inline(__always)
    mutating func count(_ time: CaptureTime) {
        frames += 1
        guard let first = firstTime, let last = lastTime, time >= last, last >= first,
            timeDigits == 9 || time.nanoseconds % 1000 == 0
        else {
            countOther(time)
            return
        }
        lastTime = time
    }

    private mutating func countOther(_ time: CaptureTime) {
        guard time.isKnown else { return }
        firstTime = min(firstTime ?? time, time)
        lastTime = max(lastTime ?? time, time)
        if timeDigits < 9, time.nanoseconds % 1000 != 0 { timeDigits = 9 }
    }
}

/// How one of several captures fits the others.
public struct CaptureAlignment: Hashable, Codable, Sendable {
    /// What was taken off its times; positive where its clock was ahead.
    public internal(set) var offset = Duration.zero
    /// A clock that was wrong by more than this may have been wrong otherwise as well.
    public static let longestOffset = Duration.seconds(300)
    /// Whether its clock is doubted, since it was so wrong.
    public var isDoubted: Bool { offset.magnitude > Self.longestOffset }

    /// Index of the capture whose clock it was held against; `nil` where none did.
    public internal(set) var reference: Int?
    /// Whether it can be read only once, as from a pipe, so that no clock is held against its own.
    public internal(set) var isReadOnce = false
    /// PDUs that it and its reference both heard.
    public internal(set) var common = 0
    /// Different PDUs.
    public internal(set) var distinct = 0
    /// How many of these no other capture heard.
    public internal(set) var onlyHere = 0
}
