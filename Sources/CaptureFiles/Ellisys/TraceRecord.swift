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
    private static let phy = fields + 11
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
    /// `start`: `peek` octets, or fewer at the end of the stream.
    init?(_ start: Span<UInt8>, items: Span<TraceDescriptor.Item>) {
        guard start.count >= Self.head, Int(start[0]) < items.count else { return nil }
        item = items[Int(start[0])]
        let count = Int(start.loadLittleEndian(UInt32.self, at: 1))
        length = Self.head + item.fixed + count
        picoseconds = item.fixed >= 8 && start.count >= 13 ? start.loadLittleEndian(UInt64.self, at: Self.head) : 0
        guard count <= Self.longest else { return nil }
        switch item.kind {
        case .lowEnergy:
            guard start.count > Self.phy, (2...Self.longestLowEnergy).contains(count), start[Self.fields] < 40,
                start[Self.phy] < 4
            else { return nil }
        case .hci:
            guard start.count > Self.fields, [1, 2, 4, 0x82].contains(start[Self.fields]), count >= 2 else {
                return nil
            }
        case .unknown: guard item.fixed < 8 || start.count >= 13 else { return nil }
        }
    }

    /// Octets that tell whether a record stands there.
    static let peek = head + 29

    // MARK: Frames

    /// The link type of the frames that are made of such records; `nil` for a kind that is not known.
    var linkType: LinkType? {
        switch item.kind {
        case .lowEnergy: .bluetoothLELinkLayerWithHeader
        case .hci: .bluetoothHCIH4WithDirection
        case .unknown: nil
        }
    }

    /// Puts the frame of the record, whose octets these are, behind the others; false if it cannot be one.
    @inline(__always)
    func makeFrame(of octets: Span<UInt8>, at time: CaptureTime, in frames: inout JoinedFrames) -> Bool {
        switch item.kind {
        case .lowEnergy: makeLowEnergyFrame(octets, at: time, in: &frames)
        case .hci: makeHCIFrame(octets, at: time, in: &frames)
        case .unknown: false
        }
    }

    /// A frame of link type 201: the direction, and the H4 packet indicator.
    private func makeHCIFrame(_ octets: Span<UInt8>, at time: CaptureTime, in frames: inout JoinedFrames) -> Bool {
        let type = octets[Self.fields]
        let packet = octets.extracting((Self.head + item.fixed)...)
        frames.append(5 + packet.count, .bluetoothHCIH4WithDirection, at: time) { room in
            room.storeLittleEndian(type == 4 || type == 0x82 ? UInt32(1).byteSwapped : 0, at: 0)
            room.storeLittleEndian(type & 0x7F, at: 4)
            room.store(packet, at: 5)
        }
        return true
    }

    /// A frame of link type 256. The analyser's word that the CRC is right is passed on for an advertisement, whose CRCInit it
    /// knows; all else is left to who knows the CRCInit, but for a PDU that is cut short.
    private func makeLowEnergyFrame(_ octets: Span<UInt8>, at time: CaptureTime, in frames: inout JoinedFrames) -> Bool
    {
        let rest = Self.head + item.fixed
        // Coding indicator and two octets more stand before a coded PDU.
        let isCoded = octets[Self.phy] == Self.coded
        let pdu = isCoded ? rest + 3 : rest
        guard pdu <= octets.count else { return false }
        let heard = octets.count - pdu
        let length = 2 + (heard > 1 ? Int(octets[pdu + 1]) : 0) + 3
        let present = octets.extracting(pdu..<(pdu + min(heard, length)))
        // RF channel, flags, RSSI, RSSI, access address.
        let fields = octets.loadLittleEndian(UInt64.self, at: Self.fields)
        let accessAddress = UInt32(truncatingIfNeeded: fields >> 32)
        // Half decibels above -100 dBm.
        let power = UInt8(truncatingIfNeeded: Int(fields >> 16 & 0xFF) / 2 - 100)
        // Noise that is not known, no access address offences, and the reference access address.
        let start = fields & 0xFF | UInt64(power) << 8 | UInt64(Self.advertising) << 32 | 0x0080_0000
        let isRight = fields & 0x0400 != 0 && accessAddress == Self.advertising
        // Dewhitened, signal power valid, reference access address valid; CRC checked where it surely failed, or valid.
        let crc: UInt16 = heard < length ? 0x0400 : isRight ? 0x0C00 : 0
        let flags = 0x0013 | (isCoded ? 0x8000 : 0) | crc
        let head = isCoded ? 15 : 14
        let missing = max(0, length - heard)
        frames.append(head + present.count, missing: missing, .bluetoothLELinkLayerWithHeader, at: time) { room in
            room.storeLittleEndian(start, at: 0)
            room.storeLittleEndian(flags, at: 8)
            room.storeLittleEndian(accessAddress, at: 10)
            if isCoded { room.storeLittleEndian(octets[rest], at: 14) }
            room.store(present, at: head)
        }
        return true
    }
}
