import ByteParsing

/// The host controller interface in its three wrappings: Bluetooth Core, "HCI packets" and "UART transport layer".
extension FramePeeler {
    /// H4: the first octet says what follows.
    mutating func peelH4(_ reader: inout ByteReader, isSent: Bool?, _ heard: inout HeardBatch)
        throws(ParseError) -> FrameOutcome
    {
        switch try reader.readUInt8() {
        case 0x01: try peelCommand(&reader, adapter: 0, &heard)
        case 0x02: try peelACL(&reader, adapter: 0, isSent: isSent, &heard)
        case 0x04: try peelEvent(&reader, adapter: 0, &heard)
        default: .other
        }
    }

    /// H1: btsnoop's packet flags say it. Bit 0: received; bit 1: command or event.
    mutating func peelH1(_ reader: inout ByteReader, flags: UInt32, _ heard: inout HeardBatch)
        throws(ParseError) -> FrameOutcome
    {
        switch flags & 3 {
        case 0, 1: try peelACL(&reader, adapter: 0, isSent: flags & 1 == 0, &heard)
        case 2: try peelCommand(&reader, adapter: 0, &heard)
        default: try peelEvent(&reader, adapter: 0, &heard)
        }
    }

    /// A record of the Linux monitor channel; the opcodes are those of the kernel's `hci_mon.h`.
    mutating func peelMonitor(
        _ reader: inout ByteReader, adapter: UInt16, opcode: UInt16,
        _ heard: inout HeardBatch
    ) throws(ParseError) -> FrameOutcome {
        switch opcode {
        case 2: try peelCommand(&reader, adapter: adapter, &heard)
        case 3: try peelEvent(&reader, adapter: adapter, &heard)
        case 4, 5: try peelACL(&reader, adapter: adapter, isSent: opcode == 4, &heard)
        case 16: try peelManagementCommand(&reader, &heard)
        case 17: try peelManagementEvent(&reader, &heard)
        default: .other
        }
    }
}

/// The management interface of the Linux kernel, as its monitor shows it: cookie 4 · opcode 2 · parameters.
extension FramePeeler {
    /// Mesh Send: address 6 · type 1 · instant 8 · delay 2 · count 1 · length 1 · advertising data
    private mutating func peelManagementCommand(_ reader: inout ByteReader, _ heard: inout HeardBatch)
        throws(ParseError) -> FrameOutcome
    {
        try reader.skip(4)
        guard try reader.readUInt16LittleEndian() == 0x0059 else { return .other }
        try reader.skip(18)
        let data = try reader.readPiece(Int(try reader.readUInt8()))
        peelData(data, Advertisement(direction: .sent, address: nil), by: .management, &heard)
        return .peeled
    }

    /// Mesh Device Found: address 6 · type 1 · RSSI 1 · instant 8 · flags 4 · length 2 · advertising data
    private mutating func peelManagementEvent(_ reader: inout ByteReader, _ heard: inout HeardBatch)
        throws(ParseError) -> FrameOutcome
    {
        try reader.skip(4)
        guard try reader.readUInt16LittleEndian() == 0x0031 else { return .other }
        let address = try reader.readUInt48LittleEndian()
        try reader.skip(14)
        let data = try reader.readPiece(Int(try reader.readUInt16LittleEndian()))
        peelData(data, Advertisement(direction: .heard, address: address), by: .management, &heard)
        return .peeled
    }

    /// The structures of one advertisement; what is malformed in it does not touch the frame's other ones.
    mutating func peelData(
        _ data: ByteReader, _ advertisement: Advertisement, by interface: MonitorEcho.Interface = .controller,
        _ heard: inout HeardBatch
    ) {
        if isMonitor, echo.isRepeated(data, advertisement.direction, by: interface, at: frame.nanoseconds) { return }
        do { try heard.appendStructures(data, of: advertisement, in: frame) } catch { heard.append(error, in: frame) }
    }
}

extension FramePeeler {
    /// Keeps a packet for who wants the packets themselves.
    mutating func collect(_ packet: ByteReader, _ indicator: UInt8, isSent: Bool) {
        guard collectsPackets else { return }
        var packet = packet
        guard let octets = try? packet.readOctets(packet.remaining) else { return }
        packets.append(HCIPacket(indicator: indicator, isSent: isSent, octets: octets))
    }
}
