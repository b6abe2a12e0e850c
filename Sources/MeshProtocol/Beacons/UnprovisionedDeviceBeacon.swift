public import ByteParsing
import MeshCrypto

/// Mesh Protocol 1.1, "Unprovisioned Device beacon".
///
///     Device UUID 16 · OOB Information 2 · [URI Hash 4]
public struct UnprovisionedDeviceBeacon: Hashable, Sendable {
    /// The first octet is the most significant one.
    public let deviceUUID: UInt128
    /// Where its out-of-band data can be found.
    public let oobInformation: OOBInformation
    /// The hash of the URI that the device advertises beside the beacon; `nil` where the beacon has none.
    public let uriHash: UInt32?

    /// The UUID of the Mesh Provisioning Service, whose service data are the beacon's first two fields.
    public static let serviceUUID: UInt16 = 0x1827

    /// The beacon behind its type. Octets that may follow are not read.
    ///
    /// - Throws: `ParseError` where the octets break the format.
    public init(parsing reader: inout ByteReader) throws(ParseError) {
        deviceUUID = try reader.readLeftAligned(16)
        oobInformation = OOBInformation(rawValue: try reader.readUInt16BigEndian())
        uriHash = reader.isAtEnd ? nil : try reader.readUInt32BigEndian()
    }

    /// As parsed, without the type.
    var octets: [UInt8] {
        let hash = uriHash.map { UInt128($0).octets.suffix(4) } ?? []
        return deviceUUID.octets + UInt128(oobInformation.rawValue).octets.suffix(2) + hash
    }

    /// The URI Hash of the data of a URI AD structure: the first four octets of its s1.
    public static func uriHash(ofURIData data: [UInt8]) -> UInt32 {
        UInt32(truncatingIfNeeded: SecurityToolbox.s1(data) >> 96)
    }
}

/// The octets as heard, without the type, in hexadecimal digits.
extension UnprovisionedDeviceBeacon: Codable {
    /// - Throws: `DecodingError` for octets that break the format, and for what is no hexadecimal text.
    public init(from decoder: any Decoder) throws {
        self = try decoder.parseOctets { reader throws(ParseError) in try UnprovisionedDeviceBeacon(parsing: &reader) }
    }

    /// - Throws: What the encoder throws.
    public func encode(to encoder: any Encoder) throws { try encoder.encodeOctets(octets) }
}

/// Where the out-of-band data of a device can be found: Mesh Protocol 1.1, "OOB Information field".
public struct OOBInformation: OptionSet, Hashable, Sendable, Codable {
    /// 16 bits, the reserved ones as sent.
    public let rawValue: UInt16

    /// Any bits, reserved ones included.
    public init(rawValue: UInt16) {
        self.rawValue = rawValue
    }

    private static let known: [(bit: Int, name: String)] = [
        (0, "other"), (1, "electronic / URI"), (2, "2D machine-readable code"), (3, "bar code"), (4, "NFC"),
        (5, "number"), (6, "string"), (7, "support for certificate-based provisioning"),
        (8, "support for provisioning records"), (11, "on box"), (12, "inside box"), (13, "on piece of paper"),
        (14, "inside manual"), (15, "on device"),
    ]

    /// The name of each bit that is set, reserved ones included.
    public var names: [String] {
        (0..<16).compactMap { bit in
            guard rawValue >> UInt16(bit) & 1 == 1 else { return nil }
            return Self.known.first { $0.bit == bit }?.name ?? "reserved bit \(bit)"
        }
    }
}
