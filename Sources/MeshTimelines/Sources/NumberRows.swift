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

/// The same with places at which nothing stands: how many places there are, and of each that is taken its number before the values'.
struct SparseNumberRows<Element: NumberRow>: Hashable, Sendable {
    /// The values.
    var elements: [Element?] = []
    private static var most: Int64 { 1 << 16 }
}

extension SparseNumberRows: Codable {
    /// - Throws: `DecodingError` for anything else than such octets, or the list of objects of an older state.
    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        guard let numbers = try? container.decode(PackedNumbers.self).numbers64.map(Int64.init(bitPattern:)) else {
            elements = try container.decode([Element?].self)
            return
        }
        let error = DecodingError.dataCorruptedError(
            in: container, debugDescription: "\(Element.self) has \(Element.width) numbers in their ranges.")
        guard let count = numbers.first, (0...Self.most).contains(count) else { throw error }
        elements = Array(repeating: nil, count: Int(count))
        for start in stride(from: 1, to: numbers.count, by: 1 + Element.width) {
            let row = numbers[start...].prefix(1 + Element.width)
            guard row.count == 1 + Element.width, let place = Int(exactly: numbers[start]),
                elements.indices.contains(place), let element = Element(row: row.dropFirst())
            else { throw error }
            elements[place] = element
        }
    }

    func encode(to encoder: any Encoder) throws {
        var numbers = [Int64(elements.count)]
        for (place, element) in elements.enumerated() {
            if let element { numbers += [Int64(place)] + element.row }
        }
        var container = encoder.singleValueContainer()
        try container.encode(PackedNumbers(numbers.map(UInt64.init(bitPattern:))))
    }
}
