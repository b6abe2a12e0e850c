import TestSupport
import Testing

@testable import CaptureFiles

/// The old `hcidump`'s records, and what only looks like them.
@Suite struct HcidumpReaderTests {
    private func record(isReceived: Bool, _ packet: [UInt8], padding: UInt8 = 0) -> [UInt8] {
        let numbers: [UInt32] = [1_780_272_000, 123_456]
        let times = numbers.flatMap { number in (0..<4).map { UInt8(truncatingIfNeeded: number >> UInt32(8 * $0)) } }
        return [UInt8(packet.count & 0xFF), UInt8(packet.count >> 8), isReceived ? 1 : 0, padding] + times + packet
    }

    static let packets: [(isReceived: Bool, packet: [UInt8])] = [
        (false, [1, 3, 0x0C, 0]), (true, [4, 0x0E, 4, 1, 3, 0x0C, 0]), (false, [2, 0x40, 0, 3, 0, 7, 8, 9]),
        (true, [2, 0x40, 0x20, 0, 0]), (true, [3, 0x40, 0, 1, 5]),
    ]

    @Test func everyKindOfPacketIsReadWithItsDirectionAndTime() throws {
        let octets = Self.packets.flatMap { record(isReceived: $0.isReceived, $0.packet, padding: 0xA5) }
        let result = try readBack(octets)
        #expect(result.frames == Self.packets.map { [0, 0, 0, $0.isReceived ? 1 : 0] + $0.packet })
        #expect(result.times == Self.packets.map { _ in 1_780_272_000_123_456_000 } && result.failure == nil)
        #expect(Set(result.linkTypes) == [.bluetoothHCIH4WithDirection] && result.numbers == Array(1...5))
    }

    @Test func whatIsWrittenIsReadAgain() throws {
        var writer = CaptureWriter(.hcidump, linkTypes: [.bluetoothHCIH4WithDirection])
        let time = CaptureTime(seconds: 1_780_272_000, nanoseconds: 123_456_000)
        let frames = Self.packets.map { [0, 0, 0, $0.isReceived ? 1 : 0] + $0.packet }
        for frame in frames { writer.write(frame, at: time) }
        let octets = writer.removeOctets()
        #expect(octets == Self.packets.flatMap { record(isReceived: $0.isReceived, $0.packet) })
        #expect(try readBack(octets).frames == frames)
    }

    @Test func everyPrefixEndsWithTheRecordsBeforeIt() throws {
        let first = record(isReceived: false, Self.packets[0].packet)
        let octets = first + record(isReceived: true, Self.packets[1].packet)
        for count in 1..<octets.count {
            guard count >= first.count else {
                #expect(throws: CaptureError.self) { _ = try readBack(Array(octets.prefix(count))) }
                continue
            }
            let result = try readBack(Array(octets.prefix(count)))
            #expect(result.numbers == [1] && (result.failure == nil) == (count == first.count))
        }
    }

    /// Direction, microseconds, packet indicator, the packet's own length, and the indicator of the other direction.
    @Test(arguments: [(2, UInt8(2)), (11, 0x7F), (12, 5), (15, 1), (12, 4), (0, 3)])
    func whatIsNotConsistentIsNoDump(_ place: Int, _ value: UInt8) throws {
        var octets =
            record(isReceived: false, Self.packets[0].packet) + record(isReceived: true, Self.packets[1].packet)
        octets[place] = value
        #expect(throws: CaptureError.self) { _ = try readBack(octets) }
        // Behind what tells the format, a damaged header breaks off, and a damaged packet is a frame as it is.
        let many = (0..<300).flatMap { _ in record(isReceived: false, Self.packets[0].packet) }
        let result = try readBack(many + octets)
        #expect(result.numbers.count >= 300)
        if [2, 11].contains(place) { #expect(result.failure?.kind == .brokenOff && result.numbers.count == 300) }
    }
}
