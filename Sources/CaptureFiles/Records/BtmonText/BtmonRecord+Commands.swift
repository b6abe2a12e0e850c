/// Commands that say what a host advertises, and those that end what was begun; the layouts are those of `AdvertisingCommands`.
extension BtmonRecord {
    func commandParameters(_ opcode: UInt16) -> [UInt8]? {
        if heading.length == 0 { return [] }
        switch opcode {
        case 0x2008, 0x2009: return setData()
        case 0x2037, 0x2038: return setExtendedData()
        // LE Set Scan Enable, LE Set Extended Scan Enable: every parameter's line ends with its number.
        case 0x200C, 0x2042: return dumped ?? codes()
        default: return dumped
        }
    }

    private func setData() -> [UInt8]? {
        guard let data = advertisingData(below: "Length"), !data.octets.isEmpty || data.length == 0 else {
            return dumped
        }
        guard data.octets.count <= 31 else { return nil }
        return [UInt8(data.octets.count)] + data.octets + Array(repeating: 0, count: 31 - data.octets.count)
    }

    private func setExtendedData() -> [UInt8]? {
        guard let handle = number(of: "Handle").flatMap(UInt8.init(exactly:)), let operation = code(of: "Operation"),
            let data = advertisingData(below: "Data length"), let count = UInt8(exactly: data.octets.count)
        else { return dumped }
        // A fragment is of use as a whole only.
        guard data.isComplete || operation == 3 && count > 0 else { return nil }
        return [handle, operation, code(of: "Fragment preference") ?? 0, count] + data.octets
    }

    private func codes() -> [UInt8]? {
        var octets: [UInt8] = []
        for line in lines {
            guard let (value, count) = line.code, (1...4).contains(count) else { return nil }
            for index in 0..<count { octets.append(UInt8(truncatingIfNeeded: value >> UInt64(8 * index))) }
        }
        return octets.count == heading.length ? octets : nil
    }
}

/// The management interface; the layouts are those that the frames of a monitor log are read by.
extension BtmonRecord {
    /// Cookie, opcode and parameters.
    func managementParameters(_ opcode: UInt16?, isCommand: Bool) -> [UInt8]? {
        let cookie = little(UInt16(heading.cookie & 0xFFFF)) + little(UInt16(heading.cookie >> 16))
        guard let opcode else {
            let octets = lines.flatMap { $0.dump ?? [] }
            return octets.count >= 2 ? cookie + octets : nil
        }
        let parameters: [UInt8]?
        switch opcode {
        case 0x0059 where isCommand: parameters = meshSend()
        case 0x0031 where !isCommand: parameters = meshDeviceFound()
        default: parameters = nil
        }
        return (parameters ?? dumped).map { cookie + little(opcode) + $0 }
    }

    private func meshSend() -> [UInt8]? {
        guard let data = octets(of: "Data"), data.count == number(of: "Data Length"),
            let count = UInt8(exactly: data.count)
        else { return nil }
        return address + [octet("Addr Type")] + octets(of: "Instant", count: 8) + octets(of: "Delay", count: 2)
            + [octet("Count"), count] + data
    }

    private func meshDeviceFound() -> [UInt8]? {
        guard let data = octets(of: "EIR Data"), data.count == number(of: "EIR Length"),
            let count = UInt16(exactly: data.count)
        else { return nil }
        return address + [octet("Addr Type"), octet("RSSI")] + octets(of: "Instant", count: 8)
            + octets(of: "Flags", count: 4) + little(count) + data
    }

    /// People take their addresses out of what they show to others.
    private var address: [UInt8] {
        lines.lazy.compactMap { $0.address(of: "Address") }.first ?? Array(repeating: 0, count: 6)
    }

    private func octet(_ label: String) -> UInt8 { UInt8(truncatingIfNeeded: number(of: label) ?? 0) }

    private func octets(of label: String, count: Int) -> [UInt8] {
        let number = number(of: label) ?? 0
        return (0..<count).map { UInt8(truncatingIfNeeded: number >> (8 * $0)) }
    }
}
