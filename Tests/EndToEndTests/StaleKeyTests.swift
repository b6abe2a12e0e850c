import ByteParsing
import CaptureFiles
import Foundation
import MeshCrypto
import MeshProtocol
import MeshSimulation
import MeshTestSupport
import TestSupport
import Testing

/// A network whose key was refreshed while nobody handed the new one over: what every command that answers says of it.
@Suite struct StaleKeyTests {
    private let old = NetworkKeys(NetKey(value: 0x0123_4567_89AB_CDEF_0123_4567_89AB_CDEF))
    private let new = NetworkKeys(NetKey(value: 0xFEDC_BA98_7654_3210_FEDC_BA98_7654_3210))
    private var digits: String { Hexadecimal.text(old.netKey.value, digits: 32) }

    /// Two minutes under the old key, and two more under another one, or without any traffic; a neighbour all along.
    private func capture(isRefreshed: Bool) throws -> [UInt8] {
        let neighbour = NetworkKeys(NetKey(value: 77))
        var frames: [SimulatedFrame] = []
        func add(_ data: [UInt8], at second: Double) {
            frames.append(
                SimulatedFrame(
                    time: CaptureTime(seconds: 1_780_272_000, nanoseconds: Int64(second * 1e9)), channel: 37,
                    address: 0xC0_0000_0001_01, data: data, direction: .heard, isDamaged: false, type: 2))
        }
        func pdu(_ keys: NetworkKeys, _ source: UInt16, _ sequence: Int) throws -> [UInt8] {
            let pdu = NetworkPDU.seal(
                position: SequencePosition(IVIndex(9), SequenceNumber(truncating: UInt32(sequence))), isControl: false,
                ttl: 5,
                source: try #require(UnicastAddress(source)), destination: MeshAddress(0xC000),
                transportPDU: [0x40, 1, 2, 3, 4, 5, 6], with: keys.flooding)
            return AD.structure(0x2A, pdu.octets)
        }
        let statement = NetworkBeaconStatement(state: .normalOperation(IVIndex(9)), isKeyRefresh: false)
        for second in 0..<240 {
            let keys = second < 120 ? old : new
            add(try pdu(neighbour, 7, second), at: Double(second) + 0.3)
            guard second < 120 || isRefreshed else { continue }
            if second % 10 == 0 {
                add(AD.structure(0x2B, SecureNetworkBeacon.seal(statement, with: keys)), at: Double(second))
            }
            add(try pdu(keys, UInt16(1 + second % 3), second), at: Double(second) + 0.5)
        }
        return write(frames)
    }

    @Test(arguments: [true, false]) func everyCommandThatAnswersSaysThatTheKeyIsStale(isRefreshed: Bool) throws {
        let folder = try TestFolder()
        let path = try folder.write(try capture(isRefreshed: isRefreshed), "capture.pcap")
        let keys = ["--netkey", digits, "--netkey", "1=" + Hexadecimal.text(UInt128(99), digits: 32)]
        let restored = path + ".restore"
        let commands: [(arguments: [String], usual: Int32)] = [
            (["analyze", path, "--master", "0x0001"], 0),
            (["analyze", path, "--master", "0x0001", "--format", "json"], 0),
            (["restore", path, "--master", "0x0001", "--for", "zephyr", "-o", restored], 0),
            (["verify", path, "--master", "0x0001", "--since", "2026-06-01T00:00:50Z"], 1),
            (["keys", "--audit", path], 0),
        ]
        for (arguments, usual) in commands {
            let result = try Program.run(Program.meshscope, arguments + keys)
            #expect(result.status == (isRefreshed ? 1 : usual), "\(arguments[0]): \(result.error)")
            let says = (result.output + result.error).replacing("\n", with: " ")
            let isTold = says.contains("key_fell_silent") || says.contains("is not used any more")
            #expect(isTold == isRefreshed, "\(arguments[0]): \(says)")
            #expect(!says.lowercased().contains(digits.lowercased()))
        }
        let text = try Program.run(Program.meshscope, commands[0].arguments + keys).output
        let nid = Hexadecimal.prefixed(new.flooding.nid, digits: 2)
        #expect(text.contains("ATTENTION: key 0 is not used any more") == isRefreshed)
        #expect(!isRefreshed || (text.contains("NID \(nid)") && text.contains("3 sources")))
    }
}
