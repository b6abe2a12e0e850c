import ByteParsing

/// A record of an Ellisys trace: an LE PDU from the air, or an HCI packet.
///
///     item 1 · length of what follows the fixed part 4 · fixed part · octets
///     fixed part  time, ps since the start of the trace 8 · duration, ps 8 · …
///     LE          … RF channel 1 · flags (0x04: the CRC is right) 1 · RSSI 1 · RSSI 1 · access address 4 · 0 2 · 1 · PHY 1 …
///     HCI         … type 1
struct TraceRecord {
    static let head = 5
    /// Where the fields behind the times begin.
    private static let fields = head + 16
    /// Octets of no LE PDU, with its CRC, coding and what the analyser heard behind it, nor of any HCI packet.
    static let longest = 1 << 17
    private static let longestLowEnergy = 4096
    private static let coded: UInt8 = 2
    /// The access address of primary advertising.
    private static let advertising: UInt32 = 0x8E89_BED6

    let item: TraceDescriptor.Item
    /// Octets of the record in all.
    let length: Int
    /// Since the start of the trace.
    let picoseconds: UInt64

    /// The record that a stream goes on with; `nil` where its first octets are those of no record.
    ///
    /// `start`: as many octets as say that, or fewer at the end of the stream.
    init?(_ start: Span<UInt8>, items: Span<TraceDescriptor.Item>) {
        guard let record = try? Self.parse(start, items) else { return nil }
        self = record
    }

    /// Octets that tell whether a record stands there.
    static let peek = head + 29

    private init(item: TraceDescriptor.Item, length: Int, picoseconds: UInt64) {
        self.item = item
        self.length = length
        self.picoseconds = picoseconds
    }

    private static func parse(_ start: Span<UInt8>, _ items: Span<TraceDescriptor.Item>) throws(ParseError)
        -> TraceRecord?
    {
        var reader = ByteReader(start)
        let number = Int(try reader.readUInt8())
        let count = Int(try reader.readUInt32LittleEndian())
        guard number < items.count, count <= longest else { return nil }
        let item = items[number]
        let picoseconds = item.fixed >= 8 ? try reader.readLittleEndian(8) : 0
        let record = TraceRecord(item: item, length: head + item.fixed + count, picoseconds: picoseconds)
        switch item.kind {
        case .lowEnergy:
            let channel = try reader.peek(8)
            let phy = try reader.peek(19)
            guard (2...longestLowEnergy).contains(count), channel < 40, phy < 4 else { return nil }
        case .hci:
            guard [1, 2, 4, 0x82].contains(try reader.peek(8)), count >= 2 else { return nil }
        case .unknown: break
        }
        return record
    }

    // MARK: Frames

    /// The link type of the frames that are made of such records; `nil` for a kind that is not known.
    var linkType: LinkType? {
        switch item.kind {
        case .lowEnergy: .bluetoothLELinkLayerWithHeader
        case .hci: .bluetoothHCIH4WithDirection
        case .unknown: nil
        }
    }

    /// Puts the frame of the record behind what `octets` holds; what is to be said of it, or `nil` for a kind that is not known.
    func makeFrame(of span: Span<UInt8>, at time: CaptureTime, into octets: inout JoinedFrames) throws(ParseError)
        -> Record?
    {
        let rest = Self.head + item.fixed
        switch item.kind {
        case .lowEnergy: return try lowEnergyFrame(span, rest: rest, at: time, into: &octets)
        case .hci:
            guard rest < span.count else { throw ParseError(.truncated(needed: 1, available: 0), at: rest) }
            let type = span[Self.fields]
            let packet = span.extracting(rest..<span.count)
            // Link type 201: the direction, and the H4 packet indicator.
            octets.append(5 + packet.count) { room in
                room.storeLittleEndian(type == 4 || type == 0x82 ? UInt32(1).byteSwapped : 0, at: 0)
                room.storeLittleEndian(type & 0x7F, at: 4)
                room.store(packet, at: 5)
            }
            return Record(time: time, linkType: .bluetoothHCIH4WithDirection)
        case .unknown: return nil
        }
    }

    /// A frame of link type 256. The analyser's word that the CRC is right is passed on for an advertisement, whose CRCInit it
    /// knows; all else is left to who knows the CRCInit, but for a PDU that is cut short.
    private func lowEnergyFrame(
        _ span: Span<UInt8>, rest: Int, at time: CaptureTime, into octets: inout JoinedFrames
    ) throws(ParseError) -> Record {
        // Coding indicator and two octets more stand before a coded PDU.
        let isCoded = span[Self.fields + 11] == Self.coded
        let pdu = isCoded ? rest + 3 : rest
        guard pdu <= span.count else { throw ParseError(.truncated(needed: pdu, available: span.count), at: rest) }
        let heard = span.count - pdu
        let length = 2 + (heard > 1 ? Int(span[pdu + 1]) : 0) + 3
        let present = span.extracting(pdu..<(pdu + min(heard, length)))
        // Half decibels above -100 dBm.
        let power = UInt8(truncatingIfNeeded: Int(span[Self.fields + 2]) / 2 - 100)
        // Noise that is not known, no access address offences, and the reference access address.
        let start = UInt64(span[Self.fields]) | UInt64(power) << 8 | UInt64(Self.advertising) << 32 | 0x0080_0000
        let accessAddress = span.loadLittleEndian(UInt32.self, at: Self.fields + 4)
        let isRight = span[Self.fields + 1] & 0x04 != 0 && accessAddress == Self.advertising
        // Dewhitened, signal power valid, reference access address valid; CRC checked where it surely failed, or valid.
        let crc: UInt16 = heard < length ? 0x0400 : isRight ? 0x0C00 : 0
        let flags = 0x0013 | (isCoded ? 0x8000 : 0) | crc
        let head = isCoded ? 15 : 14
        octets.append(head + present.count) { room in
            room.storeLittleEndian(start, at: 0)
            room.storeLittleEndian(flags, at: 8)
            room.storeLittleEndian(accessAddress, at: 10)
            if isCoded { room.storeLittleEndian(span[rest], at: 14) }
            room.store(present, at: head)
        }
        return Record(
            time: time, linkType: .bluetoothLELinkLayerWithHeader,
            originalLength: heard < length ? head + length : nil)
    }
}

/// The octets of frames that are put together from a trace, one behind the other, in room that is used again and again.
struct JoinedFrames {
    private var room: [UInt8] = []
    private(set) var count = 0

    /// Forgets the frames, and keeps the room.
    mutating func removeAll() { count = 0 }

    /// Makes room for so many octets more, which `fill` fills.
    @inline(__always)
    mutating func append(_ octets: Int, _ fill: (inout MutableSpan<UInt8>) -> Void) {
        let end = count + octets
        if end > room.count { room.append(contentsOf: repeatElement(0, count: max(1 << 13, 2 * end - room.count))) }
        let start = count
        count = end
        var all = room.mutableSpan
        var last = all._mutatingExtracting(start..<end)
        fill(&last)
    }

    var all: Span<UInt8> {
        @_lifetime(borrow self)
        get { room.span.extracting(..<count) }
    }
}
