public import ByteParsing

/// A Proxy PDU: Mesh Protocol 1.1, "Proxy protocol".
///
///     SAR 2 bits · message type 6 bits · data
public struct ProxyPDU: Hashable, Sendable {
    /// Whether it is a whole message, or which part of one.
    public enum SAR: UInt8, Hashable, Sendable { case complete, first, continuation, last }

    /// What the data are.
    public enum MessageType: UInt8, Hashable, Sendable {
        case networkPDU, meshBeacon, proxyConfiguration, provisioningPDU
    }

    /// Whether it is a whole message, or which part of one.
    public let sar: SAR
    /// What the data are.
    public let type: MessageType
    /// The octets of the message, or of this part of it.
    public let data: [UInt8]

    /// All octets of `reader`.
    ///
    /// - Throws: `ParseError` where the octets break the format.
    public init(parsing reader: inout ByteReader) throws(ParseError) {
        let start = reader.offset
        let first = try reader.readUInt8()
        guard let sar = SAR(rawValue: first >> 6), let type = MessageType(rawValue: first & 0x3F) else {
            throw ParseError(.invalidValue(UInt64(first)), at: start)
        }
        self.sar = sar
        self.type = type
        data = try reader.readOctets(reader.remaining)
    }

    /// The Proxy PDUs that carry `data` in values of at most `longest` octets.
    public static func segment(_ data: [UInt8], type: MessageType, longest: Int) -> [[UInt8]] {
        let room = max(1, longest - 1)
        guard data.count > room else { return [[type.rawValue] + data] }
        let pieces = stride(from: 0, to: data.count, by: room).map { Array(data[$0..<min($0 + room, data.count)]) }
        return pieces.enumerated().map { index, piece in
            let sar: SAR = index == 0 ? .first : index == pieces.count - 1 ? .last : .continuation
            return [sar.rawValue << 6 | type.rawValue] + piece
        }
    }
}

extension ProxyPDU {
    /// The name of a Proxy Configuration message.
    public static func configurationName(_ opcode: UInt8) -> String {
        let names = [
            "Set Filter Type", "Add Addresses To Filter", "Remove Addresses From Filter", "Filter Status",
            "Directed Proxy Capabilities Status", "Directed Proxy Control",
        ]
        return Int(opcode) < names.count
            ? names[Int(opcode)] : "proxy configuration opcode \(Hexadecimal.prefixed(opcode, digits: 2))"
    }
}

/// Joins the Proxy PDUs of one direction of one characteristic.
public struct ProxyReassembly: Hashable, Sendable {
    /// Longer than any message of the protocol; what grows beyond is no proxy.
    private static let longest = 512

    private var type: ProxyPDU.MessageType?
    private var data: [UInt8] = []

    /// A direction in which nothing was heard yet.
    public init() {}

    /// A whole message, when this PDU completes one. A PDU that does not fit what came before starts over.
    public mutating func take(_ pdu: ProxyPDU) -> (type: ProxyPDU.MessageType, data: [UInt8])? {
        switch pdu.sar {
        case .complete:
            type = nil
            return (pdu.type, pdu.data)
        case .first:
            type = pdu.type
            data = pdu.data
            return nil
        case .continuation, .last:
            guard type == pdu.type, data.count + pdu.data.count <= Self.longest else {
                type = nil
                return nil
            }
            data += pdu.data
            guard pdu.sar == .last else { return nil }
            type = nil
            return (pdu.type, data)
        }
    }
}
