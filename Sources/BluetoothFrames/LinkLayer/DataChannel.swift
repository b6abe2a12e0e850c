import ByteParsing

/// Data channels: Bluetooth Core, "Data Physical Channel PDU".
///
///     LLID 2 bits · NESN 1 · SN 1 · MD 1 · CP 1 · RFU 2 · length 1 · payload · CRC 3
extension FramePeeler {
    private static let startEncryptionRequest: UInt8 = 0x05

    /// CONNECT_IND: InitA 6 · AdvA 6 · access address 4 · CRCInit 3 · 15 more octets
    mutating func peelConnect(_ payload: ByteReader) throws(ParseError) {
        var payload = payload
        part = .connection
        try payload.skip(12)
        let accessAddress = try payload.readUInt32LittleEndian()
        let crcInit = UInt32(try payload.readLittleEndian(3))
        followed.begin(accessAddress, crcInit: crcInit)
        connections.forget(UInt64(accessAddress))
    }

    mutating func peelDataChannel(
        _ reader: inout ByteReader, accessAddress: UInt32, _ verdict: SnifferVerdict,
        _ heard: inout HeardBatch
    ) throws(ParseError) -> FrameOutcome {
        // What is whitened untold seems to be damaged.
        guard verdict.crc != .failed || whitening.whitened > whitening.plain else { return .crcFailed }
        part = .connection
        if verdict.crc != .valid, whitening.expectsWhitened(verdict) {
            let octets = try Self.dewhitened(reader, verdict)
            var dewhitened = ByteReader(octets.span)
            return try peelDataPDU(&dewhitened, accessAddress: accessAddress, verdict, &heard)
        }
        return try peelDataPDU(&reader, accessAddress: accessAddress, verdict, &heard)
    }

    private mutating func peelDataPDU(
        _ reader: inout ByteReader, accessAddress: UInt32, _ verdict: SnifferVerdict,
        _ heard: inout HeardBatch
    ) throws(ParseError) -> FrameOutcome {
        let length = Int(try reader.peek(1))
        if verdict.crc == .valid {
            let octets = try reader.readOctets(2 + length)
            return peel(octets, verdict.isFromCentral, accessAddress: accessAddress, &heard)
        }
        guard reader.remaining >= 2 + length + CRC24.size else {
            followed.noteUnchecked()
            return .other
        }
        let octets = try reader.readOctets(2 + length)
        let crc = UInt32(try reader.readLittleEndian(CRC24.size))
        let pdu = FollowedConnections.HeldPDU(
            frame: frame, octets: octets, crc: crc, isFromCentral: verdict.isFromCentral)
        switch followed.check(pdu, of: accessAddress) {
        case .wrong: return .crcFailed
        case .held: return .other
        case .right: break
        case .found(let held):
            for earlier in held {
                frame = earlier.frame
                _ = peel(earlier.octets, earlier.isFromCentral, accessAddress: accessAddress, &heard)
            }
            frame = pdu.frame
        }
        return peel(octets, verdict.isFromCentral, accessAddress: accessAddress, &heard)
    }

    /// A data channel PDU without its CRC, which is right.
    private mutating func peel(
        _ pdu: [UInt8], _ isFromCentral: Bool?, accessAddress: UInt32, _ heard: inout HeardBatch
    ) -> FrameOutcome {
        let header = pdu[0]
        let payload = Array(pdu.dropFirst(2))
        let kind = header & 3
        if kind == 3, payload.first == Self.startEncryptionRequest { followed.beginEncryption(of: accessAddress) }
        guard !payload.isEmpty, kind == 1 || kind == 2 else { return .other }
        // NESN changes between a PDU and its retransmission.
        let direction: UInt8 = isFromCentral.map { $0 ? 1 : 0 } ?? 2
        guard followed.isNew([header & 0x0B, direction] + payload, of: accessAddress),
            !followed.isEncrypted(payload, isStart: kind == 2, of: accessAddress)
        else { return .other }
        let stream = Connections.Stream(connection: UInt64(accessAddress), isFromCentral: isFromCentral)
        peelL2CAP(payload, of: stream, isStart: kind == 2, &heard)
        return .peeled
    }
}
