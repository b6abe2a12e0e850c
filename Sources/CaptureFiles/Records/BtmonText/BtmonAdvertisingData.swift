import ByteParsing

/// Advertising data, put together again of the lines that `btmon` makes of it:
///
///     Data length: 31
///     1e 2a 3f 2d …                   a dump of all of it: extended reports, and what cannot be taken apart
///     Flags: 0x06                     structures whose octets stand there
///     Service Data: Mesh Proxy (0x1828)
///       Data: 00b350b9df286c1458
///     Mesh Data: 3f2d568b8d785fa0…
///       IVI: 0                        … and what is in them once more, also as a dump
///     Name (complete): my node        structures whose octets do not: they are left out
///     2d 56 8b …                      a dump of what is behind the last whole structure
struct BtmonAdvertisingData {
    /// Which structure the next lines may belong to.
    private enum Structure {
        /// None yet: a dump is of all the data.
        case none
        /// One of a mesh AD type; the digits of its value may go on in the next line.
        case mesh(type: UInt8, digits: ArraySlice<UInt8>, count: Int?)
        /// One whose value begins with these octets, and goes on in a line `Data: …`.
        case begun(type: UInt8, value: [UInt8])
        case other
    }

    /// A structure's own dump, and that of what is behind it.
    private static let longestDump = 512
    private static let meshTypes: [(label: String, type: UInt8)] = [
        ("Mesh Data", 0x2A), ("Mesh Beacon", 0x2B), ("Mesh Provisioning", 0x29),
    ]

    /// How long the data is by what the text says.
    let length: Int
    private(set) var octets: [UInt8] = []
    private var structure = Structure.none
    private var dump: [UInt8] = []
    /// Whether `octets` are a dump of all the data.
    private var isWhole = false
    /// Whether a line stands behind the digits of a mesh structure, as always one does: its digits were not cut off.
    var isFollowed = false

    init(length: Int) {
        self.length = length
    }

    /// Whether every octet of the data is known.
    var isComplete: Bool { octets.count == length }

    mutating func take(_ line: BtmonLine) {
        guard !isWhole else { return }
        if let part = line.dump {
            isFollowed = true
            takeDump(part)
        } else if case .mesh(let type, let digits, let count) = structure, line.isDigits,
            octets.count + 2 + digits.count / 2 < length
        {
            structure = .mesh(type: type, digits: digits + line.text, count: count)
        } else {
            isFollowed = true
            takeField(line)
        }
    }

    private mutating func takeDump(_ part: [UInt8]) {
        guard dump.count < Self.longestDump else { return }
        dump += part
        guard case .none = structure, dump.count >= length else { return }
        octets = Array(dump.prefix(length))
        isWhole = true
    }

    private mutating func takeField(_ line: BtmonLine) {
        for (label, type) in Self.meshTypes {
            guard let field = line.field(label) else { continue }
            endStructure()
            structure = .mesh(type: type, digits: field.value, count: field.count)
            isFollowed = false
            return
        }
        if line.value(of: "Service Data") != nil, let uuid = line.code?.value, uuid <= 0xFFFF {
            begin(type: 0x16, uuid)
        } else if line.value(of: "Company") != nil {
            begin(type: 0xFF, line.lastNumber)
        } else if line.text.starts(with: "Unknown EIR field 0x".utf8) {
            takeUnknown(line)
        } else {
            takeRest(line)
        }
    }

    /// What may be a part of the structure before, or one by itself.
    private mutating func takeRest(_ line: BtmonLine) {
        switch structure {
        case .begun(let type, let value):
            guard let data = line.value(of: "Data") else { return }
            if let rest = data.isEmpty ? [] : BtmonLine.octets(data) { append(type, value + rest) }
            structure = .other
        case .mesh:
            // Its own flags and data stand below it.
            return
        case .none, .other:
            dump = []
            structure = .other
            guard let flags = line.value(of: "Flags"), flags.count == 4,
                let octet = BtmonLine.hexadecimal(flags.dropFirst(2))
            else { return }
            append(0x01, [UInt8(truncatingIfNeeded: octet)])
        }
    }

    private mutating func begin(type: UInt8, _ number: UInt64?) {
        endStructure()
        structure = number.map { .begun(type: type, value: [UInt8($0 & 0xFF), UInt8($0 >> 8 & 0xFF)]) } ?? .other
    }

    private mutating func takeUnknown(_ line: BtmonLine) {
        endStructure()
        structure = .other
        let digits = line.text.dropFirst("Unknown EIR field 0x".utf8.count)
        guard let type = BtmonLine.octets(digits.prefix(2))?.first,
            let value = line.value(of: "Unknown EIR field 0x\(Hexadecimal.text(type, digits: 2))")
        else { return }
        if let value = value.isEmpty ? [] : BtmonLine.octets(value) { append(type, value) }
    }

    private mutating func append(_ type: UInt8, _ value: [UInt8]) {
        guard value.count < 255 else { return }
        octets.append(UInt8(value.count + 1))
        octets.append(type)
        octets += value
    }

    /// Ends the structure that may have gone on.
    private mutating func endStructure() {
        defer {
            structure = .other
            dump = []
        }
        guard case .mesh(let type, let digits, let count) = structure else { return }
        let pairs = digits.count % 2 == 0 ? digits : digits.dropLast()
        guard let value = pairs.isEmpty ? [] : BtmonLine.octets(pairs), value.count < 254 else { return }
        append(type, value)
        // Of digits that were cut off nothing is made up: the structure is one that leads beyond the data, and is told as such.
        let isCut = digits.count % 2 != 0 || value.count < count ?? 0 || !isFollowed && octets.count < length
        guard isCut else { return }
        octets[octets.count - value.count - 2] += 1
    }

    /// Ends the data: nothing is behind its last line.
    mutating func end() {
        guard !isWhole else { return }
        if case .none = structure { return }
        var rest = dump
        if case .mesh(_, let digits, _) = structure, let value = BtmonLine.octets(digits) {
            // A dump of the structure's own end comes before that of what is behind it.
            let own = value.indices.first { rest.starts(with: value[$0...]) }
            rest = own.map { Array(rest.dropFirst(value.count - $0)) } ?? rest
        }
        endStructure()
        if octets.count + rest.count == length { octets += rest }
    }
}

extension BtmonLine {
    /// The decimal number in parentheses that ends the line: `Company: Nordic Semiconductor ASA (89)`.
    fileprivate var lastNumber: UInt64? {
        guard text.last == UInt8(ascii: ")"), let open = text.lastIndex(of: UInt8(ascii: "(")),
            let (number, rest) = Self.decimal(text[open...].dropFirst()), rest.count == 1, number <= 0xFFFF
        else { return nil }
        return UInt64(number)
    }
}
