import ByteParsing

/// An access message: Mesh Protocol 1.1, "Access payload". The opcode has one, two or three octets.
public struct AccessMessage: Hashable, Sendable {
    /// Which message it is.
    public enum Opcode: Hashable, Sendable {
        /// One octet 00…7E, or two octets 8000…BFFF: of the Bluetooth SIG's models.
        case sig(UInt16)
        /// Three octets: 6 bits of the vendor's own, and the company identifier.
        case vendor(UInt8, company: UInt16)
    }

    /// Which message it is.
    public let opcode: Opcode
    /// What follows the opcode; none may be there.
    public let parameters: [UInt8]

    /// A message of these parts.
    public init(opcode: Opcode, parameters: [UInt8]) {
        self.opcode = opcode
        self.parameters = parameters
    }

    /// `nil` for an empty payload, for one that breaks off within its opcode, and for the reserved opcode 7F.
    public init?(payload: [UInt8]) {
        guard let first = payload.first, first != 0x7F else { return nil }
        switch first >> 6 {
        case 0, 1:
            opcode = .sig(UInt16(first))
            parameters = Array(payload.dropFirst())
        case 2:
            guard payload.count >= 2 else { return nil }
            opcode = .sig(UInt16(first) << 8 | UInt16(payload[1]))
            parameters = Array(payload.dropFirst(2))
        default:
            guard payload.count >= 3 else { return nil }
            opcode = .vendor(first & 0x3F, company: UInt16(payload[1]) | UInt16(payload[2]) << 8)
            parameters = Array(payload.dropFirst(3))
        }
    }

    /// Opcode and parameters as they were sent.
    public var payload: [UInt8] {
        switch opcode {
        case .sig(let opcode) where opcode <= 0xFF: [UInt8(opcode)] + parameters
        case .sig(let opcode): [UInt8(opcode >> 8), UInt8(opcode & 0xFF)] + parameters
        case .vendor(let opcode, let company): [0xC0 | opcode, UInt8(company & 0xFF), UInt8(company >> 8)] + parameters
        }
    }

    /// What a message of the SIG's models says; `nil` for one that `parse` does not know, and for one that breaks its format.
    ///
    /// `isWhole`: nothing may stand behind what was read.
    func read<Value>(
        isWhole: Bool = false, _ parse: (UInt16, inout ByteReader) throws(ParseError) -> Value?
    ) -> Value? {
        guard case .sig(let opcode) = opcode else { return nil }
        var reader = ByteReader(parameters.span)
        guard let known = try? parse(opcode, &reader), !isWhole || reader.isAtEnd else { return nil }
        return known
    }

    /// The message's name in the specifications' words; for a vendor's, its opcode and company.
    public var name: String {
        switch opcode {
        case .sig(let opcode):
            AccessOpcodes.name(opcode) ?? "opcode \(Hexadecimal.prefixed(opcode, digits: opcode > 0xFF ? 4 : 2))"
        case .vendor(let opcode, let company):
            "vendor \(Hexadecimal.prefixed(opcode, digits: 2)) of company \(Hexadecimal.prefixed(company, digits: 4))"
        }
    }
}

/// The payload, in hexadecimal digits: also where it hands out a key (`handsOutKey`), which then stands there in clear.
extension AccessMessage: Codable {
    /// - Throws: `DecodingError` for octets that are no access payload, and for what is no hexadecimal text.
    public init(from decoder: any Decoder) throws {
        guard let message = AccessMessage(payload: try decoder.decodeOctets()) else {
            throw DecodingError.dataCorrupted(
                .init(codingPath: decoder.codingPath, debugDescription: "The octets are no access payload."))
        }
        self = message
    }

    /// - Throws: What the encoder throws.
    public func encode(to encoder: any Encoder) throws { try encoder.encodeOctets(payload) }
}
