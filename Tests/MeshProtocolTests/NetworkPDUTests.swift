import ByteParsing
import MeshCrypto
import TestSupport
import Testing

@testable import MeshProtocol

/// The batch path for one PDU.
private func open(_ pdu: ObfuscatedNetworkPDU, _ material: SecurityMaterial, _ ivIndex: IVIndex) -> NetworkPDU? {
    var workspace = NetworkCredentials.Workspace()
    NetworkCredentials(material).open([.init(pdu, ivIndex: ivIndex)], in: &workspace)
    return workspace.results[0]
}

private let sampleKeys = NetworkKeys(NetKey(value: block("7dd7364cd842ad18c17c2b820c84c3d6")))

@Suite struct NetworkPDUTests {
    /// Mesh Protocol 1.1, sample data 8.3: PDU, IV Index, CTL, TTL, SEQ, SRC, DST.
    static let samples: [(String, UInt32, Bool, UInt8, UInt32, UInt16, UInt16)] = [
        ("68eca487516765b5e5bfdacbaf6cb7fb6bff871f035444ce83a670df", 0x1234_5678, true, 0, 0x000001, 0x1201, 0xFFFD),
        ("68d4c826296d7979d7dbc0c9b4d43eebec129d20a620d01e", 0x1234_5678, true, 0, 0x014820, 0x2345, 0x1201),
        ("68cab5c5348a230afba8c63d4e686364979deaf4fd40961145939cda0e", 0x1234_5678, false, 4, 0x3129AB, 0x0003, 0x1201),
        ("681615b5dd4a846cae0c032bf0746f44f1b8cc8ce5edc57e55beed49c0", 0x1234_5678, false, 4, 0x3129AC, 0x0003, 0x1201),
        ("68e476b5579c980d0d730f94d7f3509df987bb417eb7c05f", 0x1234_5678, true, 11, 0x014835, 0x2345, 0x0003),
        ("6848cba437860e5673728a627fb938535508e21a6baf57", 0x1234_5678, false, 3, 0x000007, 0x1201, 0xFFFF),
        ("68110edeecd83c3010a05e1b23a926023da75d25ba91793736", 0x1234_5678, false, 3, 0x000009, 0x1201, 0xFFFF),
        ("e8d85caecef1e3ed31f3fdcf88a411135fea55df730b6b28e255", 0x1234_5677, false, 3, 0x07080B, 0x1234, 0xB529),
    ]

    @Test(arguments: samples)
    func opensTheSpecificationsSample(
        hex: String, index: UInt32, isControl: Bool, ttl: UInt8, sequence: UInt32, source: UInt16, destination: UInt16
    ) throws {
        let bytes = octets(hex)
        var reader = ByteReader(bytes.span)
        let heard = try ObfuscatedNetworkPDU(parsing: &reader)
        #expect(heard.octets == bytes)
        #expect(heard.nid == 0x68)
        #expect(heard.ivi == UInt8(index & 1))
        let pdu = try #require(open(heard, sampleKeys.flooding, IVIndex(index)))
        #expect(pdu.isControl == isControl)
        #expect(pdu.ttl == ttl)
        #expect(pdu.sequence.value == sequence)
        #expect(pdu.source.value == source)
        #expect(pdu.destination?.value == destination)
        #expect(NetworkPDU.open(heard, with: sampleKeys.flooding, ivIndex: IVIndex(index)) == pdu)
        let sealed = NetworkPDU.seal(
            position: pdu.position, isControl: isControl, ttl: ttl, source: pdu.source,
            destination: MeshAddress(destination), transportPDU: pdu.transportPDU, with: sampleKeys.flooding)
        #expect(sealed == heard, "sealing gives the same octets")
    }

    @Test func opensEveryFloodingPDUOfTheSampleData() throws {
        var opened = 0
        for message in try SampleData.rows("messages") where message.text("credentials") == "flooding" {
            let keys = NetworkKeys(NetKey(value: block(message.text("net_key"))))
            let index = IVIndex(UInt32(truncatingIfNeeded: block(message.text("iv_index"))))
            for row in message["pdus"] as? [[String: Any]] ?? [] {
                let heard = ObfuscatedNetworkPDU(octets: octets(row.text("network_pdu")))
                let pdu = try #require(open(heard, keys.flooding, index), "\(message.text("id"))")
                #expect(pdu.sequence.value == UInt32(truncatingIfNeeded: block(row.text("seq"))))
                #expect(pdu.transportPDU == octets(row.text("transport_pdu")))
                #expect(pdu.source.value == UInt16(truncatingIfNeeded: block(message.text("src"))))
                #expect(pdu.destination?.value == UInt16(truncatingIfNeeded: block(message.text("dst"))))
                opened += 1
            }
        }
        #expect(opened >= 18)
    }

    @Test func batchAndPlainPathAgree() {
        var random = SeededNumbers(seed: 7)
        let material = sampleKeys.flooding
        let credentials = NetworkCredentials(material)
        var attempts: [NetworkCredentials.Attempt] = []
        for number in 0..<600 {
            let isControl = number % 3 == 0
            let length = 1 + random.below(isControl ? 12 : 16)
            let index = IVIndex(UInt32(truncatingIfNeeded: random.next()))
            guard let source = UnicastAddress(UInt16(1 + random.below(0x7FFF))) else { continue }
            let sequence = SequenceNumber(truncating: UInt32(random.below(1 << 24)))
            let sealed = NetworkPDU.seal(
                position: SequencePosition(index, sequence), isControl: isControl, ttl: UInt8(random.below(128)),
                source: source, destination: MeshAddress(UInt16(random.below(1 << 16))),
                transportPDU: (0..<length).map { _ in UInt8(random.below(256)) }, with: material)
            var bytes = sealed.octets
            // Some with a flipped bit, some cut short, some with another IV Index.
            if number % 5 == 1 { bytes[random.below(bytes.count)] ^= 1 << UInt8(random.below(8)) }
            if number % 7 == 1 { bytes.removeLast(min(random.below(8), bytes.count - 11)) }
            attempts.append(
                .init(ObfuscatedNetworkPDU(octets: bytes), ivIndex: number % 11 == 1 ? IVIndex(0) : index))
        }
        var workspace = NetworkCredentials.Workspace()
        credentials.open(attempts, in: &workspace)
        var opened = 0
        for (attempt, result) in zip(attempts, workspace.results) {
            let plain = NetworkPDU.open(attempt.pdu, with: material, ivIndex: attempt.ivIndex)
            #expect(plain == result)
            if result != nil { opened += 1 }
        }
        #expect(opened > 300 && opened < 600)
    }

    @Test func opensWhatARelayCutDownToNothing() throws {
        // As bluetooth-meshd 5.66 relays: the payload is shorter than any format allows, and authentic.
        let source = try #require(UnicastAddress(1))
        for (isControl, payload) in [(true, 0), (true, 1), (false, 0), (false, 3)] {
            let header = (isControl ? 1 : 0) << 47 | UInt64(5) << 40 | UInt64(9) << 16 | UInt64(source.value)
            let index = IVIndex(4)
            let nonce = Array((UInt128(header) << 48 | UInt128(index.value)).octets.dropFirst(3))
            let sealed = AESCCM.seal(
                Array(repeating: 7, count: payload), key: sampleKeys.flooding.encryptionKey, nonce: nonce,
                tagLength: isControl ? 8 : 4)
            let random = UInt128(leftAligned: sealed.prefix(7)) >> 72
            let pecb = AESCipher(key: sampleKeys.flooding.privacyKey).encrypt(UInt128(index.value) << 56 | random)
            let obfuscated = UInt128(header ^ UInt64(truncatingIfNeeded: pecb >> 80)) << 80
            let heard = ObfuscatedNetworkPDU(octets: [0x68] + obfuscated.octets.prefix(6) + sealed)
            let pdu = try #require(open(heard, sampleKeys.flooding, index))
            #expect(pdu.sequence.value == 9)
            #expect(pdu.content.length == payload)
            #expect((pdu.destination == nil) == (payload < 2))
        }
    }

    @Test func everyPrefixAndLengthIsRefusedOrParsed() {
        let bytes = octets(Self.samples[2].0) + [1, 2, 3]
        for count in 0...bytes.count {
            let prefix = Array(bytes.prefix(count))
            var reader = ByteReader(prefix.span)
            do {
                let pdu = try ObfuscatedNetworkPDU(parsing: &reader)
                #expect(pdu.octets == prefix && reader.isAtEnd)
                #expect((11...29).contains(count))
            } catch {
                #expect(!(11...29).contains(count))
                #expect(error.offset == 0)
            }
        }
    }

    @Test func beginningsAreRecognised() {
        let full = NetworkPDU.Content(
            head: UInt128(leftAligned: Array(1...16)), tail: UInt128(leftAligned: [17, 18]), length: 18)
        for length in 0..<18 {
            let octets = Array(UInt8(1)...18).prefix(length)
            let cut = NetworkPDU.Content(
                head: UInt128(leftAligned: octets.prefix(16)), tail: UInt128(leftAligned: octets.dropFirst(16)),
                length: length)
            #expect(cut.isBeginning(of: full))
            #expect(!full.isBeginning(of: cut))
            guard length > 0 else { continue }
            let other = NetworkPDU.Content(head: cut.head ^ (1 << 127), tail: cut.tail, length: length)
            #expect(!other.isBeginning(of: full))
        }
        #expect(!full.isBeginning(of: full))
    }
}

@Suite struct IVStateTests {
    @Test func statesAreOrderedAsANetworkGoesThroughThem() throws {
        let n = IVIndex(5)
        let next = try #require(n.advanced(by: 1))
        #expect(IVState.normalOperation(n) < .updateInProgress(next))
        #expect(IVState.updateInProgress(next) < .normalOperation(next))
        #expect(IVState.updateInProgress(next).transmitIndex == n)
        #expect(IVState.normalOperation(next).transmitIndex == next)
        #expect(IVState.updateInProgress(IVIndex(0)).transmitIndex == IVIndex(0), "no trap at the lower end")
        #expect(IVIndex(.max).advanced(by: 1) == nil)
        #expect(SequenceNumber(0x100_0000) == nil)
        #expect(UnicastAddress(0) == nil && UnicastAddress(0x8000) == nil)
    }
}
