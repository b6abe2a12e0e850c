public import CaptureFiles

/// One advertisement as the sniffer or the host of the log meets it, before it is wrapped as a frame.
public struct SimulatedFrame: Sendable {
    package enum Direction: Sendable { case heard, sent }

    /// A value on the GATT connection between a proxy client and its server.
    package enum ProxyDirection: Sendable { case toServer, toClient }

    /// When it was on the air.
    public let time: CaptureTime
    /// 37, 38 or 39.
    package let channel: UInt8
    /// The advertiser's device address, 48 bits.
    package let address: UInt64
    /// AD structures.
    package let data: [UInt8]
    package let direction: Direction
    /// A bit was lost on the way, and the CRC shows it.
    package let isDamaged: Bool
    /// Link layer PDU type: 0 ADV_IND, 2 ADV_NONCONN_IND, 4 SCAN_RSP, 6 ADV_SCAN_IND, 7 extended.
    package let type: UInt8
    /// Set where `data` is the message of Proxy PDUs, its type in front.
    package var proxy: ProxyDirection?

    package init(
        time: CaptureTime, channel: UInt8, address: UInt64, data: [UInt8], direction: Direction, isDamaged: Bool,
        type: UInt8, proxy: ProxyDirection? = nil
    ) {
        self.time = time
        self.channel = channel
        self.address = address
        self.data = data
        self.direction = direction
        self.isDamaged = isDamaged
        self.type = type
        self.proxy = proxy
    }
}

extension [SimulatedFrame] {
    /// The octets of a pcap file, link type 251, with these frames in their order.
    func pcap() -> [UInt8] {
        var framing = LinkFraming(.bluetoothLELinkLayer)
        var writer = CaptureWriter(.pcap(.little, .microseconds), linkTypes: [.bluetoothLELinkLayer])
        for frame in self {
            for wrapped in framing.wrap(frame) { writer.write(wrapped.octets, at: frame.time, flags: wrapped.flags) }
        }
        return writer.removeOctets()
    }
}

/// AD structures as their octets.
package enum AD {
    package static func structure(_ type: UInt8, _ value: [UInt8]) -> [UInt8] {
        [UInt8(value.count + 1), type] + value
    }
}
