import BluetoothFrames
import CaptureFiles

/// Wraps HCI packets as those of BCSP or of the three-wire UART, in SLIP frames, as a log cuts them into records.
struct UARTFraming {
    private let isBCSP: Bool
    private var sequenceNumbers = (sent: UInt8(0), received: UInt8(0))
    private var counter = 0

    init(_ linkType: LinkType) {
        isBCSP = linkType == .btsnoopBCSP
    }

    /// The records of an HCI packet with their packet flags; `indicator` is that of H4.
    ///
    /// Every fifth packet is sent again, every seventh stands in two records with one of the other direction between them, every
    /// ninth in one record with an acknowledgment; every other one has a CRC.
    mutating func records(_ packet: [UInt8], indicator: UInt8, isReceived: Bool) -> [LinkFraming.Wrapped] {
        var records = counter == 0 ? establishment : []
        counter += 1
        let type = type(of: indicator)
        let number = isReceived ? sequenceNumbers.received : sequenceNumbers.sent
        if isReceived { sequenceNumbers.received = (number + 1) & 7 } else { sequenceNumbers.sent = (number + 1) & 7 }
        let own = 0x80 | number | (counter % 2 == 0 ? 0x40 : 0)
        let frame = slip(own | other(isReceived) << 3, type, packet)
        let flags: UInt32 = isReceived ? 1 : 0
        if counter % 7 == 0 {
            let cut = frame.count / 2
            records.append(LinkFraming.Wrapped(octets: Array(frame[..<cut]), flags: flags))
            records.append(acknowledgment(isReceived: !isReceived))
            records.append(LinkFraming.Wrapped(octets: Array(frame[cut...]), flags: flags))
        } else {
            let acknowledged = counter % 9 == 0 ? acknowledgment(isReceived: isReceived).octets : []
            records.append(LinkFraming.Wrapped(octets: acknowledged + frame, flags: flags))
        }
        // Meanwhile another packet of the other side has come.
        let again = slip(own | ((other(isReceived) + 1) & 7) << 3, type, packet)
        if counter % 5 == 0 { records.append(LinkFraming.Wrapped(octets: again, flags: flags)) }
        return records
    }

    private func other(_ isReceived: Bool) -> UInt8 { isReceived ? sequenceNumbers.sent : sequenceNumbers.received }

    /// The packet type, or the channel.
    private func type(of indicator: UInt8) -> UInt8 {
        switch indicator {
        case 2: isBCSP ? 6 : 2
        default: isBCSP ? 5 : indicator
        }
    }

    /// The messages sync and config, and their responses.
    private var establishment: [LinkFraming.Wrapped] {
        let type: UInt8 = isBCSP ? 1 : 15
        let messages: [[UInt8]] =
            isBCSP
            ? [
                [0xDA, 0xDC, 0xED, 0xED], [0xAC, 0xAF, 0xEF, 0xEE], [0xAD, 0xEF, 0xAC, 0xED], [0xDE, 0xAD, 0xD0, 0xD0],
            ]
            : [[0x01, 0x7E], [0x02, 0x7D], [0x03, 0xFC, 0x17], [0x04, 0x7B, 0x17]]
        return messages.enumerated().map { index, message in
            LinkFraming.Wrapped(octets: slip(0, type, message), flags: UInt32(index % 2))
        }
    }

    private func acknowledgment(isReceived: Bool) -> LinkFraming.Wrapped {
        LinkFraming.Wrapped(octets: slip(other(isReceived) << 3, 0, []), flags: isReceived ? 1 : 0)
    }

    private func slip(_ first: UInt8, _ type: UInt8, _ payload: [UInt8]) -> [UInt8] {
        let second = type | UInt8(truncatingIfNeeded: payload.count << 4)
        let third = UInt8(truncatingIfNeeded: payload.count >> 4)
        var octets = [first, second, third, ~(first &+ second &+ third)] + payload
        if first & 0x40 != 0 {
            let crc = CRC16.compute(octets)
            octets += [UInt8(crc >> 8), UInt8(crc & 0xFF)]
        }
        let escaped = octets.flatMap { octet -> [UInt8] in
            switch octet {
            case 0xC0: [0xDB, 0xDC]
            case 0xDB: [0xDB, 0xDD]
            default: [octet]
            }
        }
        return [0xC0] + escaped + [0xC0]
    }
}
