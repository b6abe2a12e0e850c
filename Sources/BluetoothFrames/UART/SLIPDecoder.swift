/// The frames of a serial stream: Bluetooth Core, "Three-wire UART transport layer", "SLIP layer". BCSP has the same.
///
///     0xC0 · octets · 0xC0
///
/// Within a frame, 0xDB 0xDC stand for 0xC0 and 0xDB 0xDD for 0xDB; with software flow control 0xDB 0xDE for 0x11 (XON) and
/// 0xDB 0xDF for 0x13 (XOFF).
struct SLIPDecoder {
    /// What an octet brings.
    enum Step: Equatable {
        /// More is needed.
        case more
        /// The octets of a frame that ends here.
        case frame([UInt8])
        /// The frame is none: an escape that nothing has, or longer than any.
        case broken
    }

    /// Header, the longest payload, and the CRC.
    static let longest = 4 + 0x0FFF + 2

    private var octets: [UInt8] = []
    private var isEscaped = false
    /// Whether a delimiter was seen since the stream began or broke.
    private var isInStep = false

    /// Whether no frame has begun.
    var isBetweenFrames: Bool { octets.isEmpty && !isEscaped }

    mutating func take(_ octet: UInt8) -> Step {
        if octet == 0xC0 {
            let (frame, wasCut) = (octets, isEscaped)
            forget()
            isInStep = true
            if wasCut { return .broken }
            return frame.isEmpty ? .more : .frame(frame)
        }
        guard isInStep else { return .more }
        if isEscaped {
            isEscaped = false
            guard let plain = Self.escaped(octet) else { return breakOff() }
            octets.append(plain)
        } else if octet == 0xDB {
            isEscaped = true
        } else {
            octets.append(octet)
        }
        return octets.count <= Self.longest ? .more : breakOff()
    }

    private static func escaped(_ octet: UInt8) -> UInt8? {
        switch octet {
        case 0xDC: 0xC0
        case 0xDD: 0xDB
        case 0xDE: 0x11
        case 0xDF: 0x13
        default: nil
        }
    }

    private mutating func breakOff() -> Step {
        forget()
        return .broken
    }

    /// The next octets do not follow on these: the next delimiter begins a frame.
    mutating func forget() {
        octets = []
        isEscaped = false
        isInStep = false
    }
}
