public import CaptureFiles

/// One advertisement as the sniffer or the host of the log meets it, before it is wrapped as a frame.
public struct SimulatedFrame: Sendable {
    enum Direction: Sendable { case heard, sent }

    /// A value on the GATT connection between a proxy client and its server.
    enum ProxyDirection: Sendable { case toServer, toClient }

    public let time: CaptureTime
    /// 37, 38 or 39.
    let channel: UInt8
    /// The advertiser's device address, 48 bits.
    let address: UInt64
    /// AD structures.
    let data: [UInt8]
    let direction: Direction
    /// A bit was lost on the way, and the CRC shows it.
    let isDamaged: Bool
    /// Link layer PDU type: 0 ADV_IND, 2 ADV_NONCONN_IND, 4 SCAN_RSP, 6 ADV_SCAN_IND, 7 extended.
    let type: UInt8
    /// Set where `data` is the message of Proxy PDUs, its type in front.
    var proxy: ProxyDirection?
}

/// AD structures as their octets.
enum AD {
    static func structure(_ type: UInt8, _ value: [UInt8]) -> [UInt8] { [UInt8(value.count + 1), type] + value }
}
