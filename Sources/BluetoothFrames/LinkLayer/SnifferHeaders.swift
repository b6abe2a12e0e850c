import ByteParsing

/// LINKTYPE_BLUETOOTH_LE_LL_WITH_PHDR.
///
///     RF channel 1 · signal power 1 · noise power 1 · access address offenses 1 · reference access address 4 · flags 2
struct LinkLayerPseudoHeader {
    let verdict: SnifferVerdict

    @inline(__always)
    init(parsing reader: inout ByteReader) throws(ParseError) {
        let rfChannel = try reader.readUInt8()
        try reader.skip(7)
        let flags = try reader.readUInt16LittleEndian()
        let isDewhitened = flags & 0x0001 != 0
        // Some writers set "CRC valid" without "CRC checked".
        let isChecked = flags & 0x0C00 != 0
        let isTold = isDewhitened && isChecked
        // PDU types 2 and 3: data from the central, and from the peripheral.
        let type = flags >> 7 & 7
        verdict = SnifferVerdict(
            crc: isTold ? (flags & 0x0800 != 0 ? .valid : .failed) : .notChecked, isCoded: flags & 0xC000 == 0x8000,
            isFromCentral: type == 2 ? true : type == 3 ? false : nil,
            rfChannel: rfChannel, isDewhitened: isDewhitened)
    }
}

/// LINKTYPE_PPI, as Ubertooth writes it around the link layer.
///
///     version 1 · flags 1 · header length 2 · DLT 4 · fields
struct PerPacketInformation {
    let isLinkLayer: Bool

    init(parsing reader: inout ByteReader) throws(ParseError) {
        try reader.skip(2)
        let length = Int(try reader.readUInt16LittleEndian())
        isLinkLayer = try reader.readUInt32LittleEndian() == 251
        guard length >= 8 else { throw ParseError(.invalidLength(length), at: 2) }
        try reader.skip(length - 8)
    }
}

/// LINKTYPE_NORDIC_BLE: the nRF Sniffer's serial protocol; since version 1 behind the number of the board.
///
///     version 0     0xBE 0xEF 2 · packet ID 1 · counter 2 · unused 2 · length of what follows 1
///     version 1     board 1 · header length 1 · payload length 1 · version 1 · counter 2 · packet ID 1
///     version 2, 3  board 1 · payload length 2 · version 1 · counter 2 · packet ID 1
///     then          [since version 1: header length 1] · flags 1 · channel 1 · RSSI 1 · event counter 2 · time 4
struct NordicSnifferHeader {
    let verdict: SnifferVerdict
    /// The packet holds a PDU from the air, and not something between sniffer and host.
    let isPDU: Bool

    init(parsing reader: inout ByteReader) throws(ParseError) {
        var version: UInt8 = 0
        let packetID: UInt8
        if try Self.isLegacy(reader) {
            try reader.skip(2)
            packetID = try reader.readUInt8()
            try reader.skip(5)
        } else {
            try reader.skip(3)
            version = try reader.readUInt8()
            guard (1...3).contains(version) else {
                throw ParseError(.invalidValue(UInt64(version)), at: reader.offset - 1)
            }
            try reader.skip(2)
            packetID = try reader.readUInt8()
        }
        isPDU = packetID == 0x06 || (version == 3 && packetID == 0x02)
        guard isPDU else {
            verdict = SnifferVerdict()
            return
        }
        let length = version == 0 ? 10 : Int(try reader.readUInt8())
        guard length >= 10 else { throw ParseError(.invalidLength(length), at: reader.offset - 1) }
        let flags = try reader.readUInt8()
        let channel = try reader.peek()
        try reader.skip(length - 2)
        verdict = SnifferVerdict(
            crc: flags & 0x01 != 0 ? .valid : .failed, isCoded: version == 3 && flags >> 4 & 0x07 == 2,
            isFromCentral: flags & 0x02 != 0, rfChannel: Whitening.rfChannel(channel))
    }

    /// A board may have the number 0xBE, and a payload 0xEF octets: then the length of version 0 does not reach the end.
    @inline(__always)
    private static func isLegacy(_ reader: ByteReader) throws(ParseError) -> Bool {
        guard try reader.peek() == 0xBE, try reader.peek(1) == 0xEF else { return false }
        return Int(try reader.peek(7)) >= reader.remaining - 8
    }
}
