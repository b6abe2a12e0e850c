import Foundation
import TestSupport
import Testing

@testable import CaptureFiles

private func readByUs(_ path: String) -> Reading {
    var reading = Reading()
    do throws(CaptureError) {
        let source = try ByteSource(path: path)
        guard var reader = PcapReader.open(source, source.peek(CaptureFormat.beginning)) else { return reading }
        while let frames = try reader.nextFrames(atMost: 3) {
            for place in 0..<frames.count { reading.frames.append(ReadFrame(frames.frame(at: place))) }
        }
        reading.isComplete = true
    } catch {}
    return reading
}

@Suite struct PcapReaderTests {
    private static let beginnings: [[UInt8]] = [
        [0xD4, 0xC3, 0xB2, 0xA1], [0xA1, 0xB2, 0xC3, 0xD4], [0x4D, 0x3C, 0xB2, 0xA1], [0xA1, 0xB2, 0x3C, 0x4D],
    ]

    @Test func readsWhatLibpcapReadsAsLibpcapDoes() throws {
        let count = try compareWithLibpcap(Checkout.captures, beginnings: Self.beginnings, readByUs)
        #expect(count.files >= 35 && count.readByBoth >= 33)
    }

    @Test(.enabled(if: Checkout.hasShared, "../shared is not there"))
    func readsFilesOfOthersAsLibpcapDoes() throws {
        let captures = Checkout.shared.appending(path: "captures")
        let count = try compareWithLibpcap(captures, beginnings: Self.beginnings, readByUs)
        #expect(count.files >= 3 && count.readByBoth >= 3)
    }

    /// A file of two frames, of 5 and 2 octets, with this header.
    private func file(
        _ order: CaptureContainer.ByteOrder, magic: UInt32 = 0xA1B2_C3D4, version: (UInt16, UInt16) = (2, 4),
        linkType: UInt32 = 251, time: (UInt32, UInt32) = (1_780_272_000, 5), included: UInt32 = 2
    ) -> [UInt8] {
        func number<Number: FixedWidthInteger>(_ value: Number) -> [UInt8] {
            let octets = (0..<Number.bitWidth / 8).map { UInt8(truncatingIfNeeded: value >> ($0 * 8)) }
            return order == .little ? octets : octets.reversed()
        }
        func record(_ octets: [UInt8], included: UInt32? = nil) -> [UInt8] {
            number(time.0) + number(time.1) + number(included ?? UInt32(octets.count)) + number(UInt32(9)) + octets
        }
        return number(magic) + number(version.0) + number(version.1) + Array(repeating: 0, count: 8)
            + number(UInt32(65535)) + number(linkType) + record([1, 2, 3, 4, 5]) + record([6, 7], included: included)
    }

    private func readings(_ octets: [UInt8]) throws -> (libpcap: Reading, ours: Reading) {
        let folder = try Checkout.temporaryFolder()
        defer { try? FileManager.default.removeItem(at: folder) }
        let path = folder.appending(path: "x.pcap").path
        try Data(octets).write(to: URL(filePath: path))
        return (readByLibpcap(path), readByUs(path))
    }

    @Test(arguments: [CaptureContainer.ByteOrder.little, .big])
    func agreesWithLibpcapOnTimesAndLinkTypes(order: CaptureContainer.ByteOrder) throws {
        for time in [(0, 0), (1, 999_999_999), (0x7FFF_FFFF, 1), (0x8000_0000, 2), (0xFFFF_FFFF, 999_999)]
            as [(UInt32, UInt32)]
        {
            for magic in [0xA1B2_C3D4, 0xA1B2_3C4D] as [UInt32] {
                let both = try readings(file(order, magic: magic, time: time))
                #expect(both.ours.isComplete && both.ours.frames.count == 2)
                #expect(both.ours.frames == both.libpcap.frames, "\(time), \(magic)")
            }
        }
        for linkType in [1, 147, 187, 189, 192, 201, 220, 249, 251, 254, 256, 272, 283, 300] as [UInt32] {
            let both = try readings(file(order, linkType: linkType))
            #expect(both.ours.frames == both.libpcap.frames && both.ours.frames.count == 2, "\(linkType)")
        }
    }

    @Test func givesTheFramesOfEveryPrefixThatLibpcapGives() throws {
        let whole = file(.little)
        for length in 0...whole.count {
            let both = try readings(Array(whole.prefix(length)))
            #expect(both.ours.frames == both.libpcap.frames, "\(length) octets")
            #expect(both.ours.isComplete == both.libpcap.isComplete, "\(length) octets")
        }
    }

    @Test func leavesToLibpcapWhatOnlyItKnows() throws {
        for version in [(2, 3), (2, 2), (543, 0), (1, 0)] as [(UInt16, UInt16)] {
            #expect(try readings(file(.big, version: version)).ours.frames.isEmpty, "\(version)")
        }
        #expect(try readings(file(.little, magic: 0xA1B2_CD34)).ours.frames.isEmpty)
    }

    @Test func saysWhatToInstallWhereThereIsNoLibpcap() throws {
        #expect(PcapLibrary.load([]) == nil && PcapLibrary.load(["libnone.so.0", "libc.so.6"]) == nil)
        let folder = try Checkout.temporaryFolder()
        defer { try? FileManager.default.removeItem(at: folder) }
        let path = folder.appending(path: "old.pcap")
        try Data(file(.big, version: (2, 3))).write(to: path)
        let source = try ByteSource(path: path.path)
        let error = #expect(throws: CaptureError.self) { _ = try PcapHandle(source, nil) }
        #expect(error?.description.contains("old.pcap: takes libpcap, which this machine lacks; install it") == true)
        // What libpcap could not read either is said of the file.
        for count in 4..<24 {
            try Data(file(.big).prefix(count)).write(to: path)
            let source = try ByteSource(path: path.path)
            let error = #expect(throws: CaptureError.self) { _ = try PcapHandle(source, nil) }
            #expect(error?.description.contains("old.pcap: ends within the file's header") == true)
        }
    }

    @Test(arguments: [3, 1 << 18, 1 << 18 + 1, 1 << 31, .max] as [UInt32])
    func aLengthThatIsNotThereBreaksOff(included: UInt32) throws {
        let both = try readings(file(.little, included: included))
        #expect(!both.ours.isComplete && both.ours.frames == both.libpcap.frames && both.ours.frames.count == 1)
    }
}
