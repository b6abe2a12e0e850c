import ByteParsing

/// An Ellisys trace (`.btt`): LE PDUs from the air, and HCI packets.
///
/// A trace also holds what its owner told the analyser: link keys, passphrases. Of all objects only that which says when the trace
/// began is read. Nobody has published the format; what is read of it holds in all traces that could be looked at.
struct EllisysTraceReader: ~Copyable {
    static let magic: [UInt8] = Array("Ellisys Trace File".utf8)
    /// Ticks of 100 ns between the first day of year 1, from which the trace counts, and 1970.
    private static let ticksTo1970: Int64 = 621_355_968_000_000_000
    /// No trace has so many streams with records.
    private static let mostStreams = 64

    private(set) var number = 0
    /// What could not be read, once all that could was.
    private(set) var losses = CaptureLosses()
    private var frames = JoinedFrames()
    private var streams: [TraceRecords]
    private let start: CaptureTime
    private let pageDamages: Int
    private let file: RandomAccessFile

    init(_ source: ByteSource) throws(CaptureError) {
        let file = try RandomAccessFile(source)
        let pages = TracePages(file)
        var descriptors: [UInt32: TraceDescriptor] = [:]
        for stream in pages.streams where stream.kind == TraceIdentifier.descriptor {
            var cursor = TraceStream(stream, in: file)
            guard let head = cursor.readHead(), let descriptor = try? TraceDescriptor(parsing: head) else { continue }
            descriptors[descriptor.stream] = descriptor
        }
        var streams: [TraceRecords] = []
        for stream in pages.streams where stream.kind == TraceIdentifier.data && streams.count < Self.mostStreams {
            var cursor = TraceStream(stream, in: file)
            guard let head = cursor.readHead(), let number = Self.number(head), let items = descriptors[number]?.items,
                !items.isEmpty
            else { continue }
            streams.append(TraceRecords(cursor, items: items))
        }
        guard !streams.isEmpty || !descriptors.isEmpty else {
            throw CaptureError(
                .brokenOff, path: source.path,
                "the Ellisys trace has no stream of records that could be found; save it anew, or export it as .bttrp")
        }
        self.file = file
        self.streams = streams
        pageDamages = pages.damages
        start = Self.start(pages, file)
    }

    /// Which data stream it is: GUID 16 · 0 2 · number 4
    private static func number(_ head: [UInt8]) -> UInt32? {
        var reader = ByteReader(head.span)
        do throws(ParseError) {
            try reader.skip(18)
            return try reader.readUInt32LittleEndian()
        } catch {
            return nil
        }
    }

    /// When the trace began; unknown where the object that says it is lost.
    private static func start(_ pages: TracePages, _ file: RandomAccessFile) -> CaptureTime {
        for stream in pages.streams where stream.kind == TraceIdentifier.object {
            var head = TraceStream(stream.prefix(objectHead), in: file)
            guard isStart(head.readHead() ?? []) else { continue }
            var cursor = TraceStream(stream.prefix(objectHead + startBody), in: file)
            return (try? start(&cursor)) ?? .unknown
        }
        return .unknown
    }

    /// Octets of an object's stream before its body, and of the body of the one that says when the trace began.
    private static let objectHead = 66
    private static let startBody = 32

    /// By an object's second head: GUID 16 · 0 4 · GUID of the object 16 · 0 2
    private static func isStart(_ head: [UInt8]) -> Bool {
        var reader = ByteReader(head.span)
        do throws(ParseError) {
            try reader.skip(20)
            return try reader.readGUID() == TraceIdentifier.start
        } catch {
            return false
        }
    }

    /// The body: 8 · GUID of the trace 16 · ticks 8 · …
    private static func start(_ cursor: inout TraceStream) throws(ParseError) -> CaptureTime {
        guard cursor.readHead() != nil, cursor.require(startBody) else { throw ParseError(.invalidValue(0), at: 0) }
        var body = ByteReader(cursor.span(count: startBody))
        try body.skip(24)
        // The upper two bits say of which zone the time is; it always is UTC.
        let ticks = Int64(truncatingIfNeeded: try body.readLittleEndian(8) & 0x3FFF_FFFF_FFFF_FFFF) - ticksTo1970
        let (seconds, rest) = ticks.quotientAndRemainder(dividingBy: 10_000_000)
        return CaptureTime(seconds: seconds, nanoseconds: rest * 100)
    }

    /// The next frame, and some behind it that are of the same link type, `most` in all; `nil` at the end of the file.
    @_lifetime(&self)
    mutating func nextFrames(atMost most: Int) throws(CaptureError) -> CapturedFrames? {
        frames.begin(atMost: most)
        while !frames.isFull, let turn = Self.turn(of: streams), frames.takes(turn.linkType) {
            streams[turn.place].takeFrames(before: turn.end, since: start, into: &frames)
        }
        guard frames.count > 0 else {
            try end()
            return nil
        }
        number += frames.count
        return frames.all(lastNumber: number)
    }

    private mutating func end() throws(CaptureError) {
        losses = CaptureLosses(
            damages: streams.reduce(pageDamages) { $0 + $1.damages }, unknown: streams.reduce(0) { $0 + $1.unknown })
        if let failure = file.failure {
            throw CaptureError(.brokenOff, path: file.path, "\(failure) (frame \(number + 1))")
        }
    }

    /// The stream whose next record is the earliest, of several the first; and when another one's is.
    private static func turn(of streams: [TraceRecords]) -> (place: Int, linkType: LinkType, end: UInt64)? {
        var first: (place: Int, linkType: LinkType, time: UInt64)?
        var end = UInt64.max
        for (place, stream) in streams.enumerated() {
            guard let time = stream.time, let linkType = stream.linkType else { continue }
            if let first, first.time <= time {
                end = min(end, time)
                continue
            }
            end = first?.time ?? end
            first = (place, linkType, time)
        }
        return first.map { ($0.place, $0.linkType, end) }
    }
}
