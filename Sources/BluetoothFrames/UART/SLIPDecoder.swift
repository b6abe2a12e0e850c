import ByteParsing

/// The frames of a serial stream: Bluetooth Core, "Three-wire UART transport layer", "SLIP layer". BCSP has the same.
///
///     0xC0 · octets · 0xC0
///
/// Within a frame, 0xDB 0xDC stand for 0xC0 and 0xDB 0xDD for 0xDB; with software flow control 0xDB 0xDE for 0x11 (XON) and
/// 0xDB 0xDF for 0x13 (XOFF).
struct SLIPDecoder {
    /// What octets bring.
    enum Step: Equatable {
        /// More are needed.
        case more
        /// The octets of a frame that ends here.
        case frame([UInt8])
        /// The frame is none: an escape that nothing has, or longer than any.
        case broken
    }

    /// Header, the longest payload, and the CRC.
    static let longest = 4 + 0x0FFF + 2

    private static let delimiter: UInt8 = 0xC0
    private static let escape: UInt8 = 0xDB

    private var octets: [UInt8] = []
    private var isEscaped = false
    /// Whether a delimiter was seen since the stream began or broke.
    private var isInStep = false

    /// Whether no frame has begun.
    var isBetweenFrames: Bool { octets.isEmpty && !isEscaped }

    /// Takes octets until a frame ends or breaks, or there are no more.
    mutating func take(_ reader: inout ByteReader) throws(ParseError) -> Step {
        while !reader.isAtEnd {
            let step = isInStep && !isEscaped ? try takePlain(&reader) : take(try reader.readUInt8())
            if step != .more { return step }
        }
        return .more
    }

    /// Takes the octets that stand for themselves, up to the next one that does not, and that one.
    private mutating func takePlain(_ reader: inout ByteReader) throws(ParseError) -> Step {
        var count = 0
        while count < reader.remaining {
            let octet = try reader.peek(count)
            if octet == Self.delimiter || octet == Self.escape { break }
            count += 1
        }
        octets.append(try reader.readSpan(count))
        guard octets.count <= Self.longest else { return breakOff() }
        return reader.isAtEnd ? .more : take(try reader.readUInt8())
    }

    /// Takes an octet that does not stand for itself, or stands outside of any frame.
    private mutating func take(_ octet: UInt8) -> Step {
        if octet == Self.delimiter { return takeDelimiter() }
        guard isInStep else { return .more }
        guard isEscaped else {
            isEscaped = true
            return .more
        }
        isEscaped = false
        guard let plain = Self.escaped(octet) else { return breakOff() }
        octets.append(plain)
        return octets.count <= Self.longest ? .more : breakOff()
    }

    private mutating func takeDelimiter() -> Step {
        let (frame, wasCut) = (octets, isEscaped)
        forget()
        isInStep = true
        if wasCut { return .broken }
        return frame.isEmpty ? .more : .frame(frame)
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
