import Foundation
import TestSupport
import Testing

@testable import CaptureFiles

/// A frame as a reader gives it, and what it ends with.
struct ReadFrame: Equatable {
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

struct Reading {
    var frames: [ReadFrame] = []
    var isComplete = false
}

func readByLibpcap(_ path: String) -> Reading {
    var reading = Reading()
    do throws(CaptureError) {
        var handle = try PcapHandle(ByteSource(path: path))
        while let frames = try handle.nextFrames() {
            for place in 0..<frames.count { reading.frames.append(ReadFrame(frames.frame(at: place))) }
        }
        reading.isComplete = true
    } catch {}
    return reading
}

/// Compares a reader of ours with libpcap on every file of a folder that begins in one of some ways; returns how many there are, and
/// how many of them libpcap reads to the end.
func compareWithLibpcap(
    _ folder: URL, beginnings: [[UInt8]], _ read: (String) -> Reading
) throws -> (files: Int, readByBoth: Int) {
    var count = (files: 0, readByBoth: 0)
    for name in try FileManager.default.subpathsOfDirectory(atPath: folder.path).sorted() {
        let path = folder.appending(path: name).path
        let start = try? FileHandle(forReadingFrom: URL(filePath: path)).read(upToCount: 4)
        guard let start, beginnings.contains(Array(start)) else { continue }
        count.files += 1
        let (libpcap, ours) = (readByLibpcap(path), read(path))
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
