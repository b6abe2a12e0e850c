import FoundationEssentials

/// A list of which each element is made, encoded and written before the next one is made, so that its length costs no memory.
///
/// An encoder writes a number in its place, as low as no report has one; `JSONText` puts the elements there.
struct LongList: Encodable {
    fileprivate static let mark = Int.min

    fileprivate let count: Int
    fileprivate let element: (Int) -> any Encodable

    init<Value>(_ values: [Value], _ element: @escaping (Value) -> any Encodable) {
        count = values.count
        self.element = { element(values[$0]) }
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(Self.mark)
    }
}

/// An object that has one long list among its members.
protocol HasLongList: Encodable {
    var longList: LongList { get }
}

/// Writes objects as JSON: a member to a line, names in order, long lists piece by piece.
struct JSONText {
    /// Octets that are worth a write.
    private static let piece = 1 << 16

    private let encoder = JSONEncoder()
    private let sink: (String) throws -> Void
    private var pending: [UInt8] = []

    /// Writes an object and a line feed.
    static func write(_ object: some Encodable, to sink: (String) throws -> Void) throws {
        try withoutActuallyEscaping(sink) { sink in
            var text = JSONText(sink)
            try text.write(object, indentation: 0)
            text.pending.append(UInt8(ascii: "\n"))
            try text.flush()
        }
    }

    private init(_ sink: @escaping (String) throws -> Void) {
        self.sink = sink
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        encoder.keyEncodingStrategy = .convertToSnakeCase
    }

    private mutating func write(_ value: some Encodable, indentation: Int) throws {
        let text = [UInt8](try encoder.encode(value))
        let list = (value as? any HasLongList)?.longList
        var rest = text[...]
        while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
            try write(line: rest[..<end], list, indentation)
            rest = rest[(end + 1)...]
            newLine(rest.first == UInt8(ascii: "\n") ? 0 : indentation)
        }
        try write(line: rest, list, indentation)
        if pending.count >= Self.piece { try flush() }
    }

    /// Writes a line, and where it ends in the mark of the list, the list.
    private mutating func write(line: ArraySlice<UInt8>, _ list: LongList?, _ indentation: Int) throws {
        guard let list, let start = Self.start(ofListAt: line) else {
            pending += line
            return
        }
        pending += start
        try write(list, indentation: indentation + start.prefix { $0 == UInt8(ascii: " ") }.count)
        if line.last == UInt8(ascii: ",") { pending.append(UInt8(ascii: ",")) }
    }

    /// A line up to the mark at its end. No text looks like it: a line that ends in text ends in a quotation mark.
    private static func start(ofListAt line: ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
        let value = line.last == UInt8(ascii: ",") ? line.dropLast() : line
        guard let minus = value.lastIndex(of: UInt8(ascii: "-")),
            Int(String(decoding: value[minus...], as: UTF8.self)) == LongList.mark
        else { return nil }
        return value[..<minus]
    }

    private mutating func write(_ list: LongList, indentation: Int) throws {
        pending.append(UInt8(ascii: "["))
        for index in 0..<list.count {
            if index > 0 { pending.append(UInt8(ascii: ",")) }
            newLine(indentation + 2)
            try write(list.element(index), indentation: indentation + 2)
        }
        // An empty list has an empty line, as the encoder writes it.
        if list.count == 0 { newLine(0) }
        newLine(indentation)
        pending.append(UInt8(ascii: "]"))
    }

    private mutating func newLine(_ indentation: Int) {
        pending.append(UInt8(ascii: "\n"))
        pending.append(contentsOf: repeatElement(UInt8(ascii: " "), count: indentation))
    }

    private mutating func flush() throws {
        try sink(PrintableText.escapeJSON(String(decoding: pending, as: UTF8.self)))
        pending.removeAll(keepingCapacity: true)
    }
}
