import ByteParsing

/// A line of `btmon`'s text, without what colours, quoting and indenting put around it.
struct BtmonLine {
    let text: ArraySlice<UInt8>

    /// A line of what `clean` made. What follows a heading never begins with the marks of a quotation.
    init(_ cleaned: ArraySlice<UInt8>) {
        text = cleaned.drop { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: ">") || $0 == UInt8(ascii: "|") }
    }

    /// Appends a line as it stands in the file, without colours (`ESC [ 0;34 m`, also where the escape itself was lost) and without
    /// what ends it; every kind of space is a space.
    static func clean(_ line: Span<UInt8>, into octets: inout [UInt8]) {
        let start = octets.count
        var place = 0
        while place < line.count {
            let octet = line[place]
            if octet == 0x1B || octet == UInt8(ascii: "["), let end = colour(in: line, at: place) {
                place = end
                continue
            }
            if octet == 0xC2, place + 1 < line.count, line[place + 1] == 0xA0 {
                octets.append(UInt8(ascii: " "))
                place += 2
                continue
            }
            octets.append(octet < 0x20 ? UInt8(ascii: " ") : octet)
            place += 1
        }
        while octets.count > start, octets.last == UInt8(ascii: " ") { octets.removeLast() }
    }

    /// Where the control sequence ends that begins here; `nil` if none does.
    private static func colour(in line: Span<UInt8>, at start: Int) -> Int? {
        let isEscaped = line[start] == 0x1B
        var place = isEscaped ? start + 1 : start
        guard place < line.count, line[place] == UInt8(ascii: "[") else { return isEscaped ? place : nil }
        place += 1
        let digits = place
        while place < line.count, line[place] == UInt8(ascii: ";") || Self.digit(line[place]) != nil { place += 1 }
        guard place < line.count else { return isEscaped ? place : nil }
        if isEscaped { return place + 1 }
        return line[place] == UInt8(ascii: "m") && place > digits ? place + 1 : nil
    }

    // MARK: Fields

    /// What stands behind `label: ` or, as later versions write, `label[count]: `; `nil` if the line is another field's.
    func field(_ label: String) -> (value: ArraySlice<UInt8>, count: Int?)? {
        guard text.starts(with: label.utf8) else { return nil }
        var rest = text.dropFirst(label.utf8.count)
        var count: Int?
        if rest.first == UInt8(ascii: "["), let (number, behind) = Self.decimal(rest.dropFirst()),
            behind.first == UInt8(ascii: "]")
        {
            count = number
            rest = behind.dropFirst()
        }
        guard rest.first == UInt8(ascii: ":") else { return nil }
        return (rest.dropFirst().drop { $0 == UInt8(ascii: " ") }, count)
    }

    func value(of label: String) -> ArraySlice<UInt8>? { field(label)?.value }

    /// The number with which the value of a field begins, in decimal digits or behind `0x`; a negative one in two's complement.
    func number(of label: String) -> Int? {
        guard let value = value(of: label) else { return nil }
        if value.starts(with: "0x".utf8) {
            return Self.hexadecimal(value.dropFirst(2)).map { Int(truncatingIfNeeded: $0) }
        }
        if value.first == UInt8(ascii: "-") { return Self.decimal(value.dropFirst()).map { -$0.number } }
        return Self.decimal(value)?.number
    }

    /// The number in parentheses that ends the line: `(0x2a)`, and how many octets its digits are.
    var code: (value: UInt64, octets: Int)? {
        guard text.last == UInt8(ascii: ")"), let open = text.lastIndex(of: UInt8(ascii: "(")) else { return nil }
        let inside = text[open...].dropFirst().dropLast()
        guard inside.starts(with: "0x".utf8) else { return nil }
        let digits = inside.dropFirst(2)
        guard digits.allSatisfy({ Hexadecimal.value(ofDigit: $0) != nil }), let value = Self.hexadecimal(digits) else {
            return nil
        }
        return (value, digits.count / 2)
    }

    /// A device address as a frame holds it, the least significant octet first.
    func address(of label: String) -> [UInt8]? {
        guard let value = value(of: label)?.prefix(17), value.count == 17 else { return nil }
        let octets = value.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false).map(Self.octets)
        guard octets.count == 6, octets.allSatisfy({ $0?.count == 1 }) else { return nil }
        return octets.reversed().flatMap { $0 ?? [] }
    }

    // MARK: Octets

    /// The octets of a line of a dump: up to 16 pairs of digits, and the same as characters, which are no evidence; `nil` if it is none.
    var dump: [UInt8]? {
        var octets: [UInt8] = []
        var rest = text
        while octets.count < 16, let octet = Self.octets(rest.prefix(2))?.first {
            rest = rest.dropFirst(2)
            octets.append(octet)
            guard let space = rest.popFirst() else { return octets }
            guard space == UInt8(ascii: " ") else { return nil }
            if rest.first == UInt8(ascii: " ") { return octets }
        }
        return octets.count == 16 ? octets : nil
    }

    /// Whether the line is nothing but hexadecimal digits: the rest of one that was broken.
    var isDigits: Bool { text.count > 2 && text.allSatisfy { Hexadecimal.value(ofDigit: $0) != nil } }

    /// The octets of pairs of digits; `nil` where something else stands among them, or there is nothing.
    static func octets(_ digits: ArraySlice<UInt8>) -> [UInt8]? {
        guard !digits.isEmpty, digits.count % 2 == 0 else { return nil }
        var octets: [UInt8] = []
        octets.reserveCapacity(digits.count / 2)
        var high: UInt8?
        for digit in digits {
            guard let value = Hexadecimal.value(ofDigit: digit) else { return nil }
            if let first = high {
                octets.append(first << 4 | value)
                high = nil
            } else {
                high = value
            }
        }
        return octets
    }

    static func digit(_ character: UInt8) -> Int? {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(character) ? Int(character - UInt8(ascii: "0")) : nil
    }

    /// The decimal number with which `text` begins, and what stands behind it; `nil` if there is none, or more than 15 digits.
    static func decimal(_ text: ArraySlice<UInt8>) -> (number: Int, rest: ArraySlice<UInt8>)? {
        let digits = text.prefix { digit($0) != nil }
        guard (1...15).contains(digits.count) else { return nil }
        return (digits.reduce(0) { $0 * 10 + (digit($1) ?? 0) }, text[digits.endIndex...])
    }

    /// The hexadecimal number with which `text` begins; `nil` if there is none, or more than 16 digits.
    static func hexadecimal(_ text: ArraySlice<UInt8>) -> UInt64? {
        let digits = text.prefix { Hexadecimal.value(ofDigit: $0) != nil }
        guard (1...16).contains(digits.count) else { return nil }
        return digits.reduce(0) { $0 << 4 | UInt64(Hexadecimal.value(ofDigit: $1) ?? 0) }
    }
}
