public import ByteParsing

/// A PDU of the advertising bearer of provisioning: Mesh Protocol 1.1, "PB-ADV".
///
///     Link ID 4 · Transaction Number 1 · Generic Provisioning PDU
public struct PBADVPDU: Hashable, Sendable {
    /// Chosen by the provisioner; all PDUs of a link have it.
    public let linkID: UInt32
    /// 00…7F from the provisioner, 80…FF from the device; 00 in Provisioning Bearer Control.
    public let transaction: UInt8
    /// What the PDU says.
    public let content: GenericProvisioningPDU

    /// All octets of `reader`.
    ///
    /// - Throws: `ParseError` where the octets break the format.
    public init(parsing reader: inout ByteReader) throws(ParseError) {
        linkID = try reader.readUInt32BigEndian()
        transaction = try reader.readUInt8()
        content = try GenericProvisioningPDU(parsing: &reader)
    }

    /// Whether the Transaction Number is one of the provisioner's; an acknowledgment has the number of what it answers.
    public var isFromProvisioner: Bool { transaction & 0x80 == 0 }
}

/// Mesh Protocol 1.1, "Generic Provisioning PDUs"; the two low bits of the first octet tell the kind.
///
///     00 Transaction Start         SegN 6 bits · kind 2 · TotalLength 2 · FCS 1 · segment
///     01 Transaction Acknowledgment
///     10 Transaction Continuation  SegmentIndex 6 bits · kind 2 · segment
///     11 Provisioning Bearer Control   BearerOpcode 6 bits · kind 2 · parameters
public enum GenericProvisioningPDU: Hashable, Sendable {
    /// The first segment: how many follow, and length and checksum of the whole.
    case transactionStart(lastSegment: UInt8, totalLength: UInt16, fcs: UInt8, [UInt8])
    /// The transaction was heard as a whole.
    case transactionAcknowledgment
    /// A further segment; `segment` counts from 1.
    case transactionContinuation(segment: UInt8, [UInt8])
    /// The provisioner opens a link to this device.
    case linkOpen(deviceUUID: UInt128)
    /// The device takes part.
    case linkAck
    /// Either side ends the link.
    case linkClose(LinkCloseReason)

    /// Why a link was closed: Mesh Protocol 1.1, "Link Close message".
    public struct LinkCloseReason: RawRepresentable, Hashable, Sendable, Codable {
        /// The code as sent; 0 is success.
        public let rawValue: UInt8

        /// A reason of any code, reserved ones included.
        public init(rawValue: UInt8) {
            self.rawValue = rawValue
        }

        /// In the specification's words; a reserved code as a number.
        public var name: String {
            switch rawValue {
            case 0: "Success"
            case 1: "Timeout"
            case 2: "Fail"
            default: "reason \(Hexadecimal.prefixed(rawValue, digits: 2))"
            }
        }
    }

    init(parsing reader: inout ByteReader) throws(ParseError) {
        let start = reader.offset
        let first = try reader.readUInt8()
        let high = first >> 2
        switch first & 3 {
        case 0:
            let totalLength = try reader.readUInt16BigEndian()
            let fcs = try reader.readUInt8()
            let segment = try reader.readOctets(reader.remaining)
            self = .transactionStart(lastSegment: high, totalLength: totalLength, fcs: fcs, segment)
        case 1: self = .transactionAcknowledgment
        case 2:
            guard high > 0 else { throw ParseError(.invalidValue(0), at: start) }
            self = .transactionContinuation(segment: high, try reader.readOctets(reader.remaining))
        default:
            switch high {
            case 0: self = .linkOpen(deviceUUID: try reader.readLeftAligned(16))
            case 1: self = .linkAck
            case 2: self = .linkClose(LinkCloseReason(rawValue: try reader.readUInt8()))
            default: throw ParseError(.invalidValue(UInt64(high)), at: start)
            }
        }
    }
}

/// Joins the segments of one transaction, in whatever order and however often they are heard.
public struct TransactionReassembly: Sendable {
    /// What a segment led to.
    public enum Outcome: Hashable, Sendable {
        /// Segments are still missing.
        case incomplete
        /// All segments are there and fit: the whole, a Provisioning PDU.
        case complete([UInt8])
        /// All segments are there, and the Frame Check Sequence or the length is not theirs.
        case damaged
        /// A copy behind a transaction that was complete.
        case repeated
    }

    private var segments: [UInt8: [UInt8]] = [:]
    private var start: (last: UInt8, length: UInt16, fcs: UInt8)?
    private var isDone = false

    /// A transaction of which nothing was heard.
    public init() {}

    /// Puts one segment in its place; other PDUs change nothing.
    public mutating func take(_ pdu: GenericProvisioningPDU) -> Outcome {
        guard !isDone else { return .repeated }
        switch pdu {
        case .transactionStart(let last, let length, let fcs, let segment):
            start = (last, length, fcs)
            segments[0] = segment
        case .transactionContinuation(let index, let segment): segments[index] = segment
        default: return .incomplete
        }
        // Joined once, when as many are there as it takes.
        guard let start, segments.count > Int(start.last) else { return .incomplete }
        var octets: [UInt8] = []
        for index in 0...start.last {
            guard let segment = segments[index] else { return .incomplete }
            octets += segment
        }
        guard octets.count == Int(start.length), Self.frameCheckSequence(octets) == start.fcs else {
            segments = [:]
            self.start = nil
            return .damaged
        }
        isDone = true
        segments = [:]
        return .complete(octets)
    }

    /// The 8-bit checksum of 3GPP TS 27.010: polynomial x⁸ + x² + x + 1, low bit first.
    public static func frameCheckSequence(_ octets: [UInt8]) -> UInt8 {
        var register: UInt8 = 0xFF
        for octet in octets {
            register ^= octet
            for _ in 0..<8 { register = register & 1 == 1 ? register >> 1 ^ 0xE0 : register >> 1 }
        }
        return 0xFF - register
    }
}
