import Foundation
import TestSupport
import Testing

@testable import CaptureFiles

private func readByUs(_ path: String) -> Reading {
    var reading = Reading()
    do throws(CaptureError) {
        var reader = PcapngReader(try ByteSource(path: path))
        while let frames = try reader.nextFrames(atMost: 3) {
            for place in 0..<frames.count { reading.frames.append(ReadFrame(frames.frame(at: place))) }
        }
        reading.isComplete = true
    } catch {}
    return reading
}

@Suite struct PcapngReaderTests {
    private func compare(_ folder: URL) throws -> (files: Int, readByBoth: Int) {
        try compareWithLibpcap(folder, beginnings: [[0x0A, 0x0D, 0x0D, 0x0A]], readByUs)
    }

    @Test func readsWhatLibpcapReadsAsLibpcapDoes() throws {
        let count = try compare(Checkout.captures)
        #expect(count.files >= 5 && count.readByBoth >= 3)
    }

    @Test(.enabled(if: Checkout.hasShared, "../shared is not there"))
    func readsFilesOfOthersAsLibpcapDoes() throws {
        let count = try compare(Checkout.shared.appending(path: "captures"))
        #expect(count.files >= 52 && count.readByBoth >= 20)
    }

    /// A section with one interface that has a time resolution and an offset, and frames at `times` in its units.
    private func section(resolution: UInt8, offset: UInt8, times: [UInt64]) -> [UInt8] {
        func little(_ value: some FixedWidthInteger) -> [UInt8] {
            (0..<value.bitWidth / 8).map { UInt8(truncatingIfNeeded: value >> ($0 * 8)) }
        }
        func block(_ type: UInt32, _ body: [UInt8]) -> [UInt8] {
            let length = little(UInt32(body.count + 12))
            return little(type) + length + body + length
        }
        let options: [UInt8] = [9, 0, 1, 0, resolution, 0, 0, 0, 14, 0, 8, 0, offset, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]
        var octets = block(0x0A0D_0D0A, little(UInt32(0x1A2B_3C4D)) + [1, 0, 0, 0] + Array(repeating: 0xFF, count: 8))
        octets += block(1, [251, 0, 0, 0, 0, 0, 4, 0] + options)
        for time in times {
            let lengths = little(UInt32(2)) + little(UInt32(5))
            octets += block(
                6,
                little(UInt32(0)) + little(UInt32(time >> 32)) + little(UInt32(truncatingIfNeeded: time)) + lengths
                    + [7, 8, 0, 0])
        }
        // Simple Packet Block, without a time.
        return octets + block(3, little(UInt32(3)) + [1, 2, 3, 0])
    }

    @Test(arguments: [0, 1, 3, 6, 9, 10, 12, 15, 0x80, 0x8A, 0x9E, 0xA8] as [UInt8])
    func turnsEveryTimeResolutionIntoTheTimeOfLibpcap(resolution: UInt8) throws {
        let folder = try Checkout.temporaryFolder()
        defer { try? FileManager.default.removeItem(at: folder) }
        let path = folder.appending(path: "x.pcapng").path
        for offset in [0, 77] as [UInt8] {
            let times: [UInt64] = [0, 1, 999_999, 123_456_789, 4_294_967_297]
            try Data(section(resolution: resolution, offset: offset, times: times)).write(to: URL(filePath: path))
            let (libpcap, ours) = (readByLibpcap(path), readByUs(path))
            #expect(libpcap.isComplete && ours.isComplete)
            #expect(libpcap.frames.count == times.count + 1)
            let areEqual = zip(ours.frames, libpcap.frames).allSatisfy { $0.isEqual($1) }
            #expect(ours.frames.count == times.count + 1 && ours.frames.last?.time == CaptureTime.unknown.nanoseconds)
            #expect(areEqual, "resolution \(resolution), offset \(offset)")
        }
    }
}
