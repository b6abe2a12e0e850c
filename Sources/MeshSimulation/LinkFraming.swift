import BluetoothFrames
public import CaptureFiles

/// Wraps simulated advertisements as the frames of a link type.
public struct LinkFraming {
    /// A frame, and btsnoop's flags for it.
    package struct Wrapped {
        package var octets: [UInt8]
        package var flags: UInt32
    }

    /// What a sniffer does about whitening; only for link type 256.
    public enum WhiteningHabit: Sendable, CaseIterable {
        /// It takes it off.
        case takenOff
        /// It leaves it, and says so.
        case left
        /// It leaves it, and says that it took it off.
        case leftUntold
    }

    private let linkType: LinkType
    private let whitening: WhiteningHabit
    /// False where the capture begins in the middle of connections.
    private let hearsConnectIndication: Bool
    /// Version of the nRF Sniffer's header.
    private let nordicVersion: UInt8
    private var counter = 0
    private var proxy = ProxyFraming()
    /// SN of the next data PDU of each direction, and whether the connection was announced.
    private var sequenceBits = (toServer: false, toClient: false)
    private var isConnected = false
    private var usb: USBFraming
    private var uart: UARTFraming
    private var time = CaptureTime(nanoseconds: 0)

    /// That of the host that captures, where frames show it.
    package var byteOrder: CaptureContainer.ByteOrder {
        get { usb.byteOrder }
        set { usb.byteOrder = newValue }
    }

    /// `nordicVersion`: 0, 1, 2 or 3; only for link type 272.
    public init(
        _ linkType: LinkType, nordicVersion: UInt8 = 3, whitening: WhiteningHabit = .takenOff,
        hearsConnectIndication: Bool = true
    ) {
        self.linkType = linkType
        self.whitening = whitening
        self.hearsConnectIndication = hearsConnectIndication
        self.nordicVersion = nordicVersion
        usb = USBFraming(linkType)
        uart = UARTFraming(linkType)
    }

    /// The frames for one advertisement; none where a host's controller would have dropped it.
    package mutating func wrap(_ frame: SimulatedFrame) -> [Wrapped] {
        counter += 1
        time = frame.time
        if frame.proxy != nil { return proxied(frame) }
        if isHCI {
            guard !frame.isDamaged else { return [] }
            return frame.direction == .heard ? reports(frame) : commands(frame)
        }
        guard frame.direction == .heard else { return [] }
        let octets = sniffed(linkLayer(frame), channel: frame.channel, isDamaged: frame.isDamaged)
        return [Wrapped(octets: octets, flags: 0)]
    }

    // MARK: Proxy connections

    private mutating func proxied(_ frame: SimulatedFrame) -> [Wrapped] {
        isHCI ? proxy.fragments(frame).flatMap { data($0) } : connected(frame)
    }

    /// A fragment as ACL data of a host.
    private mutating func data(_ fragment: ProxyFraming.Fragment) -> [Wrapped] {
        let boundary: UInt64 = fragment.isStart ? (fragment.isToServer ? 0 : 2) : 1
        let head = little(UInt64(ProxyFraming.connectionHandle) | boundary << 12, 2)
        let packet = head + little(UInt64(fragment.octets.count), 2) + fragment.octets
        let isSent = fragment.isToServer
        return wrap(packet, h4: 2, monitor: isSent ? 4 : 5, received: !isSent, isCommandOrEvent: false)
    }

    /// What a sniffer hears of the connection.
    private mutating func connected(_ frame: SimulatedFrame) -> [Wrapped] {
        var air: [[UInt8]] = isConnected || !hearsConnectIndication ? [] : [connectIndication()]
        isConnected = true
        for fragment in proxy.fragments(frame) {
            let pdu = dataChannel(fragment)
            // Every fifth one is sent again, since its acknowledgment was lost.
            air += counter % 5 == 0 ? [pdu, pdu] : [pdu]
        }
        return air.map { Wrapped(octets: sniffed($0, channel: 37, isDamaged: false), flags: 0) }
    }

    /// CONNECT_IND, from which a sniffer learns access address and CRCInit.
    private func connectIndication() -> [UInt8] {
        let connection =
            little(ProxyFraming.accessAddress, 4) + little(UInt64(ProxyFraming.crcInit), 3)
            + [1, 0, 0, 6, 0, 0, 0, 100, 0] + [0xFF, 0xFF, 0xFF, 0xFF, 0x1F, 5]
        let pdu = [0x05, UInt8(12 + connection.count)] + Array(repeating: 0xC1, count: 12) + connection
        return [0xD6, 0xBE, 0x89, 0x8E] + pdu + little(UInt64(CRC24.compute(pdu)), 3)
    }

    private mutating func dataChannel(_ fragment: ProxyFraming.Fragment) -> [UInt8] {
        let bit = fragment.isToServer ? sequenceBits.toServer : sequenceBits.toClient
        if fragment.isToServer { sequenceBits.toServer.toggle() } else { sequenceBits.toClient.toggle() }
        let pdu = [(fragment.isStart ? 2 : 1) | (bit ? 8 : 0), UInt8(fragment.octets.count)] + fragment.octets
        let crc = CRC24.compute(pdu, from: ProxyFraming.crcInit)
        return little(ProxyFraming.accessAddress, 4) + pdu + little(UInt64(crc), 3)
    }

    // MARK: Sniffers

    private func sniffed(_ air: [UInt8], channel: UInt8, isDamaged: Bool) -> [UInt8] {
        switch linkType {
        case .bluetoothLELinkLayerWithHeader:
            // Dewhitened, signal valid, reference access address valid, CRC checked, CRC valid.
            var flags: UInt16 = 0x0413 | (isDamaged ? 0 : 0x0800)
            var air = air
            if whitening != .takenOff {
                var pdu = Array(air[4...])
                Whitening.apply(to: &pdu, channel: channel)
                air = air[..<4] + pdu
                flags = whitening == .left ? 0x0012 : 0x0413
            }
            let channel = [UInt8(0), 12, 39][Int(channel - 37)]
            return [channel, 0xC8, 0x80, 0] + [0xD6, 0xBE, 0x89, 0x8E] + little(UInt64(flags), 2) + air
        case .perPacketInformation:
            return [0, 0] + little(8, 2) + little(251, 4) + air
        case .nordicBLE:
            let legacy = [isDamaged ? 0 : 1, channel, 60, 0, 0] + little(UInt64(truncatingIfNeeded: counter), 4) + air
            guard nordicVersion > 0 else {
                return [0xBE, 0xEF, 6] + little(UInt64(counter & 0xFFFF), 2) + [0, 0, UInt8(legacy.count)] + legacy
            }
            let body = [10] + legacy
            let id: UInt8 = nordicVersion == 3 ? 2 : 6
            let head =
                nordicVersion == 1
                ? [6, UInt8(body.count), 1] : little(UInt64(body.count), 2) + [nordicVersion]
            return [7] + head + little(UInt64(counter & 0xFFFF), 2) + [id] + body
        default: return air
        }
    }

    ///     access address 4 · header 2 · AdvA 6 · AdvData · CRC 3
    private func linkLayer(_ frame: SimulatedFrame) -> [UInt8] {
        let address = little(frame.address, 6)
        // An extended PDU: header of 9 octets with AdvA and ADI, AdvMode 0.
        let payload = frame.type == 7 ? [9, 0x09] + address + [0x34, 0x12] + frame.data : address + frame.data
        let header: [UInt8] = [frame.type | 0x40, UInt8(payload.count)]
        var crc = CRC24.compute(header + payload)
        if frame.isDamaged { crc ^= 0x00_1000 }
        return [0xD6, 0xBE, 0x89, 0x8E] + header + payload + little(UInt64(crc), 3)
    }

    // MARK: Hosts

    /// LE Advertising Report, every seventh one extended, and every third of those in two events.
    private mutating func reports(_ frame: SimulatedFrame) -> [Wrapped] {
        guard frame.type == 7 || counter % 7 == 0 else {
            let report =
                [frame.type == 4 ? 4 : 3, 1] + little(frame.address, 6) + [UInt8(frame.data.count)] + frame.data
            return event([0x02, 1] + report + [0xC4])
        }
        guard counter % 21 == 0, frame.data.count > 8 else { return extendedReport(frame, frame.data, status: 0) }
        let half = frame.data.count / 2
        return extendedReport(frame, Array(frame.data[..<half]), status: 1)
            + extendedReport(frame, Array(frame.data[half...]), status: 0)
    }

    private mutating func extendedReport(_ frame: SimulatedFrame, _ data: [UInt8], status: UInt16) -> [Wrapped] {
        let type = UInt64(status << 5)
        let head = little(type, 2) + [1] + little(frame.address, 6) + [1, 0, 0x05, 0x7F, 0xC4, 0, 0, 0]
        return event([0x0D, 1] + head + [0, 0, 0, 0, 0, 0] + [UInt8(data.count)] + data)
    }

    /// LE Set Advertising Data; every third one in fragments of LE Set Extended Advertising Data; every fourth one as
    /// Mesh Send where the log has management records.
    private mutating func commands(_ frame: SimulatedFrame) -> [Wrapped] {
        if counter % 4 == 0, isMonitor {
            let parameters =
                little(0, 6) + [0] + little(0, 8) + little(0, 2) + [3, UInt8(frame.data.count)] + frame.data
            return wrap(little(1, 4) + little(0x0059, 2) + parameters, h4: 0, monitor: 16, received: false)
        }
        guard counter % 3 == 0 else {
            let padding = [UInt8](repeating: 0, count: 31 - frame.data.count)
            return command(0x2008, [UInt8(frame.data.count)] + frame.data + padding)
        }
        let half = frame.data.count / 2
        let (first, last) = (Array(frame.data[..<half]), Array(frame.data[half...]))
        return command(0x2037, [0, 1, 0, UInt8(first.count)] + first)
            + command(0x2037, [0, 2, 0, UInt8(last.count)] + last)
    }

    private mutating func event(_ parameters: [UInt8]) -> [Wrapped] {
        wrap([0x3E, UInt8(parameters.count)] + parameters, h4: 4, monitor: 3, received: true)
    }

    private mutating func command(_ opcode: UInt64, _ parameters: [UInt8]) -> [Wrapped] {
        wrap(little(opcode, 2) + [UInt8(parameters.count)] + parameters, h4: 1, monitor: 2, received: false)
    }

    /// Whether its frames are of a host and not from the air.
    var isHCI: Bool {
        switch linkType {
        case .bluetoothLELinkLayer, .bluetoothLELinkLayerWithHeader, .perPacketInformation, .nordicBLE: false
        default: true
        }
    }

    private var isMonitor: Bool { linkType == .bluetoothLinuxMonitor || linkType == .btsnoopMonitor }

    private mutating func wrap(
        _ packet: [UInt8], h4: UInt8, monitor: UInt8, received: Bool, isCommandOrEvent: Bool = true
    ) -> [Wrapped] {
        let direction: UInt32 = received ? 1 : 0
        let kind: UInt32 = isCommandOrEvent ? 2 : 0
        switch linkType {
        case .bluetoothHCIH4: return [Wrapped(octets: [h4] + packet, flags: 0)]
        case .bluetoothHCIH4WithDirection:
            return [Wrapped(octets: [0, 0, 0, UInt8(direction), h4] + packet, flags: 0)]
        case .bluetoothLinuxMonitor: return [Wrapped(octets: [0, 0, 0, monitor] + packet, flags: 0)]
        case .btsnoopMonitor: return [Wrapped(octets: packet, flags: UInt32(monitor))]
        case .btsnoopH1: return [Wrapped(octets: packet, flags: direction | kind)]
        case .usbmon, .usbmonMapped, .usbPcap:
            return usb.frames(packet, indicator: h4, isReceived: received, at: time).map {
                Wrapped(octets: $0, flags: 0)
            }
        case .btsnoopBCSP, .btsnoopH5: return uart.records(packet, indicator: h4, isReceived: received)
        default: return [Wrapped(octets: [h4] + packet, flags: direction | kind)]
        }
    }
}

/// A number of some octets, least significant octet first.
func little(_ value: UInt64, _ count: Int) -> [UInt8] {
    (0..<count).map { UInt8(truncatingIfNeeded: value >> UInt64(8 * $0)) }
}
