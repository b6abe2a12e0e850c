extension Decoder {
    /// A value that is written as one number; `make` says `nil` to a number that stands for none.
    ///
    /// - Throws: `DecodingError` with the place of the number.
    func decodeNumber<Number: Decodable, Value>(_ make: (Number) -> Value?) throws -> Value {
        let container = try singleValueContainer()
        guard let value = make(try container.decode(Number.self)) else {
            throw DecodingError.dataCorruptedError(
                in: container, debugDescription: "The number is out of the range of \(Value.self).")
        }
        return value
    }
}

extension Encoder {
    func encodeNumber(_ number: some Encodable) throws {
        var container = singleValueContainer()
        try container.encode(number)
    }
}
