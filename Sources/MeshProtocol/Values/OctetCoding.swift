import ByteParsing

/// Values that came out of octets are written as these octets, in hexadecimal digits, and read by the parser that read
/// them first: there is one place that knows what is allowed.
extension Decoder {
    /// The octets that a text of hexadecimal digits stands for.
    ///
    /// - Throws: `DecodingError` for anything else.
    func decodeOctets() throws -> [UInt8] {
        let container = try singleValueContainer()
        guard let octets = Hexadecimal.octets(try container.decode(String.self)) else {
            throw DecodingError.dataCorruptedError(
                in: container, debugDescription: "The text is no pairs of hexadecimal digits.")
        }
        return octets
    }

    /// What `parse` makes of the octets, all of which it must use.
    ///
    /// - Throws: `DecodingError`, with the `ParseError` in it where the octets break their format.
    func parseOctets<Value>(_ parse: (inout ByteReader) throws(ParseError) -> Value) throws -> Value {
        let octets = try decodeOctets()
        do throws(ParseError) {
            var reader = ByteReader(octets.span)
            let value = try parse(&reader)
            try reader.requireEnd()
            return value
        } catch {
            let explanation = "The octets are no \(Value.self)."
            throw DecodingError.dataCorrupted(
                .init(codingPath: codingPath, debugDescription: explanation, underlyingError: error))
        }
    }
}

extension Encoder {
    func encodeOctets(_ octets: [UInt8]) throws {
        var container = singleValueContainer()
        try container.encode(Hexadecimal.text(octets))
    }
}

extension UInt64 {
    /// The eight octets of the value, most significant first.
    var octets: [UInt8] { Array(UInt128(self).octets.suffix(8)) }
}
