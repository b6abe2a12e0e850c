import ByteParsing

/// The two transports that bring HCI over a serial line in packets with sequence numbers; they differ in their packet types.
enum UARTTransport {
    /// The BlueCore Serial Protocol of CSR, whose packet types are channels.
    case bcsp
    /// Bluetooth Core, "Three-wire UART transport layer"; H5.
    case threeWire

    /// What a packet brings.
    enum Content {
        case command, acl, event, linkControl, other

        /// H4's packet indicator; `nil` for what is no HCI packet.
        var indicator: UInt8? {
            switch self {
            case .command: 1
            case .acl: 2
            case .event: 4
            case .linkControl, .other: nil
            }
        }
    }

    /// BCSP has commands and events on one channel, which the direction tells apart.
    func content(_ type: UInt8, isSent: Bool) -> Content {
        switch (self, type) {
        case (.bcsp, 1), (.threeWire, 15): .linkControl
        case (.bcsp, 5): isSent ? .command : .event
        case (.threeWire, 1): .command
        case (.bcsp, 6), (.threeWire, 2): .acl
        case (.threeWire, 4): .event
        default: .other
        }
    }

    /// The messages by which a link is established anew: sync and its response.
    func isSync(_ message: ArraySlice<UInt8>) -> Bool {
        switch self {
        case .bcsp: message.starts(with: [0xDA, 0xDC, 0xED, 0xED]) || message.starts(with: [0xAC, 0xAF, 0xEF, 0xEE])
        case .threeWire: message.starts(with: [0x01, 0x7E]) || message.starts(with: [0x02, 0x7D])
        }
    }
}

/// One packet, which is what a SLIP frame holds.
///
///     sequence number 3 bits · acknowledgment 3 · CRC present 1 · reliable 1 · type 4 · payload length 12 · checksum 8 ·
///     payload · [CRC 2, most significant octet first]
///
/// The four octets of the header add up to 0xFF.
struct UARTPacket {
    let octets: [UInt8]

    /// Requires that header and length are right; the CRC is told by `isIntact`.
    init(_ octets: [UInt8], at offset: Int) throws(ParseError) {
        guard octets.count >= 4 else { throw ParseError(.truncated(needed: 4, available: octets.count), at: offset) }
        let sum = octets[..<4].reduce(0, &+)
        guard sum == 0xFF else { throw ParseError(.invalidValue(UInt64(octets[3])), at: offset) }
        self.octets = octets
        guard 4 + payloadLength + (hasCRC ? 2 : 0) == octets.count else {
            throw ParseError(.invalidLength(octets.count), at: offset)
        }
    }

    var sequenceNumber: UInt8 { octets[0] & 7 }
    var isReliable: Bool { octets[0] & 0x80 != 0 }
    var type: UInt8 { octets[1] & 0x0F }
    var payload: ArraySlice<UInt8> { octets[4..<(4 + payloadLength)] }

    private var hasCRC: Bool { octets[0] & 0x40 != 0 }
    private var payloadLength: Int { Int(octets[1] >> 4) | Int(octets[2]) << 4 }

    /// Whether the CRC of header and payload is right, where there is one.
    var isIntact: Bool {
        guard hasCRC else { return true }
        let crc = CRC16.compute(octets.dropLast(2))
        return UInt16(octets[octets.count - 2]) << 8 | UInt16(octets[octets.count - 1]) == crc
    }
}

/// The CRC of the three-wire UART and of BCSP: polynomial x¹⁶+x¹²+x⁵+1, from 0xFFFF, each octet's least significant bit first.
public enum CRC16 {
    /// The CRC over some octets, which goes out with its most significant octet first.
    public static func compute(_ octets: some Sequence<UInt8>) -> UInt16 {
        // Eight steps of the register at once: what the octet brings in is fed back 4, 11 and 16 bits further.
        let register = octets.reduce(UInt16(0xFFFF)) { register, octet in
            let low = UInt8(truncatingIfNeeded: register) ^ octet
            let fed = UInt16(low ^ low << 4)
            return register >> 8 ^ fed << 8 ^ fed << 3 ^ fed >> 4
        }
        return (0..<16).reduce(0) { $0 | (register >> UInt16($1) & 1) << UInt16(15 - $1) }
    }
}
