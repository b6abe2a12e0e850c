/// What a capture is written as.
public enum CaptureContainer: Hashable, Sendable {
    /// Which octet of a number comes first: the least significant one (little) or the most significant one (big).
    public enum ByteOrder: Hashable, Sendable { case little, big }
    /// What one unit of the frames' times is.
    public enum Resolution: Hashable, Sendable { case microseconds, nanoseconds }

    /// Classic pcap.
    case pcap(ByteOrder, Resolution)
    /// pcapng with one section.
    case pcapng(ByteOrder, Resolution)
    /// btsnoop, which has one byte order and microseconds.
    case btsnoop
    /// Apple's PacketLogger; its frames are given as those of link type 201.
    case packetLogger(ByteOrder)
    /// The text that Ellisys' software imports; its frames are those of link type 256.
    case ellisysText
    /// The old `hcidump`'s; its frames are given as those of link type 201.
    case hcidump

    /// That of the host that captures, where the container tells it.
    package var byteOrder: ByteOrder {
        switch self {
        case .pcap(let order, _), .pcapng(let order, _): order
        case .btsnoop, .packetLogger, .ellisysText, .hcidump: .little
        }
    }
}

/// Writes a capture into memory, from where it can be taken piece by piece.
///
/// The layouts are those that `PcapngReader` and `BtsnoopReader` draw; pcap is
///
///     header  magic 4 · version 2.4 4 · zone 4 · accuracy 4 · snapshot length 4 · link type 4
///     record  seconds 4 · fraction 4 · captured length 4 · original length 4 · octets
public struct CaptureWriter {
    private let container: CaptureContainer
    private var linkTypes: [LinkType] = []
    private var octets: [UInt8] = []
    private var text = EllisysTextWriter()

    /// Begins a capture with its header.
    ///
    /// `linkTypes`: the interfaces; only pcapng can have more than one.
    public init(_ container: CaptureContainer, linkTypes: [LinkType]) {
        self.container = container
        self.linkTypes = linkTypes
        let first = linkTypes.first?.number ?? 0
        switch container {
        case .pcap(_, let resolution):
            append32(resolution == .nanoseconds ? 0xA1B2_3C4D : 0xA1B2_C3D4)
            append16(2)
            append16(4)
            for value in [0, 0, 0x40000, first] { append32(value) }
        case .pcapng(_, let resolution):
            appendBlock(0x0A0D_0D0A) {
                $0.append32(0x1A2B_3C4D)
                $0.append16(1)
                $0.append16(0)
                for _ in 0..<2 { $0.append32(.max) }
            }
            for (index, type) in linkTypes.enumerated() { appendInterface(type, index, resolution) }
        case .btsnoop:
            octets += BtsnoopReader.magic
            for value in [1, first] { append32(value) }
        case .ellisysText: octets += Array(EllisysTextWriter.head.utf8)
        case .packetLogger, .hcidump: break
        }
    }

    /// The interface of a link type, which is added to a pcapng where it has none yet; 0 in other containers.
    public mutating func interface(of linkType: LinkType) -> Int {
        guard case .pcapng(_, let resolution) = container else { return 0 }
        if let known = linkTypes.firstIndex(of: linkType) { return known }
        linkTypes.append(linkType)
        appendInterface(linkType, linkTypes.count - 1, resolution)
        return linkTypes.count - 1
    }

    /// Appends a frame.
    ///
    /// `interface`: the link type's place in the list given at the start.
    /// `flags`: btsnoop's packet flags.
    /// `originalLength`: the frame's length on the air, where `frame` is cut.
    /// `comment`: what is to be said of the frame; only pcapng holds it.
    public mutating func write(
        _ frame: [UInt8], at time: CaptureTime, interface: Int = 0, flags: UInt32 = 0, originalLength: Int? = nil,
        comment: String = ""
    ) {
        let original = UInt32(originalLength ?? frame.count)
        let (seconds, fraction) = time.nanoseconds.quotientAndRemainder(dividingBy: 1_000_000_000)
        switch container {
        case .pcap(_, let resolution):
            append32(UInt32(truncatingIfNeeded: seconds))
            append32(UInt32(truncatingIfNeeded: resolution == .nanoseconds ? fraction : fraction / 1000))
            append32(UInt32(frame.count))
            append32(original)
            octets += frame
        case .pcapng(_, let resolution):
            let units = UInt64(bitPattern: resolution == .nanoseconds ? time.nanoseconds : time.nanoseconds / 1000)
            appendBlock(6) {
                $0.append32(UInt32(interface))
                $0.append32(UInt32(units >> 32))
                $0.append32(UInt32(truncatingIfNeeded: units))
                $0.append32(UInt32(frame.count))
                $0.append32(original)
                $0.octets += frame
                $0.pad()
                $0.appendComment(comment)
            }
        case .btsnoop:
            for value in [original, UInt32(frame.count), flags, 0] { append32(value) }
            let microseconds = UInt64(bitPattern: time.nanoseconds / 1000 + BtsnoopReader.epoch)
            append32(UInt32(microseconds >> 32))
            append32(UInt32(truncatingIfNeeded: microseconds))
            octets += frame
        case .packetLogger:
            append32(UInt32(frame.count + 4))
            append32(UInt32(truncatingIfNeeded: seconds))
            append32(UInt32(truncatingIfNeeded: fraction / 1000))
            octets.append(Self.packetLoggerType(frame))
            octets += frame.dropFirst(5)
        case .ellisysText: octets += Array(text.line(frame, at: time).utf8)
        case .hcidump:
            let packet = frame.dropFirst(4).prefix(Int(UInt16.max))
            append16(UInt16(packet.count))
            octets += [frame.count > 3 ? frame[3] & 1 : 0, 0]
            append32(UInt32(truncatingIfNeeded: seconds))
            append32(UInt32(truncatingIfNeeded: fraction / 1000))
            octets += packet
        }
    }

    /// By direction and H4 packet indicator; that of a note where the frame is no HCI packet.
    private static func packetLoggerType(_ frame: [UInt8]) -> UInt8 {
        guard frame.count >= 5 else { return 0xFB }
        switch frame[4] {
        case 1: return 0
        case 2: return frame[3] == 0 ? 2 : 3
        case 4: return 1
        default: return 0xFB
        }
    }

    /// Octets written since the last call.
    public mutating func removeOctets() -> [UInt8] {
        defer { octets = [] }
        return octets
    }

    /// How many octets were written since they were last taken.
    public var pendingOctets: Int { octets.count }

    private mutating func appendInterface(_ type: LinkType, _ index: Int, _ resolution: CaptureContainer.Resolution) {
        appendBlock(1) {
            $0.append16(UInt16(type.number))
            $0.append16(0)
            // Interfaces that differ in snapshot length too: what libpcap refuses.
            $0.append32(0x40000 - UInt32(index))
            guard resolution == .nanoseconds else { return }
            $0.append16(9)
            $0.append16(1)
            $0.octets += [9, 0, 0, 0]
            $0.append32(0)
        }
    }

    /// Option 1, and the end of the options.
    private mutating func appendComment(_ comment: String) {
        let octets = Array(comment.utf8.prefix(Int(UInt16.max)))
        guard !octets.isEmpty else { return }
        append16(1)
        append16(UInt16(octets.count))
        self.octets += octets
        pad()
        append32(0)
    }

    private mutating func appendBlock(_ type: UInt32, _ body: (inout CaptureWriter) -> Void) {
        let start = octets.count
        append32(type)
        append32(0)
        body(&self)
        let length = UInt32(octets.count - start + 4)
        append32(length)
        let low = isBigEndian ? length.byteSwapped : length
        for index in 0..<4 { octets[start + 4 + index] = UInt8(truncatingIfNeeded: low >> UInt32(8 * index)) }
    }

    private var isBigEndian: Bool {
        switch container {
        case .pcap(let order, _), .pcapng(let order, _), .packetLogger(let order): order == .big
        case .btsnoop: true
        case .ellisysText: false
        case .hcidump: false
        }
    }

    private mutating func append16(_ value: UInt16) {
        let low = isBigEndian ? value.byteSwapped : value
        octets += [UInt8(truncatingIfNeeded: low), UInt8(low >> 8)]
    }

    private mutating func append32(_ value: UInt32) {
        let low = isBigEndian ? value.byteSwapped : value
        for index in 0..<4 { octets.append(UInt8(truncatingIfNeeded: low >> UInt32(8 * index))) }
    }

    private mutating func pad() {
        while octets.count % 4 != 0 { octets.append(0) }
    }
}
