import ByteParsing

/// A classic pcap file, version 2.4, which is what everybody writes; what only libpcap knows is left to `PcapHandle`.
///
///     header  magic 4 · major version 2 · minor version 2 · time zone 4 · accuracy 4 · snapshot length 4 · link type 4
///     record  seconds 4 · micro- or nanoseconds 4 · included length 4 · original length 4 · octets
struct PcapReader: ~Copyable {
    /// Octets of the file's header.
    static let fileHeader = 24
    private static let recordHeader = 16
    /// libpcap's own bounds: a longer record is a damaged length. What Linux says of USB has longer ones.
    private static let longestRecord = 1 << 18
    private static let longestTransfer = 1 << 27

    /// What the file's header says.
    private struct FileHeader {
        let order: CaptureContainer.ByteOrder
        let resolution: CaptureContainer.Resolution
        let linkType: LinkType

        /// `nil` for a version that is not 2.4, and where this is no header of a known kind.
        init?(_ start: [UInt8]) {
            switch start.prefix(4) {
            case [0xD4, 0xC3, 0xB2, 0xA1]: (order, resolution) = (.little, .microseconds)
            case [0xA1, 0xB2, 0xC3, 0xD4]: (order, resolution) = (.big, .microseconds)
            case [0x4D, 0x3C, 0xB2, 0xA1]: (order, resolution) = (.little, .nanoseconds)
            case [0xA1, 0xB2, 0x3C, 0x4D]: (order, resolution) = (.big, .nanoseconds)
            default: return nil
            }
            var reader = ByteReader(start.span)
            do {
                try reader.skip(4)
                guard try reader.readUInt16(order) == 2, try reader.readUInt16(order) == 4 else { return nil }
                try reader.skip(12)
                // The bits above say how long the FCS of an Ethernet frame is.
                linkType = LinkType(.pcap, try reader.readUInt32(order) & 0x03FF_FFFF)
            } catch {
                return nil
            }
        }
    }

    private struct RecordHeader {
        let time: CaptureTime
        let included: Int
        let original: Int

        @inline(__always)
        init(_ octets: Span<UInt8>, _ file: FileHeader) {
            let (seconds, fraction) = Self.pair(octets, at: 0, file.order)
            let (included, original) = Self.pair(octets, at: 8, file.order)
            (self.included, self.original) = (Int(included), Int(original))
            let nanoseconds = file.resolution == .nanoseconds ? Int64(fraction) : Int64(fraction) &* 1000
            time = CaptureTime(nanoseconds: Int64(seconds) &* 1_000_000_000 &+ nanoseconds)
        }

        /// Two numbers of 4 octets in one load.
        @inline(__always)
        private static func pair(
            _ octets: Span<UInt8>, at offset: Int, _ order: CaptureContainer.ByteOrder
        ) -> (UInt32, UInt32) {
            let both = octets.loadLittleEndian(UInt64.self, at: offset)
            let (first, second) = (UInt32(truncatingIfNeeded: both), UInt32(truncatingIfNeeded: both &>> 32))
            return order == .little ? (first, second) : (first.byteSwapped, second.byteSwapped)
        }
    }

    private var input: InputBuffer
    private let file: FileHeader
    private let longest: Int
    private(set) var number = 0
    private var pending = 0
    private var records = FrameRecords()

    /// `nil` where the file that begins with `start` is one that only libpcap knows, or ends within its header.
    static func open(_ source: ByteSource, _ start: [UInt8]) -> PcapReader? {
        FileHeader(start).map { PcapReader(source, $0) }
    }

    private init(_ source: ByteSource, _ file: FileHeader) {
        self.file = file
        longest = file.linkType == .usbmonMapped ? Self.longestTransfer : Self.longestRecord
        input = InputBuffer(source)
        // All of it is there, since it was parsed.
        if input.require(Self.fileHeader) { pending = Self.fileHeader }
    }

    /// The next frame, and as many behind it as are there already, `most` in all; `nil` at the end of the file.
    @_lifetime(&self)
    mutating func nextFrames(atMost most: Int) throws(CaptureError) -> CapturedFrames? {
        input.consume(pending)
        pending = 0
        guard try input.requireHeader(Self.recordHeader, frame: number + 1) else { return nil }
        let header = RecordHeader(input.span(count: Self.recordHeader), file)
        guard header.included <= longest else { throw tooLong(header) }
        try input.requireBody(header.included, behind: Self.recordHeader, frame: number + 1)
        records.begin(atMost: most)
        pending = Self.take(input, file, longest, &records) - input.place
        number += records.count
        return CapturedFrames(records.all, in: input.all, file.linkType, lastNumber: number)
    }

    /// Takes those that are there whole; returns where they end.
    private static func take(
        _ input: borrowing InputBuffer, _ file: FileHeader, _ longest: Int, _ records: inout FrameRecords
    ) -> Int {
        let octets = input.all
        var place = input.place
        records.fill { room, most in
            var count = 0
            while count < most, octets.count &- place >= Self.recordHeader {
                let header = RecordHeader(octets.extracting(place..<(place &+ Self.recordHeader)), file)
                let start = place &+ Self.recordHeader
                guard header.included <= longest, header.included <= octets.count &- start else { break }
                place = start &+ header.included
                room[count] = FrameRecord(
                    start: start, count: header.included, originalLength: header.original, time: header.time)
                count &+= 1
            }
            return count
        }
        return place
    }

    private func tooLong(_ header: RecordHeader) -> CaptureError {
        input.brokenOff(
            "a record of \(header.included) octets is longer than any frame of \(file.linkType)", frame: number + 1)
    }
}
