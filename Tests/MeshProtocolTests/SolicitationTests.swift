import ByteParsing
import MeshCrypto
import TestSupport
import Testing

@testable import MeshProtocol

@Suite struct SolicitationTests {
    /// The NetKey of the specification's sample data.
    private static let keys = NetworkKeys(NetKey(value: block("7dd7364cd842ad18c17c2b820c84c3d6")))

    /// Made with Python's `cryptography` 46 from the layout and the nonce as Zephyr's `solicitation.c` and `crypto.c` have them; the
    /// specification's sample data have none.
    private static let vectors: [(octets: String, sseq: UInt32, source: UInt16, destination: UInt16)] = [
        ("68f9643d539d98ea2c7ee1ad9a0fc213bd", 0x00_0102, 0x1201, 0x0000),
        ("68ddde162a816eee25d78a562660deca30", 0xFF_FFFF, 0x7FFF, 0xFFFC),
    ]

    private func parse(_ octets: [UInt8]) throws(ParseError) -> SolicitationPDU {
        var reader = ByteReader(octets.span)
        return try SolicitationPDU(parsing: &reader)
    }

    @Test func opensWhatAnotherImplementationSealed() throws {
        for vector in Self.vectors {
            // With the identification type, as Zephyr sends it, and without.
            for octets in [octets(vector.octets), [0x00] + octets(vector.octets)] {
                let pdu = try parse(octets)
                #expect(pdu.nid == Self.keys.flooding.nid)
                let opened = try #require(pdu.open(with: Self.keys.flooding))
                #expect(opened.sequence.value == vector.sseq && opened.source.value == vector.source)
                #expect(opened.destination?.value == vector.destination && opened.ivIndex == IVIndex(0))
                #expect(opened.transportPDU.isEmpty && opened.ttl == 0 && opened.isControl)
            }
        }
    }

    @Test func sealsWhatAnotherImplementationSealed() throws {
        for vector in Self.vectors {
            let source = try #require(UnicastAddress(vector.source))
            let sealed = SolicitationPDU.seal(
                sequence: SequenceNumber(truncating: vector.sseq), source: source,
                destination: MeshAddress(vector.destination), with: Self.keys.flooding)
            #expect(sealed == octets(vector.octets))
        }
    }

    /// TTL, the 7 bits behind CTL, is no part of the nonce: nothing authenticates it.
    @Test func aFlippedBitOrAnotherKeyOpensNothing() throws {
        let whole = octets(Self.vectors[0].octets)
        for bit in 0..<(8 * whole.count) where bit == 8 || bit >= 16 {
            var damaged = whole
            damaged[bit / 8] ^= 0x80 >> UInt8(bit % 8)
            #expect(try parse(damaged).open(with: Self.keys.flooding) == nil, "bit \(bit)")
        }
        #expect(try parse(whole).open(with: Self.keys.directed) == nil)
        let other = NetworkKeys(NetKey(value: 1))
        #expect(try parse(whole).open(with: other.flooding) == nil)
    }

    @Test func noPrefixAndNoOtherIdentificationTypeIsOne() throws {
        let whole = [0x00] + octets(Self.vectors[0].octets)
        for length in 0..<whole.count where length != SolicitationPDU.length {
            #expect(throws: ParseError.self) { try parse(Array(whole.prefix(length))) }
        }
        #expect(throws: ParseError.self) { try parse([0x01] + octets(Self.vectors[0].octets)) }
        #expect(throws: ParseError.self) { try parse(whole + [0]) }
    }

    /// A Network PDU of the same octets is no Solicitation PDU, and the other way round: their nonces differ.
    @Test func noNetworkPDUIsTakenForOne() throws {
        let source = try #require(UnicastAddress(1))
        let network = NetworkPDU.seal(
            position: SequencePosition(IVIndex(0), SequenceNumber(truncating: 5)), isControl: true, ttl: 0,
            source: source,
            destination: MeshAddress(0), transportPDU: [], with: Self.keys.flooding)
        #expect(SolicitationPDU(network)?.open(with: Self.keys.flooding) == nil)
        let pdu = try parse(octets(Self.vectors[0].octets)).pdu
        #expect(NetworkPDU.open(pdu, with: Self.keys.flooding, ivIndex: IVIndex(0)) == nil)
    }
}

@Suite struct ManagementMessageTests {
    private func blob(_ payload: [UInt8]) throws -> BLOBMessage? {
        BLOBMessage(try #require(AccessMessage(payload: payload)))
    }

    /// Octets as Zephyr's `blob_cli.c`, `blob_srv.c` and `dfu_cli.c` write them.
    private static let messages: [(payload: [UInt8], message: BLOBMessage)] = [
        (
            [0x83, 0x01, 0x40, 1, 2, 3, 4, 5, 6, 7, 8, 0x40, 0x9C, 0, 0, 12, 0x7C, 0x01],
            .transferStart(id: 0x0807_0605_0403_0201, size: 40_000, blockSizeLog: 12)
        ),
        ([0x83, 0x02, 1, 2, 3, 4, 5, 6, 7, 8], .transferCancel(id: 0x0807_0605_0403_0201)),
        ([0x83, 0x03, 0x40, 0x00], .transferStatus(status: 0, phase: 0, id: nil)),
        (
            [0x83, 0x03, 0x42, 0x04, 1, 2, 3, 4, 5, 6, 7, 8, 0x40, 0x9C, 0, 0, 12, 0x7C, 0x01, 0xFF],
            .transferStatus(status: 2, phase: 4, id: 0x0807_0605_0403_0201)
        ),
        ([0x83, 0x04, 0x02, 0x01, 0x80, 0x00], .blockStart(block: 0x0102)),
        ([0x66, 0x05, 0x00, 0xAA, 0xBB], .chunkTransfer(chunk: 5)),
        ([0x67, 0x40, 0x03, 0x00, 0x80, 0x00], .blockStatus(block: 3, isComplete: true)),
        ([0x67, 0x80, 0x03, 0x00, 0x80, 0x00, 0x0F], .blockStatus(block: 3, isComplete: false)),
        ([0x68], .partialBlockReport),
        (
            [0x83, 0x0D, 6, 0x02, 0x00, 1, 2, 3, 4, 5, 6, 7, 8, 0],
            .updateStart(ttl: 6, timeoutBase: 2, id: 0x0807_0605_0403_0201)
        ),
        ([0x83, 0x0E], .updateCancel), ([0x83, 0x0F], .updateApply),
    ]

    @Test func theMessagesOfATransferAreRead() throws {
        for (payload, message) in Self.messages { #expect(try blob(payload) == message) }
        #expect(try blob([0x82, 0x03, 1, 7]) == nil)
    }

    /// Octets as the servers of Zephyr and ESP-IDF (`dfd_srv.c`) read and write them.
    private static let distributions: [(payload: [UInt8], message: FirmwareDistributionMessage)] = [
        ([0x83, 0x19, 0x01, 0x00, 5, 0x02, 0x01, 0x05, 0x03, 0x00, 0x05, 0xC0], .start(parameters)),
        ([0x83, 0x1A], .suspend), ([0x83, 0x1B], .cancel), ([0x83, 0x1C], .apply),
        ([0x83, 0x1D, 0x00, 0x00], .status(status: 0, phase: 0, nil)),
        (
            [0x83, 0x1D, 0x00, 0x07, 0x05, 0xC0, 0x01, 0x00, 5, 0x02, 0x01, 0x05, 0x03, 0x00],
            .status(status: 0, phase: 7, parameters)
        ),
    ]
    private static let parameters = FirmwareDistributionMessage.Parameters(
        ttl: 5, timeoutBase: 0x0102, imageIndex: 3, multicast: MeshAddress(0xC005))

    @Test func theMessagesOfADistributionAreRead() throws {
        for (payload, message) in Self.distributions {
            #expect(FirmwareDistributionMessage(try #require(AccessMessage(payload: payload))) == message)
            for length in 2..<payload.count where length != 4 {
                let access = try #require(AccessMessage(payload: Array(payload.prefix(length))))
                #expect(FirmwareDistributionMessage(access) == nil, "\(length) octets of \(message)")
            }
        }
        let label = [0x83, 0x19, 0x01, 0x00, 5, 0x02, 0x01, 0x05, 0x03, 0x00] + [UInt8](repeating: 7, count: 16)
        guard case .start(let read) = FirmwareDistributionMessage(try #require(AccessMessage(payload: label))) else {
            Issue.record("no Distribution Start")
            return
        }
        #expect(read.multicast == nil && read.imageIndex == 3)
    }

    /// No prefix traps; one that breaks the format is no message.
    @Test func everyPrefixIsAMessageOrNone() throws {
        for (payload, _) in Self.messages {
            for length in 1..<payload.count {
                guard let access = AccessMessage(payload: Array(payload.prefix(length))) else { continue }
                _ = BLOBMessage(access)
            }
        }
        #expect(try blob([0x83, 0x01, 0x40, 1, 2, 3]) == nil)
        #expect(try blob([0x83, 0x04, 0x02]) == nil)
    }

    /// Layout as in the logs of Silicon Labs' NCP host and in a fork of Zephyr that has directed forwarding.
    @Test func aPathRequestTellsItsOriginAndNumber() throws {
        let parameters: [UInt8] = [0x08, 0xFE, 0x03, 0xC0, 0x00, 0x80, 0x21, 0x02]
        guard case .pathRequest(let request) = try ControlMessage(opcode: 0x0B, parameters: parameters) else {
            Issue.record("no Path Request")
            return
        }
        #expect(request.lifetime == 2 && request.forwardingNumber == 0xFE)
        #expect(request.destination.value == 0xC000 && request.pathOrigin.value == 0x0021)
        for length in 0..<7 {
            #expect(throws: ParseError.self) {
                try ControlMessage(opcode: 0x0B, parameters: Array(parameters.prefix(length)))
            }
        }
        #expect(throws: ParseError.self) {
            try ControlMessage(opcode: 0x0B, parameters: [8, 1, 0, 0, 0, 0x80, 0x00, 2])
        }
    }
}
