/// Data whitening: Bluetooth Core, "Data whitening"; x⁷+x⁴+1, begun with the channel index. It takes itself back.
public enum Whitening {
    private static let period = 127
    /// For each channel index the octets that are added to a PDU and its CRC; they repeat after 127.
    private static let octets: [[UInt8]] = (0..<40).map { channel in
        // Position 0 is set, positions 1 to 6 hold the channel index, most significant bit first.
        var register = UInt8(channel) | 0x40
        return (0..<period).map { _ in
            (0..<8).reduce(UInt8(0)) { octet, bit in
                let output = register & 1
                register = register >> 1 ^ (output == 1 ? 0x44 : 0)
                return octet | output << UInt8(bit)
            }
        }
    }

    /// Whitens a PDU with its CRC, or takes that back; `channel`: the channel index, 0 to 39.
    public static func apply(to pdu: inout [UInt8], channel: UInt8) {
        guard channel < 40 else { return }
        let sequence = octets[Int(channel)]
        for index in pdu.indices { pdu[index] ^= sequence[index % period] }
    }

    /// The channel index of an RF channel, which is 2402 MHz and 2 MHz for each: Bluetooth Core, "Physical channel".
    static func channelIndex(rfChannel: UInt8) -> UInt8? {
        switch rfChannel {
        case 0: 37
        case 12: 38
        case 39: 39
        case 1...11: rfChannel - 1
        case 13...38: rfChannel - 2
        default: nil
        }
    }

    /// The RF channel of a channel index, 0 to 39.
    static func rfChannel(_ channelIndex: UInt8) -> UInt8? {
        switch channelIndex {
        case 37: 0
        case 38: 12
        case 39: 39
        case 0...10: channelIndex + 1
        case 11...36: channelIndex + 2
        default: nil
        }
    }
}

/// Which frames of a capture were whitened, by the CRC of their advertising PDUs.
struct WhiteningTally {
    var plain = 0
    var whitened = 0
    /// Of the whitened ones, those that the file says are not.
    var untold = 0

    /// Whether a frame whose CRC nobody can check should be taken as whitened.
    func expectsWhitened(_ verdict: SnifferVerdict) -> Bool {
        plain == whitened ? !verdict.isDewhitened : whitened > plain
    }
}
