public import ByteParsing

/// What a Network PDU carries: Mesh Protocol 1.1, "Lower Transport PDU".
///
///     unsegmented access    SEG 0 · AKF 1 · AID 6 bits · Upper Transport Access PDU
///     segmented access      SEG 1 · AKF 1 · AID 6 · SZMIC 1 · SeqZero 13 · SegO 5 · SegN 5 bits · segment 1…12
///     unsegmented control   SEG 0 · opcode 7 bits · parameters 0…11
///     segmented control     SEG 1 · opcode 7 · RFU 1 · SeqZero 13 · SegO 5 · SegN 5 bits · segment 1…8
///     Segment Acknowledgment  SEG 0 · opcode 0 · OBO 1 · SeqZero 13 · RFU 2 bits · BlockAck 4
public enum LowerTransportPDU: Hashable, Sendable {
    /// An access message that fits into one PDU; its TransMIC has 4 octets.
    case unsegmentedAccess(AccessKeyHint, upperTransportPDU: [UInt8])
    /// A segment of an access message; a long TransMIC has 8 octets.
    case segmentedAccess(AccessKeyHint, hasLongTransMIC: Bool, Segment)
    /// A control message that fits into one PDU; `opcode` has 7 bits.
    case unsegmentedControl(opcode: UInt8, parameters: [UInt8])
    /// A segment of a control message.
    case segmentedControl(opcode: UInt8, Segment)
    /// Which segments of the message with this SeqZero arrived, a bit each; by a Friend on behalf of another.
    case segmentAcknowledgment(onBehalfOf: Bool, seqZero: UInt16, blockAck: UInt32)

    /// AKF and AID: which key the sender says that it used.
    public enum AccessKeyHint: Hashable, Sendable {
        /// AKF 0.
        case deviceKey
        /// 6 bits.
        case applicationKey(aid: UInt8)

        init(firstOctet: UInt8) {
            self = firstOctet & 0x40 == 0 ? .deviceKey : .applicationKey(aid: firstOctet & 0x3F)
        }
    }

    /// A segment and its place in the message.
    public struct Segment: Hashable, Sendable {
        /// The low 13 bits of the SEQ of the message's SeqAuth.
        public let seqZero: UInt16
        /// This segment's number, 0…31 and not above the last one's.
        public let offset: UInt8
        /// The last segment's number, 0…31.
        public let last: UInt8
        /// 1…12, of a control message 1…8.
        public let octets: [UInt8]
    }

    /// The key by which an unsegmented access message is sealed, told without a copy of it; `nil` for anything else, and for a length
    /// that none has.
    public static func keyHint(ofUnsegmented pdu: NetworkPDU) -> AccessKeyHint? {
        guard !pdu.isControl, pdu.transportHeader & 0x80 == 0, (8...18).contains(pdu.contentLength) else { return nil }
        return AccessKeyHint(firstOctet: pdu.transportHeader)
    }

    /// Of a PDU that a faulty relay cut short, what is left may break the format.
    ///
    /// - Throws: `ParseError` where the octets break the format.
    public init(_ pdu: NetworkPDU) throws(ParseError) {
        if let hint = Self.keyHint(ofUnsegmented: pdu) {
            // Nearly every PDU.
            self = .unsegmentedAccess(hint, upperTransportPDU: pdu.content.octets(from: 3))
            return
        }
        let (header, sealed) = (pdu.transportHeader, pdu.content.length - 3)
        if !pdu.isControl, header & 0x80 == 0, sealed >= 0 { throw ParseError(.invalidLength(sealed), at: 1) }
        let octets = pdu.transportPDU
        var reader = ByteReader(octets.span)
        let first = try reader.readUInt8()
        switch (pdu.isControl, first & 0x80 != 0) {
        case (false, _):
            let hasLongTransMIC = try reader.peek() & 0x80 != 0
            let segment = try Segment(parsing: &reader, longest: 12)
            self = .segmentedAccess(.init(firstOctet: first), hasLongTransMIC: hasLongTransMIC, segment)
        case (true, false) where first & 0x7F == 0:
            let block = try reader.readUInt16BigEndian()
            let blockAck = try reader.readUInt32BigEndian()
            self = .segmentAcknowledgment(
                onBehalfOf: block & 0x8000 != 0, seqZero: block >> 2 & 0x1FFF, blockAck: blockAck)
        case (true, false):
            let parameters = try reader.readOctets(reader.remaining)
            self = .unsegmentedControl(opcode: first & 0x7F, parameters: parameters)
        case (true, true):
            self = .segmentedControl(opcode: first & 0x7F, try Segment(parsing: &reader, longest: 8))
        }
    }
}

extension LowerTransportPDU.Segment {
    init(parsing reader: inout ByteReader, longest: Int) throws(ParseError) {
        let start = reader.offset
        let header = UInt32(try reader.readBigEndian(3))
        seqZero = UInt16(header >> 10 & 0x1FFF)
        offset = UInt8(header >> 5 & 0x1F)
        last = UInt8(header & 0x1F)
        guard offset <= last else { throw ParseError(.invalidValue(UInt64(offset)), at: start) }
        guard (1...longest).contains(reader.remaining) else {
            throw ParseError(.invalidLength(reader.remaining), at: reader.offset)
        }
        octets = try reader.readOctets(reader.remaining)
    }
}

extension SequenceNumber {
    /// The SEQ of a segmented message's SeqAuth: the highest one with these low 13 bits that is not above this SEQ
    /// (Mesh Protocol 1.1, "Segmentation and reassembly"); `nil` where there is none.
    public func ofSeqAuth(seqZero: UInt16) -> SequenceNumber? {
        let difference = (value &- UInt32(seqZero)) & 0x1FFF
        return difference <= value ? SequenceNumber(truncating: value - difference) : nil
    }
}
