import ByteParsing
import MeshCrypto
import TestSupport
import Testing

@testable import MeshProtocol

@Suite struct IVIndexTrialTests {
    private let keys = NetworkKeys(NetKey(value: 0x7dd7_364c_d842_ad18_c17c_2b82_0c84_c3d6))

    private func pdu(_ index: UInt32, length: Int, isControl: Bool) throws -> ObfuscatedNetworkPDU {
        let first: UInt8 = isControl ? 0x0A : 0x40
        return try pdu(index, (0..<length).map { $0 == 0 ? first : UInt8($0) }, isControl: isControl)
    }

    private func pdu(_ index: UInt32, _ transportPDU: [UInt8], isControl: Bool) throws -> ObfuscatedNetworkPDU {
        NetworkPDU.seal(
            position: .init(IVIndex(index), .init(truncating: 0x1234)), isControl: isControl, ttl: 5,
            source: try #require(UnicastAddress(0x0042)), destination: MeshAddress(0xC000),
            transportPDU: transportPDU, with: keys.flooding)
    }

    /// Segments of every length that the specification knows: the last one may be shorter than 12 octets, or 8.
    /// Relays cut some of them short by the length of a NetMIC, 4 octets or 8.
    @Test func findsTheIndexOfEverySegment() throws {
        for isControl in [false, true] {
            let whole = isControl ? 8 : 12
            for (offset, last) in [(0, 0), (0, 1), (7, 31), (31, 31)] as [(UInt32, UInt32)] {
                for length in 1...whole where offset == last || (whole - length) % 4 == 0 {
                    let header = UInt32(0x0123) << 10 | offset << 5 | last
                    let octets = [16, 8, 0].map { UInt8(truncatingIfNeeded: header >> $0) }
                    let start: UInt8 = isControl ? 0x8A : 0x80
                    let segment = [start] + octets + Array(repeating: 0xA5, count: length)
                    var trial = IVIndexTrial(try pdu(4097, segment, isControl: isControl), with: keys.flooding)
                    #expect(trial.search(0..<9000) == [IVIndex(4097)], "\(offset) of \(last), \(length) octets")
                }
            }
        }
    }

    /// Every length that a PDU can have, access and control, in stretches of both parities and at their ends.
    @Test func findsTheIndexOfEveryLength() throws {
        for isControl in [false, true] {
            for length in 1...(isControl ? 12 : 16) {
                for index in [UInt32(0), 1, 4095, 4096, 70_001] {
                    var trial = IVIndexTrial(try pdu(index, length: length, isControl: isControl), with: keys.flooding)
                    #expect(trial.search(0..<80_000) == [IVIndex(index)], "length \(length), index \(index)")
                    #expect(trial.search(0..<UInt64(index)).isEmpty)
                    #expect(trial.search(UInt64(index)..<UInt64(index) + 1) == [IVIndex(index)])
                }
            }
        }
    }

    @Test func reachesTheEndOf32Bits() throws {
        var trial = IVIndexTrial(try pdu(0xFFFF_FFFF, length: 8, isControl: false), with: keys.flooding)
        #expect(trial.search(0xFFFF_0000..<0x1_0000_0000) == [IVIndex(0xFFFF_FFFF)])
    }

    /// The specification's own PDU is found like any other.
    @Test func findsTheIndexOfTheSamplePDU() throws {
        let heard = ObfuscatedNetworkPDU(octets: octets("68eca487516765b5e5bfdacbaf6cb7fb6bff871f035444ce83a670df"))
        var trial = IVIndexTrial(heard, with: keys.flooding)
        #expect(trial.search(0x1230_0000..<0x1240_0000) == [IVIndex(0x1234_5678)])
    }
}
