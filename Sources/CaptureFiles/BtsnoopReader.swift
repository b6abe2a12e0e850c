import ByteParsing

/// A btsnoop file: RFC 1761's layout with Bluetooth datalink types, all numbers big-endian.
///
///     header  "btsnoop\0" · version 4 · datalink 4
///     record  original length 4 · included length 4 · flags 4 · drops 4 · time 8 · octets
struct BtsnoopReader: ~Copyable {
    static let magic: [UInt8] = Array("btsnoop\0".utf8)
    /// Microseconds from year 0, where btsnoop begins to count, to 1970.
    static let epoch: Int64 = 0x00DC_DDB3_0F2F_8000
    /// No controller or host sends more than an ACL fragment of 64 KiB; a longer record is a damaged length.
    private static let longestRecord = 1 << 18
    private static let recordHeader = 24

    private var input: InputBuffer
    private let linkType: LinkType
    private(set) var number = 0
    private var pending = 0
    private var records = FrameRecords()

    init(_ source: ByteSource) throws(CaptureError) {
        var input = InputBuffer(source)
        guard input.require(16) else {
            throw CaptureError(.brokenOff, path: source.path, "the btsnoop file header is cut off")
        }
        var version: UInt32 = 0
        var datalink: UInt32 = 0
        do throws(ParseError) {
            var reader = ByteReader(input.span(count: 16))
            try reader.skip(8)
            version = try reader.readUInt32BigEndian()
            datalink = try reader.readUInt32BigEndian()
        } catch {
            throw CaptureError(.brokenOff, path: source.path, "btsnoop file header: \(error)")
        }
        guard version == 1 else {
            throw CaptureError(
                .notACapture, path: source.path, "btsnoop version \(version) is not known, only version 1")
        }
        input.consume(16)
        self.input = input
        linkType = LinkType(.btsnoop, datalink)
    }

    /// The next frame, and as many behind it as are there already, `most` in all; `nil` at the end of the file.
    @_lifetime(&self)
    mutating func nextFrames(atMost most: Int) throws(CaptureError) -> CapturedFrames? {
        input.consume(pending)
        pending = 0
        guard try input.requireHeader(Self.recordHeader, frame: number + 1) else { return nil }
        let header = RecordHeader(input.span(count: Self.recordHeader))
        guard header.included <= Self.longestRecord else {
            throw input.brokenOff(
                "a record of \(header.included) octets is longer than any Bluetooth frame", frame: number + 1)
        }
        try input.requireBody(header.included, behind: Self.recordHeader, frame: number + 1)
        records.begin(atMost: most)
        pending = Self.take(input, &records) - input.place
        number += records.count
        return CapturedFrames(records.all, in: input.all, linkType, lastNumber: number)
    }

    /// Takes those that are there whole; returns where they end.
    private static func take(
        _ input: borrowing InputBuffer, _ records: inout FrameRecords
    ) -> Int {
        let octets = input.all
        var place = input.place
        records.fill { room, most in
            var count = 0
            while count < most, octets.count &- place >= Self.recordHeader {
                let header = RecordHeader(octets.extracting(place..<(place &+ Self.recordHeader)))
                let start = place &+ Self.recordHeader
                guard header.included <= Self.longestRecord, header.included <= octets.count &- start else { break }
                place = start &+ header.included
                room[count] = FrameRecord(
                    start: start, count: header.included, originalLength: header.original, time: header.time,
                    flags: header.flags)
                count &+= 1
            }
            return count
        }
        return place
    }

    private struct RecordHeader {
        var original: Int
        var included: Int
        var flags: UInt32
        var time: CaptureTime

        @inline(__always)
        init(_ octets: Span<UInt8>) {
            original = Int(octets.loadBigEndian(UInt32.self, at: 0))
            included = Int(octets.loadBigEndian(UInt32.self, at: 4))
            flags = octets.loadBigEndian(UInt32.self, at: 8)
            let (since1970, overflow) = octets.loadBigEndian(Int64.self, at: 16)
                .subtractingReportingOverflow(BtsnoopReader.epoch)
            time = CaptureTime(microseconds: overflow ? .min : since1970)
        }
    }
}
