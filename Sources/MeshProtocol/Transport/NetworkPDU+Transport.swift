/// Of the TransportPDU, what the network layer's users ask of every PDU: Mesh Protocol 1.1, "Lower Transport PDU".
///
/// Each is a field at a fixed place of the content, read without making a `LowerTransportPDU`. Where that one can be
/// made of a PDU, both say the same.
extension NetworkPDU {
    /// Octets of the TransportPDU; less than 0 where a relay cut the PDU within DST.
    public var transportLength: Int { contentLength - 2 }

    /// Whether this is an access message under a device key: CTL 0 and AKF 0; false where a relay cut the PDU within DST
    /// (Mesh Protocol 1.1, "Unsegmented Access message" and "Segmented Access message").
    public var usesDeviceKey: Bool { !isControl && transportLength > 0 && transportHeader & 0x40 == 0 }

    /// SEG: whether this is a segment of a message; false where a relay cut the PDU within DST.
    public var isSegmented: Bool { transportLength > 0 && transportHeader & 0x80 != 0 }

    /// SeqZero, 13 bits, of a segment of an access or control message (Mesh Protocol 1.1, "Segmented Access message" and
    /// "Segmented Control message"); `nil` where there is no segment, or none of the format.
    ///
    ///     octet 1 …  SZMIC or RFU 1 bit · SeqZero 13 · SegO 5 · SegN 5 bits · segment, an octet at least
    public var seqZero: UInt16? {
        guard isSegmented, transportLength >= 5 else { return nil }
        let fields = UInt32(truncatingIfNeeded: content.head >> 80) & 0xFF_FFFF
        guard fields >> 5 & 0x1F <= fields & 0x1F else { return nil }
        return UInt16(fields >> 10 & 0x1FFF)
    }

    /// SeqZero, 13 bits, of the message that a Segment Acknowledgment answers (Mesh Protocol 1.1, "Segment Acknowledgment
    /// message"); `nil` for any other PDU, and where a relay cut it short.
    ///
    ///     octet 0 …  SEG 0 and opcode 0 · OBO 1 bit · SeqZero 13 · RFU 2 bits · BlockAck 4
    public var acknowledgedSeqZero: UInt16? {
        guard isControl, transportLength >= 7, transportHeader == 0 else { return nil }
        return UInt16(truncatingIfNeeded: content.head >> 90) & 0x1FFF
    }
}
