/// A record of `btmon`'s text: its heading, and the lines below it as far as they are needed.
struct BtmonRecord {
    /// The longest HCI event makes 5 KB of text, the longest dump of management data 300.
    private static let mostOctets = 1 << 19

    private(set) var heading: BtmonHeading
    private var text: [UInt8] = []
    private var places: [Range<Int>] = []

    init(_ heading: BtmonHeading) {
        self.heading = heading
    }

    var lines: some Collection<BtmonLine> { places.lazy.map { BtmonLine(text[$0]) } }

    /// Takes a cleaned line that is no heading.
    mutating func take(_ line: ArraySlice<UInt8>) {
        if places.isEmpty, heading.stamp?.time == nil {
            let words = BtmonLine(line).text.split(separator: UInt8(ascii: " "))
            if BtmonStamp.isAlone(words), let stamp = BtmonStamp(words) {
                heading.stamp = stamp
                return
            }
        }
        guard heading.kind != .other, !line.isEmpty, text.count + line.count <= Self.mostOctets else { return }
        places.append(text.count..<(text.count + line.count))
        text += line
    }

    /// The octets of a frame of link type 254; `nil` where the text holds too few of them.
    func frame() -> [UInt8]? {
        guard let (opcode, packet) = packet() else { return nil }
        let adapter = heading.stamp?.adapter ?? 0
        return [UInt8(adapter >> 8), UInt8(adapter & 0xFF), 0, opcode] + packet
    }

    /// The monitor's opcode for the record, and what follows it.
    private func packet() -> (opcode: UInt8, packet: [UInt8])? {
        switch heading.kind {
        case .command(let opcode):
            guard let parameters = commandParameters(opcode), let count = UInt8(exactly: parameters.count) else {
                return nil
            }
            return (2, little(opcode) + [count] + parameters)
        case .event(let code):
            guard let parameters = eventParameters(code), let count = UInt8(exactly: parameters.count) else {
                return nil
            }
            return (3, [code, count] + parameters)
        case .data(let handle, let isReceived):
            guard let data = linkData(), let count = UInt16(exactly: data.count) else { return nil }
            // As the first fragment of a whole PDU.
            return (isReceived ? 5 : 4, little(handle | (isReceived ? 0x2000 : 0)) + little(count) + data)
        case .managementCommand(let opcode): return managementParameters(opcode, isCommand: true).map { (16, $0) }
        case .managementEvent(let opcode): return managementParameters(opcode, isCommand: false).map { (17, $0) }
        case .other: return nil
        }
    }

    // MARK: Parts

    /// The dumped octets of a record of which nothing else is shown; `nil` unless they are as many as the heading says.
    var dumped: [UInt8]? {
        var octets: [UInt8] = []
        for line in lines {
            guard let part = line.dump else { continue }
            octets += part
            guard octets.count <= heading.length else { return nil }
        }
        return octets.count == heading.length ? octets : nil
    }

    func number(of label: String) -> Int? { lines.lazy.compactMap { $0.number(of: label) }.first }

    /// The number in parentheses that ends the line of a field.
    func code(of label: String) -> UInt8? {
        let codes = lines.lazy.compactMap { line in line.value(of: label).flatMap { _ in line.code?.value } }
        return codes.first.map { UInt8(truncatingIfNeeded: $0) }
    }

    /// The octets of a field; `nil` if it is not there, or not whole.
    func octets(of label: String) -> [UInt8]? {
        guard let field = lines.lazy.compactMap({ $0.field(label) }).first else { return nil }
        guard let octets = field.value.isEmpty ? [] : BtmonLine.octets(field.value) else { return nil }
        return field.count ?? octets.count == octets.count ? octets : nil
    }

    /// The advertising data below the field that says how long it is; `nil` if that is not there.
    func advertisingData(below label: String) -> BtmonAdvertisingData? {
        var data: BtmonAdvertisingData?
        for line in lines {
            if data != nil {
                data?.take(line)
            } else if let length = line.number(of: label), (0...255).contains(length) {
                data = BtmonAdvertisingData(length: length)
            }
        }
        data?.end()
        return data
    }

    func little(_ value: UInt16) -> [UInt8] { [UInt8(value & 0xFF), UInt8(value >> 8)] }
}
