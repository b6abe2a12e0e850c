/// Events that bring advertising, and those that end a connection; the layouts are those of `AdvertisingReports`.
extension BtmonRecord {
    private struct Report {
        var type = 0
        var addressType: UInt8 = 0
        /// People take their addresses out of what they show to others.
        var address: [UInt8] = Array(repeating: 0, count: 6)
        /// 0x7F and 0xFF: not known.
        var rssi: UInt8 = 0x7F
        var set: UInt8 = 0xFF
        var data: BtmonAdvertisingData?

        /// Whether its advertising data can be given: of a part of it nothing but the whole part.
        func isReadable(isExtended: Bool) -> Bool {
            guard let data, data.octets.count <= 229 else { return false }
            if data.isComplete { return true }
            return !data.octets.isEmpty && (!isExtended || type >> 5 & 3 != 1)
        }
    }

    func eventParameters(_ code: UInt8) -> [UInt8]? {
        if code == 0x05 {
            guard let start = statusAndHandle, let reason = self.code(of: "Reason") else { return dumped }
            return start + [reason]
        }
        guard code == 0x3E, let subevent = lines.first?.code?.value else { return dumped }
        switch subevent {
        case 0x02: return reports(isExtended: false)
        case 0x0D: return reports(isExtended: true)
        // LE (Enhanced) Connection Complete, as far as it tells that the handle is another connection's now.
        case 0x01, 0x0A, 0x29: return statusAndHandle.map { [UInt8(subevent)] + $0 }
        default: return dumped
        }
    }

    private var statusAndHandle: [UInt8]? {
        guard let status = code(of: "Status"), let handle = number(of: "Handle"), (0...0x0FFF).contains(handle) else {
            return nil
        }
        return [status] + little(UInt16(handle))
    }

    private func reports(isExtended: Bool) -> [UInt8]? {
        let reports = parsedReports().filter { $0.isReadable(isExtended: isExtended) }
        guard !reports.isEmpty, let count = UInt8(exactly: reports.count) else { return nil }
        return [isExtended ? 0x0D : 0x02, count] + reports.flatMap { octets(of: $0, isExtended: isExtended) }
    }

    private func parsedReports() -> [Report] {
        var reports: [Report] = []
        for line in lines {
            if line.value(of: "Event type") != nil {
                end(&reports)
                let type = line.code.map { Int(truncatingIfNeeded: $0.value) } ?? line.number(of: "Event type")
                reports.append(Report(type: type ?? 0))
            }
            // In place: what a report holds is not copied for each line.
            if !reports.isEmpty { take(line, &reports[reports.count - 1]) }
        }
        end(&reports)
        return reports
    }

    private func end(_ reports: inout [Report]) {
        guard !reports.isEmpty else { return }
        reports[reports.count - 1].data?.end()
    }

    private func take(_ line: BtmonLine, _ report: inout Report) {
        if line.value(of: "RSSI") != nil {
            report.rssi = line.code.map { UInt8(truncatingIfNeeded: $0.value) } ?? report.rssi
            report.data?.isFollowed = true
        } else if report.data != nil {
            report.data?.take(line)
        } else if let length = line.number(of: "Data length"), (0...255).contains(length) {
            report.data = BtmonAdvertisingData(length: length)
        } else if let address = line.address(of: "Address") {
            report.address = address
        } else if line.value(of: "Address type") != nil {
            report.addressType = line.code.map { UInt8(truncatingIfNeeded: $0.value) } ?? report.addressType
        } else if let set = line.number(of: "SID") {
            report.set = UInt8(truncatingIfNeeded: set)
        }
    }

    private func octets(of report: Report, isExtended: Bool) -> [UInt8] {
        let data = report.data?.octets ?? []
        let type = little(UInt16(truncatingIfNeeded: report.type))
        guard isExtended else {
            return [type[0], report.addressType] + report.address + [UInt8(data.count)] + data + [report.rssi]
        }
        // PHYs, TX power, interval and direct address are of no use here, and are given as not known.
        return type + [report.addressType] + report.address + [0, 0, report.set, 0x7F, report.rssi]
            + Array(repeating: 0, count: 9) + [UInt8(data.count)] + data
    }
}

/// What crosses a connection. `btmon` joins fragments: the PDU stands in the record of its last one.
extension BtmonRecord {
    /// An L2CAP PDU; `nil` where the text holds no whole one.
    func linkData() -> [UInt8]? {
        for line in lines {
            if line.text.starts(with: "ATT: ".utf8) { return attributePDU(line).flatMap { pdu($0, channel: 4) } }
            guard let channel = line.number(of: "Channel").flatMap(UInt16.init(exactly:)) else { continue }
            let octets = lines.flatMap { $0.dump ?? [] }
            return octets.count == length(line) ? pdu(octets, channel: channel) : nil
        }
        return nil
    }

    private func pdu(_ octets: [UInt8], channel: UInt16) -> [UInt8]? {
        UInt16(exactly: octets.count).map { little($0) + little(channel) + octets }
    }

    /// `Channel: 64 len 4 …`, `ATT: Write Command (0x52) len 20`
    private func length(_ line: BtmonLine) -> Int? {
        let words = line.text.split(separator: UInt8(ascii: " "))
        guard let place = words.lastIndex(where: { $0.elementsEqual("len".utf8) }), place + 1 < words.count else {
            return nil
        }
        return BtmonLine.decimal(words[place + 1])?.number
    }

    /// ATT PDUs that hand out values or say what they belong to; the layouts are those of `AttributeProtocol`.
    private func attributePDU(_ line: BtmonLine) -> [UInt8]? {
        guard let length = length(line), let opcode = BtmonRecord.attributeOpcode(line) else { return nil }
        let parameters: [UInt8]?
        switch opcode {
        case 0x12, 0x52, 0x1B, 0x1D: parameters = handle.flatMap { handle in octets(of: "Data").map { handle + $0 } }
        case 0x16:
            let offset = number(of: "Offset").flatMap(UInt16.init(exactly:)).map(little)
            parameters = handle.flatMap { handle in
                offset.flatMap { offset in octets(of: "Data").map { handle + offset + $0 } }
            }
        case 0x18: parameters = code(of: "Flags").map { [$0] }
        case 0x09: parameters = attributeList()
        default: parameters = nil
        }
        let found = parameters ?? lines.flatMap { $0.dump ?? [] }
        return found.count == length ? [opcode] + found : nil
    }

    private var handle: [UInt8]? { number(of: "Handle").flatMap(UInt16.init(exactly:)).map(little) }

    private static func attributeOpcode(_ line: BtmonLine) -> UInt8? {
        guard let open = line.text.lastIndex(of: UInt8(ascii: "(")) else { return nil }
        let inside = line.text[open...].dropFirst()
        guard inside.starts(with: "0x".utf8) else { return nil }
        return BtmonLine.hexadecimal(inside.dropFirst(2)).flatMap(UInt8.init(exactly:))
    }

    /// Read By Type Response: how long each entry is, and handle and value of each.
    private func attributeList() -> [UInt8]? {
        guard let length = number(of: "Attribute data length").flatMap(UInt8.init(exactly:)) else { return nil }
        var octets = [length]
        for line in lines {
            if let handle = line.number(of: "Handle").flatMap(UInt16.init(exactly:)) {
                octets += little(handle)
            } else if let value = line.value(of: "Value") {
                octets += BtmonLine.octets(value) ?? []
            }
        }
        return octets
    }
}
