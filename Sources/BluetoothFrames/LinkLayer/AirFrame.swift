public import ByteParsing

/// A frame from the air, apart from the wrapping in which a sniffer saved it.
public struct AirFrame: Hashable, Sendable {
    /// 2402 MHz and 2 MHz for each; `nil` where the wrapping does not tell it.
    public var rfChannel: UInt8?
    /// dBm; `nil` where the wrapping does not tell it.
    public var power: Int8?
    /// Access address, the coding indicator of a coded PHY, PDU header, payload, CRC.
    public var octets: [UInt8]
    /// On LE Coded PHY, so that a coding indicator follows the access address.
    public var isCoded = false
    /// On LE 2M PHY.
    public var isTwoMegabit = false
    /// What the sniffer says of the CRC; `nil` where it says nothing.
    public var isIntact: Bool?
    /// The whitening was not taken off.
    public var isWhitened = false

    /// The frame in one of the wrappings of sniffers; `nil` for another encapsulation, or where it holds no frame from the air.
    ///
    /// - Throws: `ParseError` where the wrapping breaks its format.
    public init?(_ bytes: Span<UInt8>, as encapsulation: Encapsulation) throws(ParseError) {
        var reader = ByteReader(bytes)
        var verdict = SnifferVerdict()
        switch encapsulation {
        case .linkLayer: break
        case .linkLayerWithHeader:
            let power = try reader.peek(1)
            let flags = UInt16(try reader.peek(8)) | UInt16(try reader.peek(9)) << 8
            if flags & 0x0002 != 0 { self.power = Int8(bitPattern: power) }
            isTwoMegabit = flags & 0xC000 == 0x4000
            rfChannel = try reader.peek()
            verdict = try LinkLayerPseudoHeader(parsing: &reader).verdict
        case .perPacketInformation:
            guard try PerPacketInformation(parsing: &reader).isLinkLayer else { return nil }
        case .nordicSniffer:
            let header = try NordicSnifferHeader(parsing: &reader)
            guard header.isPDU else { return nil }
            verdict = header.verdict
            rfChannel = verdict.rfChannel
        default: return nil
        }
        octets = try reader.readOctets(reader.remaining)
        isCoded = verdict.isCoded
        isWhitened = !verdict.isDewhitened
        isIntact = verdict.crc == .notChecked ? nil : verdict.crc == .valid
    }

    /// The same frame with the whitening taken off, where that makes the CRC of an advertising PDU right.
    public func dewhitened() -> AirFrame {
        let head = isCoded ? 5 : 4
        guard octets.count > head + 2, let channel = rfChannel.flatMap(Whitening.channelIndex) else { return self }
        var pdu = Array(octets[head...])
        guard !Self.isIntact(pdu) else { return self }
        Whitening.apply(to: &pdu, channel: channel)
        guard Self.isIntact(pdu) else { return self }
        var frame = self
        frame.octets = octets[..<head] + pdu
        frame.isWhitened = false
        frame.isIntact = true
        return frame
    }

    private static func isIntact(_ pdu: [UInt8]) -> Bool {
        let length = 2 + Int(pdu[1])
        guard pdu.count >= length + CRC24.size else { return false }
        let crc = pdu[length..<(length + CRC24.size)].reversed().reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
        return CRC24.compute(Array(pdu[..<length])) == crc
    }

    /// As a frame of link type 256; an RF channel that is not known is written as that of channel 37.
    public var withPseudoHeader: [UInt8] {
        let isReferenced = octets.starts(with: [0xD6, 0xBE, 0x89, 0x8E])
        var flags: UInt16 = isWhitened ? 0 : 0x0001
        if power != nil { flags |= 0x0002 }
        if isReferenced { flags |= 0x0010 }
        if let isIntact { flags |= isIntact ? 0x0C00 : 0x0400 }
        if isTwoMegabit { flags |= 0x4000 }
        if isCoded { flags |= 0x8000 }
        let head: [UInt8] = [rfChannel ?? 0, UInt8(bitPattern: power ?? 0), 0x80, 0]
        return head + [0xD6, 0xBE, 0x89, 0x8E] + [UInt8(truncatingIfNeeded: flags), UInt8(flags >> 8)] + octets
    }
}
