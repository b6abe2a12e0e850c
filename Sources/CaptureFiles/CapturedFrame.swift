/// One frame as the capture holds it, bound to the file's buffer until the next one is read.
@frozen
public struct CapturedFrame: ~Escapable {
    // Number and time do not stand side by side: a processor would load them as one, and wait until both are in its cache.
    /// Counts from 1 in each file, as Wireshark counts.
    public let number: Int
    /// Octets that the frame had on the air; `bytes` may be shorter.
    public let originalLength: Int
    /// When it was captured, by the clock of what captured it.
    public let time: CaptureTime
    /// What the file says that the frame is.
    public let linkType: LinkType
    /// btsnoop's packet flags; 0 in other containers.
    public let flags: UInt32
    /// The frame's octets, as far as they were captured.
    public let bytes: Span<UInt8>

    @inlinable @inline(__always)
    @_lifetime(copy bytes)
    init(
        number: Int, time: CaptureTime, linkType: LinkType, originalLength: Int, flags: UInt32 = 0,
        bytes: Span<UInt8>
    ) {
        self.number = number
        self.time = time
        self.linkType = linkType
        self.originalLength = originalLength
        self.flags = flags
        self.bytes = bytes
    }
}

/// Where a frame lies in the octets of its reader, and what its record says of it: small, since there are thousands at a time.
@frozen
@usableFromInline
struct FrameRecord: Sendable {
    @usableFromInline let time: CaptureTime
    @usableFromInline let start: UInt32
    @usableFromInline let count: UInt32
    @usableFromInline let originalLength: UInt32
    @usableFromInline let flags: UInt32

    /// `start`: the place of its first octet.
    /// `count`: octets that are there, all of which the reader's octets hold.
    @inline(__always)
    init(start: Int, count: Int, originalLength: Int, time: CaptureTime, flags: UInt32 = 0) {
        self.start = UInt32(truncatingIfNeeded: start)
        self.count = UInt32(truncatingIfNeeded: count)
        self.originalLength = UInt32(clamping: originalLength)
        (self.time, self.flags) = (time, flags)
    }
}

/// Room for the records of frames that are read together, which is used again and again.
struct FrameRecords: ~Copyable {
    private var room: [FrameRecord] = []
    private var most = 0
    private(set) var count = 0

    /// Forgets the records, and makes room for so many.
    mutating func begin(atMost most: Int) {
        count = 0
        self.most = most
        guard room.count < most else { return }
        let none = FrameRecord(start: 0, count: 0, originalLength: 0, time: .unknown)
        room.append(contentsOf: repeatElement(none, count: most - room.count))
    }

    /// As many as were wanted.
    var isFull: Bool { count >= most }

    /// There must be room.
    mutating func append(_ record: FrameRecord) {
        room[count] = record
        count += 1
    }

    /// `take`: writes records from the beginning on, `most` of them, and returns how many.
    @inline(__always)
    mutating func fill(_ take: (inout MutableSpan<FrameRecord>, _ most: Int) -> Int) {
        let most = most
        var all = room.mutableSpan
        count = take(&all, most)
    }

    var all: Span<FrameRecord> {
        @_lifetime(borrow self)
        get { room.span.extracting(..<count) }
    }
}

/// Frames of one link type that were read together, one behind the other, bound to the file's buffer until more are read.
@frozen
public struct CapturedFrames: ~Escapable {
    /// What the file says that the frames are.
    public let linkType: LinkType
    @usableFromInline let lastNumber: Int
    @usableFromInline let records: Span<FrameRecord>
    @usableFromInline let octets: Span<UInt8>

    /// `lastNumber`: of the last of them.
    @_lifetime(copy records, copy octets)
    init(_ records: Span<FrameRecord>, in octets: Span<UInt8>, _ linkType: LinkType, lastNumber: Int) {
        self.records = records
        self.octets = octets
        self.linkType = linkType
        self.lastNumber = lastNumber
    }

    /// How many there are.
    @inlinable public var count: Int { records.count }

    /// One of them, from 0 on.
    @inlinable @inline(__always)
    @_lifetime(copy self)
    public func frame(at place: Int) -> CapturedFrame {
        let record = records[place]
        let start = Int(record.start)
        return CapturedFrame(
            number: lastNumber &- (records.count &- 1 &- place), time: record.time, linkType: linkType,
            originalLength: Int(record.originalLength), flags: record.flags,
            bytes: octets.extracting(start..<(start &+ Int(record.count))))
    }
}
