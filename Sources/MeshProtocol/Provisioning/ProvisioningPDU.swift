public import ByteParsing

/// A Provisioning PDU: Mesh Protocol 1.1, "Provisioning PDUs".
///
///     padding 2 bits · type 6 bits · parameters
///
/// What it hands over is encrypted under a key that two devices agree upon in private: nobody who listens can open it.
public struct ProvisioningPDU: Hashable, Sendable {
    /// The types, in the order of their numbers.
    public enum Kind: UInt8, Hashable, Sendable, Codable {
        case invite, capabilities, start, publicKey, inputComplete, confirmation, random, data, complete, failed
        case recordRequest, recordResponse, recordsGet, recordsList

        /// In the specification's words.
        public var name: String {
            let names = [
                "Invite", "Capabilities", "Start", "Public Key", "Input Complete", "Confirmation", "Random", "Data",
                "Complete", "Failed", "Record Request", "Record Response", "Records Get", "Records List",
            ]
            return "Provisioning " + names[Int(rawValue)]
        }

        /// Octets of parameters; `nil` where they vary. A confirmation and a random have twice as many with HMAC-SHA256.
        fileprivate func allows(_ count: Int) -> Bool {
            switch self {
            case .invite, .failed: count == 1
            case .capabilities: count == 11
            case .start: count == 5
            case .publicKey: count == 64
            case .inputComplete, .complete, .recordsGet: count == 0
            case .confirmation, .random: count == 16 || count == 32
            case .data: count == 33
            case .recordRequest: count == 8
            case .recordResponse: count >= 7
            case .recordsList: count >= 2 && count % 2 == 0
            }
        }
    }

    /// How the two devices prove who they are.
    public enum Algorithm: UInt8, Hashable, Sendable, Codable {
        case cmacAES128 = 0
        /// The algorithm of Enhanced Provisioning.
        case hmacSHA256 = 1

        /// As the specification writes it.
        public var name: String {
            switch self {
            case .cmacAES128: "BTM_ECDH_P256_CMAC_AES128_AES_CCM"
            case .hmacSHA256: "BTM_ECDH_P256_HMAC_SHA256_AES_CCM"
            }
        }
    }

    /// Which PDU it is.
    public let kind: Kind
    /// As many octets as its kind allows.
    public let parameters: [UInt8]

    /// All octets of `reader`.
    ///
    /// - Throws: `ParseError` where the octets break the format.
    public init(parsing reader: inout ByteReader) throws(ParseError) {
        let start = reader.offset
        let first = try reader.readUInt8()
        guard let kind = Kind(rawValue: first) else { throw ParseError(.invalidValue(UInt64(first)), at: start) }
        guard kind.allows(reader.remaining) else {
            throw ParseError(.invalidLength(reader.remaining), at: reader.offset)
        }
        self.kind = kind
        parameters = try reader.readOctets(reader.remaining)
    }

    /// As parsed.
    var octets: [UInt8] { [kind.rawValue] + parameters }

    /// Whether the provisioner sends PDUs of this kind; `nil` where both do.
    public var isFromProvisioner: Bool? {
        switch kind {
        case .invite, .start, .data, .recordRequest, .recordsGet: true
        case .capabilities, .inputComplete, .complete, .failed, .recordResponse, .recordsList: false
        case .publicKey, .confirmation, .random: nil
        }
    }

    /// The algorithm that a Start chooses; `nil` for another PDU and for a reserved value.
    public var algorithm: Algorithm? { kind == .start ? Algorithm(rawValue: parameters[0]) : nil }

    /// The number of elements that Capabilities name.
    public var elements: UInt8? { kind == .capabilities ? parameters[0] : nil }

    /// The reason that a Failed names: Mesh Protocol 1.1, "Provisioning error codes".
    public var failure: String? {
        guard kind == .failed else { return nil }
        let names = [
            "Prohibited", "Invalid PDU", "Invalid Format", "Unexpected PDU", "Confirmation Failed", "Out of Resources",
            "Decryption Failed", "Unexpected Error", "Cannot Assign Addresses", "Invalid Data",
        ]
        let code = Int(parameters[0])
        return code < names.count ? names[code] : "error code \(Hexadecimal.prefixed(parameters[0], digits: 2))"
    }
}

/// The octets as heard, in hexadecimal digits.
extension ProvisioningPDU: Codable {
    /// - Throws: `DecodingError` for octets that break the format, and for what is no hexadecimal text.
    public init(from decoder: any Decoder) throws {
        self = try decoder.parseOctets { reader throws(ParseError) in try ProvisioningPDU(parsing: &reader) }
    }

    /// - Throws: What the encoder throws.
    public func encode(to encoder: any Encoder) throws { try encoder.encodeOctets(octets) }
}
