import ByteParsing

/// What an Interface Description Block says of the frames of its interface.
///
///     link type 2 · reserved 2 · snapshot length 4 · options
///     option  code 2 · length 2 · value, padded to 4
struct PcapngInterface {
    /// What one unit of the frames' times is.
    private enum Resolution {
        /// A whole number of nanoseconds: the usual case, which needs no division.
        case nanoseconds(UInt64)
        /// So many units to a second.
        case perSecond(UInt64)
        /// Finer than 64 bits can count to a second: times are not told.
        case unknown
    }

    let linkType: LinkType
    /// The most octets kept of a frame.
    let snapshotLength: Int
    private var resolution = Resolution.nanoseconds(1000)
    private var offsetSeconds: Int64 = 0

    /// `body`: behind the block's type and length.
    init(parsing body: inout ByteReader, _ order: CaptureContainer.ByteOrder) throws(ParseError) {
        linkType = LinkType(.pcap, UInt32(try body.readUInt16(order)))
        try body.skip(2)
        let longest = Int(try body.readUInt32(order))
        snapshotLength = longest == 0 ? .max : longest
        while body.remaining >= 4 {
            let code = try body.readUInt16(order)
            let length = Int(try body.readUInt16(order))
            var value = try body.readPiece(length)
            try body.skip(min((4 - length % 4) % 4, body.remaining))
            switch (code, length) {
            case (0, _): return
            case (9, 1): resolution = Self.resolution(try value.readUInt8())
            case (14, 8):
                let seconds = order == .big ? try value.readBigEndian(8) : try value.readLittleEndian(8)
                offsetSeconds = Int64(bitPattern: seconds)
            default: break
            }
        }
    }

    /// `option`: a negative power of 10, or, with the most significant bit, of 2.
    private static func resolution(_ option: UInt8) -> Resolution {
        let exponent = UInt64(option & 0x7F)
        guard option & 0x80 == 0 else { return exponent <= 63 ? .perSecond(1 << exponent) : .unknown }
        guard exponent <= 19 else { return .unknown }
        if exponent <= 9 { return .nanoseconds((exponent..<9).reduce(1) { power, _ in power * 10 }) }
        return .perSecond((0..<exponent).reduce(1) { power, _ in power * 10 })
    }

    /// The moment that a frame's time stands for.
    func time(_ units: UInt64) -> CaptureTime {
        switch resolution {
        case .nanoseconds(let length):
            let (nanoseconds, overflow) = units.multipliedReportingOverflow(by: length)
            guard !overflow, offsetSeconds == 0, let known = Int64(exactly: nanoseconds) else {
                return time(units, perSecond: 1_000_000_000 / length)
            }
            return CaptureTime(nanoseconds: known)
        case .perSecond(let count): return time(units, perSecond: count)
        case .unknown: return CaptureTime(seconds: offsetSeconds)
        }
    }

    private func time(_ units: UInt64, perSecond: UInt64) -> CaptureTime {
        let (whole, rest) = units.quotientAndRemainder(dividingBy: perSecond)
        let nanoseconds = Int64(perSecond.dividingFullWidth(rest.multipliedFullWidth(by: 1_000_000_000)).quotient)
        let (seconds, overflow) = Int64(truncatingIfNeeded: min(whole, UInt64(Int64.max)))
            .addingReportingOverflow(offsetSeconds)
        return CaptureTime(seconds: overflow ? .max : seconds, nanoseconds: nanoseconds)
    }
}
