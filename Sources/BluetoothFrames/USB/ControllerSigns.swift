import ByteParsing

/// What tells that a device on the bus is a Bluetooth controller, or that it is none.
enum ControllerSigns {
    /// Wireless controller, RF, Bluetooth (Class Codes of the USB-IF).
    private static let bluetooth: [UInt8] = [0xE0, 0x01, 0x01]
    /// Classes of a device that leave it open what its interfaces are: told by them, several functions, wireless, of the vendor.
    private static let open: [UInt8] = [0x00, 0xEF, 0xE0, 0xFF]

    /// Whether a descriptor that a device sent is one of a controller; `nil` where it does not tell.
    ///
    ///     device         length 1 · type 1 = 1 · version 2 · class 1 · subclass 1 · protocol 1 · …
    ///     configuration  length 1 · type 1 = 2 · total length 2 · … · then its interfaces
    static func isController(descriptor reader: ByteReader) throws(ParseError) -> Bool? {
        guard reader.remaining >= 7 else { return nil }
        switch (try reader.peek(), try reader.peek(1)) {
        case (18, 1):
            let code = [try reader.peek(4), try reader.peek(5), try reader.peek(6)]
            if code == bluetooth { return true }
            return open.contains(code[0]) ? nil : false
        case (9, 2): return try hasBluetoothInterface(reader)
        default: return nil
        }
    }

    ///     interface  length 1 = 9 · type 1 = 4 · number 1 · alternate setting 1 · endpoints 1 · class 1 · subclass 1 ·
    ///                protocol 1 · name 1
    private static func hasBluetoothInterface(_ reader: ByteReader) throws(ParseError) -> Bool? {
        let total = Int(try reader.peek(2)) | Int(try reader.peek(3)) << 8
        let isWhole = reader.remaining >= total
        var (rest, isOpen) = (reader, !isWhole)
        while rest.remaining >= 2 {
            let length = Int(try rest.peek())
            let type = try rest.peek(1)
            guard length >= 2, length <= rest.remaining else { return nil }
            if type == 4, length >= 9 {
                let code = [try rest.peek(5), try rest.peek(6), try rest.peek(7)]
                if code == bluetooth { return true }
                isOpen = isOpen || code[0] == 0xFF
            }
            try rest.skip(length)
        }
        return isOpen ? nil : false
    }

    /// Whether whole events hold one that no other device's interrupt transfer looks like: a keyboard's has a second octet of 0 or
    /// few keys, a mouse's or a hub's is short. Its parts must fill it to the last octet.
    static func holdControllerEvent(_ reader: ByteReader) throws(ParseError) -> Bool {
        var reader = reader
        while reader.remaining >= 2 {
            let code = try reader.readUInt8()
            let event = try reader.readPiece(Int(try reader.readUInt8()))
            if isControllerEvent(code, event) { return true }
        }
        return false
    }

    private static func isControllerEvent(_ code: UInt8, _ event: ByteReader) -> Bool {
        do throws(ParseError) {
            var event = event
            switch code {
            // Command Complete: packets 1 · opcode 2 · return parameters
            case 0x0E:
                try event.skip(1)
                let opcode = try event.readUInt16LittleEndian()
                return isOpcode(opcode) && !event.isAtEnd
            // Command Status: status 1 · packets 1 · opcode 2
            case 0x0F:
                try event.skip(2)
                return try isOpcode(event.readUInt16LittleEndian())
            // Number Of Completed Packets: handles 1 · (handle 2 · packets 2) …
            case 0x13: return try areCompletedPackets(&event)
            case 0x3E: return try isAdvertising(&event)
            default: return false
            }
        } catch { return false }
    }

    /// The groups of opcodes: 1 to 6, 8 for LE, 63 of the vendor.
    private static func isOpcode(_ opcode: UInt16) -> Bool {
        let group = opcode >> 10
        return (1...6).contains(group) || group == 8 || group == 63
    }

    private static func areCompletedPackets(_ event: inout ByteReader) throws(ParseError) -> Bool {
        let count = Int(try event.readUInt8())
        guard count > 0, event.remaining == 4 * count else { return false }
        while !event.isAtEnd {
            let handle = try event.readUInt16LittleEndian()
            guard handle <= 0x0EFF, try event.readUInt16LittleEndian() > 0 else { return false }
        }
        return true
    }

    /// LE (Extended) Advertising Report, and LE (Enhanced) Connection Complete; `AdvertisingReports` draws the reports.
    private static func isAdvertising(_ event: inout ByteReader) throws(ParseError) -> Bool {
        let subevent = try event.readUInt8()
        switch subevent {
        case 0x01: return event.remaining == 18
        case 0x0A: return event.remaining == 30
        case 0x02, 0x0D: break
        default: return false
        }
        let count = try event.readUInt8()
        guard count > 0 else { return false }
        for _ in 0..<count {
            try event.skip(subevent == 0x02 ? 8 : 23)
            try event.skip(Int(try event.readUInt8()))
            if subevent == 0x02 { try event.skip(1) }
        }
        return event.isAtEnd
    }
}
