import ByteParsing

/// The records of one data stream, in their order; where a record is damaged, reading goes on at the next one that is surely one.
struct TraceRecords {
    private let items: [TraceDescriptor.Item]
    private var stream: TraceStream
    private var next: TraceRecord?
    /// Records of a kind that is not known.
    private(set) var unknown = 0
    /// How often something stood where a record should.
    private(set) var damages = 0
    /// How many records in a row are surely no accident.
    private static let sure = 3

    init(_ stream: TraceStream, items: [TraceDescriptor.Item]) {
        self.items = items
        self.stream = stream
        advance()
    }

    /// Of the next record, picoseconds since the start of the trace; `nil` at the end of the stream.
    var time: UInt64? { next?.picoseconds }
    /// Of the frame of the next record.
    var linkType: LinkType? { next?.linkType }

    /// Puts the frame of the next record behind the others, and those of the records behind it that are earlier than `end`, as long as
    /// they are of its link type and there is room.
    mutating func takeFrames(before end: UInt64, since start: CaptureTime, into frames: inout JoinedFrames) {
        guard let linkType else { return }
        while let record = next {
            let time = start.advanced(byNanoseconds: Int64(record.picoseconds / 1000))
            if !record.makeFrame(of: stream.span(count: record.length), at: time, in: &frames) { damages += 1 }
            stream.consume(record.length)
            advance()
            guard let next, next.picoseconds < end, next.linkType == linkType, !frames.isFull else { return }
        }
    }

    /// Finds the next record that can be read whole; none at the end of the stream.
    private mutating func advance() {
        while true {
            guard stream.require(1) else {
                next = nil
                return
            }
            guard let record = record(at: 0), stream.require(record.length) else {
                damages += 1
                guard search() else {
                    next = nil
                    return
                }
                continue
            }
            next = record
            guard record.item.kind == .unknown else { return }
            unknown += 1
            stream.consume(record.length)
        }
    }

    private mutating func record(at distance: Int) -> TraceRecord? {
        _ = stream.require(distance + TraceRecord.peek)
        let count = min(TraceRecord.peek, stream.available - distance)
        guard count > 0 else { return nil }
        return TraceRecord(stream.span(at: distance, count: count), items: items.span)
    }

    /// Consumes what stands before the next record that is sure; false if there is none.
    private mutating func search() -> Bool {
        stream.consume(1)
        while stream.require(TraceRecord.head) {
            if isSure() { return true }
            stream.consume(1)
        }
        return false
    }

    /// Whether three records stand in a row here, or as many as the stream has left.
    private mutating func isSure() -> Bool {
        var distance = 0
        var time: UInt64 = 0
        for _ in 0..<Self.sure {
            guard let record = record(at: distance), record.picoseconds >= time,
                stream.require(distance + record.length)
            else { return false }
            (distance, time) = (distance + record.length, record.picoseconds)
            if !stream.require(distance + 1) { return true }
        }
        return true
    }
}
