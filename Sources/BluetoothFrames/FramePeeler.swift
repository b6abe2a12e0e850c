public import ByteParsing

/// What became of a frame.
public enum FrameOutcome: Hashable, Sendable {
    /// All there is to peel was peeled.
    case peeled
    /// The checksum over the air failed: nothing of the frame is believed.
    case crcFailed
    /// A well-formed frame that carries no advertising.
    case other
}

/// An HCI packet, apart from what carried it.
public struct HCIPacket: Hashable, Sendable {
    /// H4's packet indicator: 1 command, 2 ACL data, 4 event.
    public let indicator: UInt8
    /// From host to controller.
    public let isSent: Bool
    /// Without the indicator.
    public let octets: [UInt8]
}

/// Of what a frame is a part.
public enum FramePart: Hashable, Sendable {
    /// A fragment of advertising data.
    case advertisingData
    /// A connection.
    case connection
}

/// What is to be said of the frames of a capture, beside what they hold.
public struct PeelingTally: Hashable, Sendable {
    /// Connections whose CONNECT_IND was not heard, and whose PDUs told the CRCInit.
    public let joined: Int
    /// Data channel PDUs whose CRC nobody could check: none of them was believed.
    public let unchecked: Int
    /// Data channel PDUs that are encrypted.
    public let encrypted: Int
    /// Frames that are whitened though the file says that they are not.
    public let dewhitened: Int
}

/// Peels frames down to advertising structures and attribute values.
///
/// It remembers what Bluetooth itself spreads over several frames: fragments of extended advertising data and of L2CAP
/// PDUs, HCI packets in several USB transfers or in parts of a serial stream. That memory is bounded.
///
/// What needs none of it is a `static` function: one that only reads the peeler would be handed a copy of all of it, for each frame.
public struct FramePeeler {
    var receivedFragments = FragmentStore()
    var sentFragments = FragmentStore()
    var connections = Connections()
    var followed = FollowedConnections()
    var whitening = WhiteningTally()
    var echo = MonitorEcho()
    var usb = USBBuses()
    var wires = (sent: UARTDirection(), received: UARTDirection())
    /// Whether the frame is a record of the Linux monitor channel.
    var isMonitor = false

    /// The frame that is being peeled; all that it holds is stamped with it.
    var frame = FrameStamp(capture: 0, number: 0, nanoseconds: 0)

    /// Whether the last frame given to `peel` said something together with others: what it holds cannot be had from it alone.
    public internal(set) var part: FramePart?

    /// The HCI packets that the last frame given to `peel` held or completed, of those that come over USB or a serial line.
    public internal(set) var packets: [HCIPacket] = []
    /// Whether `packets` is wanted.
    public var collectsPackets = false

    /// What is to be said of the frames that were peeled so far.
    public var tally: PeelingTally {
        PeelingTally(
            joined: followed.joined, unchecked: followed.unchecked, encrypted: followed.encrypted,
            dewhitened: whitening.untold)
    }

    /// A peeler that has seen no frame yet.
    public init() {}

    /// Peels a whole frame where it is one of those that there are most of; false, with nothing done, where `peel` is to do it.
    ///
    /// Such a frame is no part of anything and holds no packet: `part` and `packets` are left as `peel` set them last.
    public mutating func peelUsual(
        _ bytes: Span<UInt8>, of frame: FrameStamp, as encapsulation: Encapsulation, flags: UInt32,
        _ heard: inout HeardBatch
    ) -> Bool {
        let found: UsualStructure? =
            switch encapsulation {
            case .linkLayerWithHeader: usualAdvertisement(bytes)
            case .linuxMonitor: flags & 0xFFFF == 3 ? usualReport(bytes) : nil
            default: nil
            }
        guard let found else { return false }
        var reader = ByteReader(bytes)
        do throws(ParseError) {
            try reader.skip(found.range.lowerBound)
            var structure = try reader.readPiece(found.range.count)
            if encapsulation == .linuxMonitor,
                echo.isRepeated(structure, .heard, by: .controller, at: frame.nanoseconds)
            {
                return true
            }
            try structure.skip(1)
            let type = try structure.readUInt8()
            try heard.append(type, structure, of: Advertisement(direction: .heard, address: found.address), in: frame)
        } catch {
            return false
        }
        return true
    }

    /// Peels one frame and puts what it holds behind what was heard before.
    ///
    /// - Parameters:
    ///   - bytes: the whole frame, as far as it was captured.
    ///   - frame: which frame it is, for all that is handed out of it.
    ///   - encapsulation: how the frame is wrapped.
    ///   - flags: btsnoop's packet flags, where the encapsulation needs them.
    ///   - isCut: the capture holds only the beginning of the frame.
    ///   - heard: takes what the frame holds, in its order.
    /// - Returns: what became of the frame.
    /// - Throws: where the frame breaks its format; what it held before that stays good.
    public mutating func peel(
        _ bytes: Span<UInt8>, of frame: FrameStamp, as encapsulation: Encapsulation, flags: UInt32, isCut: Bool,
        into heard: inout HeardBatch
    ) throws(ParseError) -> FrameOutcome {
        part = nil
        if collectsPackets { packets = [] }
        if !isCut, peelUsual(bytes, of: frame, as: encapsulation, flags: flags, &heard) { return .peeled }
        self.frame = frame
        isMonitor = encapsulation == .linuxMonitor || encapsulation == .linuxMonitorWithHeader
        var reader = ByteReader(bytes)
        switch encapsulation {
        case .linkLayer:
            return try peelLinkLayer(&reader, SnifferVerdict(), isCut: isCut, &heard)
        case .linkLayerWithHeader:
            let header = try LinkLayerPseudoHeader(parsing: &reader)
            return try peelLinkLayer(&reader, header.verdict, isCut: isCut, &heard)
        case .perPacketInformation:
            guard try PerPacketInformation(parsing: &reader).isLinkLayer else { return .other }
            return try peelLinkLayer(&reader, SnifferVerdict(), isCut: isCut, &heard)
        case .nordicSniffer:
            let header = try NordicSnifferHeader(parsing: &reader)
            guard header.isPDU else { return .other }
            return try peelLinkLayer(&reader, header.verdict, isCut: isCut, &heard)
        case .hciH4:
            return try peelH4(&reader, isSent: nil, &heard)
        case .hciH4WithFlags:
            return try peelH4(&reader, isSent: flags & 1 == 0, &heard)
        case .hciH4WithDirection:
            let direction = try reader.readUInt32BigEndian()
            return try peelH4(&reader, isSent: direction == 0, &heard)
        case .hciH1:
            return try peelH1(&reader, flags: flags, &heard)
        case .linuxMonitorWithHeader:
            let adapter = try reader.readUInt16BigEndian()
            return try peelMonitor(&reader, adapter: adapter, opcode: try reader.readUInt16BigEndian(), &heard)
        case .linuxMonitor:
            let opcode = UInt16(truncatingIfNeeded: flags)
            return try peelMonitor(&reader, adapter: UInt16(truncatingIfNeeded: flags >> 16), opcode: opcode, &heard)
        case .usbmon, .usbmonMapped:
            let transfer = try USBTransfer(usbmon: &reader, isMapped: encapsulation == .usbmonMapped, isCut: isCut)
            return try peelUSB(&reader, transfer, &heard)
        case .usbPcap:
            return try peelUSB(&reader, try USBTransfer(usbPcap: &reader, isCut: isCut), &heard)
        case .bcsp:
            return try peelUART(&reader, .bcsp, isSent: flags & 1 == 0, isCut: isCut, &heard)
        case .threeWireUART:
            return try peelUART(&reader, .threeWire, isSent: flags & 1 == 0, isCut: isCut, &heard)
        }
    }
}
