public import ByteParsing

/// What became of a frame.
public enum FrameOutcome: Hashable, Sendable {
    /// All there is to peel was peeled.
    case peeled
    /// The checksum over the air failed: nothing of the frame is believed.
    case crcFailed
    /// A well-formed frame that carries no advertising.
    case other
}

/// Peels frames down to advertising structures.
///
/// It remembers what Bluetooth itself spreads over several frames: fragments of extended advertising data. That
/// memory is bounded.
public struct FramePeeler {
    /// Receives what a frame holds.
    public struct Receiver {
        let structure: (AdvertisingStructure) -> Void
        let malformed: (ParseError) -> Void

        public init(
            structure: @escaping (AdvertisingStructure) -> Void, malformed: @escaping (ParseError) -> Void
        ) {
            self.structure = structure
            self.malformed = malformed
        }
    }

    var receivedFragments = FragmentStore()
    var sentFragments = FragmentStore()
    let receiver: Receiver

    public init(_ receiver: Receiver) {
        self.receiver = receiver
    }

    /// - Parameters:
    ///   - flags: btsnoop's packet flags, where the encapsulation needs them.
    ///   - isCut: the capture holds only the beginning of the frame.
    public mutating func peel(
        _ bytes: Span<UInt8>, as encapsulation: Encapsulation, flags: UInt32, isCut: Bool
    ) throws(ParseError) -> FrameOutcome {
        var reader = ByteReader(bytes)
        switch encapsulation {
        case .linkLayer:
            return try peelLinkLayer(&reader, crc: .notChecked, isCut: isCut)
        case .linkLayerWithHeader:
            let header = try LinkLayerPseudoHeader(parsing: &reader)
            return try peelLinkLayer(&reader, crc: header.crc, isCoded: header.isCoded, isCut: isCut)
        case .perPacketInformation:
            guard try PerPacketInformation(parsing: &reader).isLinkLayer else { return .other }
            return try peelLinkLayer(&reader, crc: .notChecked, isCut: isCut)
        case .nordicSniffer:
            let header = try NordicSnifferHeader(parsing: &reader)
            guard header.isPDU else { return .other }
            return try peelLinkLayer(&reader, crc: header.crc, isCoded: header.isCoded, isCut: isCut)
        case .hciH4:
            return try peelH4(&reader, adapter: 0)
        case .hciH4WithDirection:
            try reader.skip(4)
            return try peelH4(&reader, adapter: 0)
        case .hciH1:
            return try peelH1(&reader, flags: flags)
        case .linuxMonitorWithHeader:
            let adapter = try reader.readUInt16BigEndian()
            return try peelMonitor(&reader, adapter: adapter, opcode: try reader.readUInt16BigEndian())
        case .linuxMonitor:
            let opcode = UInt16(truncatingIfNeeded: flags)
            return try peelMonitor(&reader, adapter: UInt16(truncatingIfNeeded: flags >> 16), opcode: opcode)
        }
    }

    /// Hands out each AD structure of advertising data; a length of zero ends it early.
    func peelStructures(_ data: ByteReader, _ advertisement: Advertisement) throws(ParseError) {
        var data = data
        while !data.isAtEnd {
            let length = try data.readUInt8()
            guard length > 0 else { return }
            var structure = try data.readPiece(Int(length))
            let type = try structure.readUInt8()
            receiver.structure(AdvertisingStructure(type: type, value: structure, advertisement: advertisement))
        }
    }
}
