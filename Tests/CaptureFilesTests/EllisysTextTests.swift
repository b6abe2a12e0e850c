import BluetoothFrames
import TestSupport
import Testing

@testable import CaptureFiles

@Suite struct EllisysTextTests {
    /// The published example, with a right CRC, and what its writers leave open.
    private let example = """
        FileFormat:Bluetooth
                        version=1.0

        ItemFormat:LE version=1.1
        Item time=15102072375 aa=0x1848870A rssi=-23 rfchannel=35 phy=1Mbps rawdata="09 00 38 A4 5B"
        Item time=15351840875 aa=0x1848870A rssi=-37.5 rfchannel=3 phy=2Mbps rawdata="01 00 9E A9 5B"
        Item time=15351840999 aa=0x8E89BED6 rssi=-40 rfchannel=12 phy=Coded coding=Coded8 rawdata="42 01 07 01 02 03"
        Item time=1 aa=0x1848870A rfchannel=77 rawdata="01 00"
        Item nonsense

        """

    @Test func itemsAreFrames() throws {
        let text = try readBack(Array(example.utf8))
        #expect(text.frames.count == 3 && text.failure == nil)
        #expect(text.times == [15_102_072, 15_351_840, 15_351_840])
        let head: [UInt8] = [0x80, 0, 0xD6, 0xBE, 0x89, 0x8E]
        #expect(text.frames[0] == [35, 0xE9] + head + [0x13, 0] + octets("0a874818 0900 38a45b".filter { $0 != " " }))
        #expect(text.frames[1].prefix(2) == [3, 0xDB] && text.frames[1][8...9] == [0x13, 0x40])
        #expect(text.frames[2][8...] == [0x13, 0x80, 0xD6, 0xBE, 0x89, 0x8E, 0, 0x42, 1, 7, 1, 2, 3])
    }

    @Test func whatIsWrittenIsReadBack() throws {
        let frames = try readBack(Array(example.utf8)).frames
        var writer = CaptureWriter(.ellisysText, linkTypes: [])
        for (place, frame) in frames.enumerated() {
            writer.write(frame, at: CaptureTime(seconds: 1_780_272_000, nanoseconds: Int64(place) * 1000))
        }
        let written = writer.removeOctets()
        let again = try readBack(written)
        #expect(again.frames == frames && again.times == [0, 1000, 2000])
        #expect(String(decoding: written, as: UTF8.self).contains("rfchannel=35 phy=1Mbps rawdata=\"09 00 38 A4 5B\""))
    }

    @Test func everyPrefixAndADamagedLineAreNoTrap() throws {
        let octets = Array(example.utf8)
        for count in EllisysTextReader.magic.count..<octets.count {
            #expect(try readBack(Array(octets.prefix(count))).frames.count <= 3)
        }
        let endless =
            EllisysTextReader.magic + [0x0A] + Array("Item time=".utf8) + Array(repeating: 0x31, count: 1 << 20)
        #expect(try readBack(endless).frames.isEmpty)
    }
}
