import Foundation
import TestSupport
import Testing

@testable import CaptureFiles

/// A frame as a reader gives it, and what it ends with.
private struct ReadFrame: Equatable {
    var time: Int64
    var linkType: LinkType
    var originalLength: Int
    var bytes: [UInt8]

    init(_ frame: CapturedFrame) {
        time = frame.time.nanoseconds
        linkType = frame.linkType
        originalLength = frame.originalLength
        bytes = (0..<frame.bytes.count).map { frame.bytes[$0] }
    }

    /// Where a frame has no time, libpcap takes the beginning of the interface's time.
    func isEqual(_ libpcap: ReadFrame) -> Bool {
        var other = libpcap
        if time == CaptureTime.unknown.nanoseconds { other.time = time }
        return self == other
    }
}

private struct Reading {
    var frames: [ReadFrame] = []
    var isComplete = false
}

private func readByLibpcap(_ path: String) -> Reading {
    var reading = Reading()
    do throws(CaptureError) {
        var handle = try PcapHandle(ByteSource(path: path))
        while let frame = try handle.nextFrame() { reading.frames.append(ReadFrame(frame)) }
        reading.isComplete = true
    } catch {}
    return reading
}

private func readByUs(_ path: String) -> Reading {
    var reading = Reading()
    do throws(CaptureError) {
        var reader = PcapngReader(try ByteSource(path: path))
        while let frame = try reader.nextFrame() { reading.frames.append(ReadFrame(frame)) }
        reading.isComplete = true
    } catch {}
    return reading
}

@Suite struct PcapngReaderTests {
    /// Every pcapng of a folder, by its content, and how many of them libpcap reads to the end.
    private func compare(_ folder: URL) throws -> (files: Int, readByBoth: Int) {
        var count = (files: 0, readByBoth: 0)
        for name in try FileManager.default.subpathsOfDirectory(atPath: folder.path).sorted() {
            let path = folder.appending(path: name).path
            let start = try? FileHandle(forReadingFrom: URL(filePath: path)).read(upToCount: 4)
            guard start == Data([0x0A, 0x0D, 0x0D, 0x0A]) else { continue }
            count.files += 1
            let (libpcap, ours) = (readByLibpcap(path), readByUs(path))
            // Where libpcap gives up, our reader may go on; what both give is the same.
            let differing = zip(ours.frames, libpcap.frames).enumerated().first { !$1.0.isEqual($1.1) }
            #expect(differing == nil, "\(name)")
            #expect(ours.frames.count >= libpcap.frames.count, "\(name)")
            guard libpcap.isComplete else { continue }
            #expect(ours.isComplete && ours.frames.count == libpcap.frames.count, "\(name)")
            count.readByBoth += 1
        }
        return count
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
