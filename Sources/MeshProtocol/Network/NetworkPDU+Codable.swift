import ByteParsing

/// What opening found, field by field.
///
/// Nothing here is authenticated again, since no key is at hand: reading trusts what was written, and only opening
/// makes a PDU to be written. Whoever reads PDUs from a place that others can write to must not take them as evidence.
extension NetworkPDU: Codable {
    private enum CodingKeys: CodingKey {
        case ivIndex
        case ctl
        case ttl
        case seq
        case src
        case content
    }

    /// - Throws: `DecodingError` where a member is missing, or has a value that no Network PDU has.
    public init(from decoder: any Decoder) throws {
        let members = try decoder.container(keyedBy: CodingKeys.self)
        let isControl = try members.decode(Bool.self, forKey: .ctl)
        let ttl = try members.decode(UInt8.self, forKey: .ttl)
        let content = try members.decode(Content.self, forKey: .content)
        let ivIndex = try members.decode(IVIndex.self, forKey: .ivIndex)
        let sequence = try members.decode(SequenceNumber.self, forKey: .seq)
        let source = try members.decode(UnicastAddress.self, forKey: .src)
        guard ttl <= 0x7F else {
            throw DecodingError.dataCorruptedError(
                forKey: .ttl, in: members, debugDescription: "The TTL has 7 bits.")
        }
        guard content.length <= Content.maximumLength(isControl: isControl) else {
            throw DecodingError.dataCorruptedError(
                forKey: .content, in: members, debugDescription: "The octets are too many beside their NetMIC.")
        }
        let header = Self.header(isControl: isControl, ttl: ttl, sequence: sequence, source: source)
        self.init(ivIndex: ivIndex, known: header, content: content)
    }

    /// - Throws: What the encoder throws.
    public func encode(to encoder: any Encoder) throws {
        var members = encoder.container(keyedBy: CodingKeys.self)
        try members.encode(ivIndex, forKey: .ivIndex)
        try members.encode(isControl, forKey: .ctl)
        try members.encode(ttl, forKey: .ttl)
        try members.encode(sequence, forKey: .seq)
        try members.encode(source, forKey: .src)
        try members.encode(content, forKey: .content)
    }
}

/// The octets of DST and TransportPDU, in hexadecimal digits.
extension NetworkPDU.Content: Codable {
    /// - Throws: `DecodingError` for more than 18 octets, and for what is no hexadecimal text.
    public init(from decoder: any Decoder) throws {
        self.init(octets: try decoder.decodeOctets())
        guard length <= Self.maximumLength(isControl: false) else {
            throw DecodingError.dataCorrupted(
                .init(codingPath: decoder.codingPath, debugDescription: "The octets are more than 18."))
        }
    }

    /// - Throws: What the encoder throws.
    public func encode(to encoder: any Encoder) throws { try encoder.encodeOctets(octets) }
}
