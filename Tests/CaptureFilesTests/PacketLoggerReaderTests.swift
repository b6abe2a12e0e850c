import TestSupport
import Testing

@testable import CaptureFiles

/// Apple's PacketLogger: records by their type, in both byte orders, and what only looks like them.
@Suite struct PacketLoggerReaderTests {
    private func record(_ type: UInt8, _ packet: [UInt8], _ order: CaptureContainer.ByteOrder) -> [UInt8] {
        let numbers: [UInt32] = [UInt32(packet.count + 9), 1_780_272_000, 123_456]
        let head = numbers.flatMap { number in
            let octets = (0..<4).map { UInt8(truncatingIfNeeded: number >> UInt32(8 * $0)) }
            return order == .big ? Array(octets.reversed()) : octets
        }
        return head + [type] + packet
    }

    @Test(arguments: [CaptureContainer.ByteOrder.big, .little])
    func everyTypeIsWhatItIs(_ order: CaptureContainer.ByteOrder) throws {
        let kinds: [(type: UInt8, head: [UInt8])] = [
            (0, [0, 0, 0, 0, 1]), (1, [0, 0, 0, 1, 4]), (2, [0, 0, 0, 0, 2]), (3, [0, 0, 0, 1, 2]),
            (8, [0, 0, 0, 1, 0xFF]), (0xFB, [0, 0, 0, 1, 0xFF]),
        ]
        let result = try readBack(kinds.flatMap { record($0.type, [7, 8], order) })
        #expect(result.frames == kinds.map { $0.head + [7, 8] } && result.failure == nil)
        #expect(result.times == kinds.map { _ in 1_780_272_000_123_456_000 })
        #expect(Set(result.linkTypes) == [.bluetoothHCIH4WithDirection] && result.numbers == Array(1...6))
    }

    @Test func everyPrefixEndsWithTheRecordsBeforeIt() throws {
        let octets = record(1, [1, 2, 3], .big) + record(0, [], .big)
        for count in 1..<octets.count {
            guard count >= 13 else {
                #expect(throws: CaptureError.self) { _ = try readBack(Array(octets.prefix(count))) }
                continue
            }
            let result = try readBack(Array(octets.prefix(count)))
            #expect(result.numbers.count == (count < 16 ? 0 : 1))
            #expect((result.failure == nil) == (count == 16))
        }
    }

    /// A length that no record has, a type that nothing has, and more than a million microseconds.
    @Test(arguments: [(3, UInt8(3)), (12, 0x40), (8, 0x7F)]) func aDamagedRecordBreaksOff(_ place: Int, _ value: UInt8)
        throws
    {
        let octets = record(1, [1, 2, 3], .big)
        var damaged = octets
        damaged[place] = value
        if place == 12 {
            // Behind the records that tell the format, an unknown type is a note.
            let many = (0..<300).flatMap { _ in octets }
            #expect(try readBack(many + damaged).numbers.count == 301)
        } else {
            let many = (0..<300).flatMap { _ in octets }
            #expect(try readBack(many + damaged).failure?.kind == .brokenOff)
        }
        #expect(throws: CaptureError.self) { _ = try readBack(damaged) }
    }
}
