import BoundedCollections
import ByteParsing

/// Connections that a sniffer follows: what CONNECT_IND said, and the last PDUs. Bounded: the oldest gives way.
struct FollowedConnections {
    private struct Followed {
        /// 0 where no CONNECT_IND told it.
        var crcInit: UInt32 = 0
        /// The last data PDUs, since retransmissions repeat one of them to the bit: of each direction where that is
        /// known, and else of both.
        var last: [[UInt8]] = []
    }

    private var followed = BoundedStore<UInt32, Followed>(capacity: 256)

    mutating func begin(_ accessAddress: UInt32, crcInit: UInt32) {
        followed[accessAddress] = Followed(crcInit: crcInit)
    }

    var count: Int { followed.count }

    func crcInit(of accessAddress: UInt32) -> UInt32? { followed[accessAddress]?.crcInit }

    /// False for a retransmission.
    mutating func isNew(_ pdu: [UInt8], of accessAddress: UInt32) -> Bool {
        guard followed[accessAddress]?.last.contains(pdu) != true else { return false }
        followed[accessAddress, default: Followed()].last.append(pdu)
        if followed[accessAddress]?.last.count ?? 0 > 2 { followed[accessAddress]?.last.removeFirst() }
        return true
    }
}

/// Data channels: Bluetooth Core, "Data Physical Channel PDU".
///
///     LLID 2 bits · NESN 1 · SN 1 · MD 1 · CP 1 · RFU 2 · length 1 · payload · CRC 3
extension FramePeeler {
    /// CONNECT_IND: InitA 6 · AdvA 6 · access address 4 · CRCInit 3 · 15 more octets
    mutating func peelConnect(_ payload: ByteReader) throws(ParseError) {
        var payload = payload
        try payload.skip(12)
        let accessAddress = try payload.readUInt32LittleEndian()
        let crcInit = UInt32(try payload.readLittleEndian(3))
        followed.begin(accessAddress, crcInit: crcInit)
        connections.forget(UInt64(accessAddress))
    }

    mutating func peelDataChannel(
        _ reader: inout ByteReader, accessAddress: UInt32, _ verdict: SnifferVerdict,
        _ receiver: inout some FrameReceiver
    ) throws(ParseError) -> FrameOutcome {
        let length = Int(try reader.peek(1))
        if verdict.crc == .notChecked {
            // Without CONNECT_IND nothing tells a data channel from noise.
            guard let crcInit = followed.crcInit(of: accessAddress), crcInit != 0 else { return .other }
            var checked = reader
            let pdu = try checked.readPiece(2 + length)
            guard try CRC24.compute(pdu, from: crcInit) == UInt32(try checked.readLittleEndian(3)) else {
                return .crcFailed
            }
        }
        let header = try reader.readUInt8()
        try reader.skip(1)
        var payload = try reader.readPiece(length)
        let kind = header & 3
        guard length > 0, kind == 1 || kind == 2 else { return .other }
        let octets = try payload.readOctets(length)
        // NESN changes between a PDU and its retransmission.
        let direction: UInt8 = verdict.isFromCentral.map { $0 ? 1 : 0 } ?? 2
        guard followed.isNew([header & 0x0B, direction] + octets, of: accessAddress) else { return .other }
        let stream = Connections.Stream(connection: UInt64(accessAddress), isFromCentral: verdict.isFromCentral)
        peelL2CAP(octets, of: stream, isStart: kind == 2, &receiver)
        return .peeled
    }
}
