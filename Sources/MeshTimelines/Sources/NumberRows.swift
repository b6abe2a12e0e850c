/// A value that a few numbers make.
protocol NumberRow: Hashable, Codable, Sendable {
    /// How many numbers.
    static var width: Int { get }
    /// The numbers.
    var row: [Int64] { get }
    /// `nil` for numbers that make no such value; `row` has as many as one has.
    init?(row: some Collection<Int64>)
}

/// Values of a few numbers each, encoded as the octets of all of them: a state has thousands, and an encoder that is handed each for itself
/// takes longer than all else does.
struct NumberRows<Element: NumberRow>: Hashable, Sendable {
    /// The values.
    var elements: [Element]

    init(_ elements: [Element] = []) {
        self.elements = elements
    }
}

extension NumberRows: Codable {
    /// - Throws: `DecodingError` for anything else than such octets, or the list of objects of an older state.
    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        guard let numbers = try? container.decode(PackedNumbers.self).numbers64.map(Int64.init(bitPattern:)) else {
            elements = try container.decode([Element].self)
            return
        }
        let rows = stride(from: 0, to: numbers.count, by: Element.width).map { numbers[$0...].prefix(Element.width) }
        elements = rows.compactMap { $0.count == Element.width ? Element(row: $0) : nil }
        guard elements.count == rows.count else {
            throw DecodingError.dataCorruptedError(
                in: container, debugDescription: "\(Element.self) has \(Element.width) numbers in their ranges.")
        }
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(PackedNumbers(elements.flatMap(\.row).map(UInt64.init(bitPattern:))))
    }
}

/// Nothing is a row of numbers that no value has: all of them −1.
extension Optional: NumberRow where Wrapped: NumberRow {
    static var width: Int { Wrapped.width }
    var row: [Int64] { self?.row ?? Array(repeating: -1, count: Wrapped.width) }

    init?(row: some Collection<Int64>) {
        guard row.contains(where: { $0 != -1 }) else {
            self = Self.none
            return
        }
        guard let value = Wrapped(row: row) else { return nil }
        self = Self.some(value)
    }
}
