import ByteParsing

/// Frames of one link type that are put together from a trace, one behind the other, in room that is used again and again.
struct JoinedFrames: ~Copyable {
    private var octets: [UInt8] = []
    private var end = 0
    private var records = FrameRecords()
    private var linkType = LinkType.bluetoothLELinkLayerWithHeader
    /// No more frames are put behind so many octets.
    private static let manyOctets = 1 << 16

    var count: Int { records.count }
    /// As many as were wanted, or much already.
    var isFull: Bool { records.isFull || end >= Self.manyOctets }

    /// Forgets the frames, keeps the room, and makes some for so many.
    mutating func begin(atMost most: Int) {
        records.begin(atMost: most)
        end = 0
    }

    /// Whether a frame of this link type can stand behind the others.
    func takes(_ linkType: LinkType) -> Bool { count == 0 || linkType == self.linkType }

    /// A frame of so many octets, which `fill` fills; `missing`: how many it would have more if the trace held it whole.
    @inline(__always)
    mutating func append(
        _ count: Int, missing: Int = 0, _ linkType: LinkType, at time: CaptureTime,
        _ fill: (inout MutableSpan<UInt8>) -> Void
    ) {
        let place = end..<(end + count)
        end = place.upperBound
        if end > octets.count { octets.append(contentsOf: repeatElement(0, count: 2 * end - octets.count)) }
        self.linkType = linkType
        records.append(FrameRecord(start: place.lowerBound, count: count, originalLength: count + missing, time: time))
        var all = octets.mutableSpan
        var room = all._mutatingExtracting(place)
        fill(&room)
    }

    /// All of them, the last of which has this number.
    @_lifetime(borrow self)
    func all(lastNumber: Int) -> CapturedFrames {
        CapturedFrames(records.all, in: octets.span.extracting(..<end), linkType, lastNumber: lastNumber)
    }
}
