import Foundation
import TestSupport
import Testing

@testable import CaptureFiles

extension Compression {
    /// As the format's own tool compresses.
    func compress(_ octets: [UInt8], _ options: String = "") throws -> [UInt8] {
        try Program.filter(octets, through: "\(rawValue) -c \(options)")
    }
}

/// Random octets, which no tool makes smaller: several blocks of each compression.
private let frames: [[UInt8]] = {
    var random = SeededNumbers(seed: 7)
    return (0..<400).map { _ in (0..<1000).map { _ in UInt8(random.below(256)) } }
}()

private func capture(_ container: CaptureContainer, _ frames: [[UInt8]]) -> [UInt8] {
    var writer = CaptureWriter(container, linkTypes: [.bluetoothHCIH4])
    for frame in frames { writer.write(frame, at: CaptureTime(seconds: 1_780_272_000)) }
    return writer.removeOctets()
}

/// Every compression, as its own tool writes it.
@Suite struct CompressionTests {
    private static let containers: [CaptureContainer] = [
        .pcap(.little, .microseconds), .pcapng(.little, .microseconds), .btsnoop,
    ]

    private static let all = Compression.allCases.flatMap { compression in containers.map { (compression, $0) } }

    @Test(arguments: all) func framesAreThoseOfThePlainFile(compression: Compression, container: CaptureContainer)
        throws
    {
        let plain = capture(container, frames)
        let result = try readBack(try compression.compress(plain))
        #expect(try result == readBack(plain) && result.frames == frames && result.failure == nil)
    }

    @Test(arguments: all) func streamsOneBehindAnotherAreReadOn(
        compression: Compression, container: CaptureContainer
    ) throws {
        let octets = capture(container, frames)
        let pieces = try [0..<5, 5..<5, 5..<200_000, 200_000..<octets.count].map {
            try compression.compress(Array(octets[$0]))
        }
        #expect(try readBack(Array(pieces.joined())) == readBack(octets))
        let padded = try readBack(Array(pieces.joined()) + Array(repeating: 0, count: 200_000))
        #expect(padded.frames.count == frames.count && padded.failure == nil)
    }

    @Test(arguments: all) func whatFollowsTheLastStreamIsSaid(
        compression: Compression, container: CaptureContainer
    ) throws {
        let octets = try compression.compress(capture(container, frames))
        let result = try readBack(octets + [0, 0, 1, 2, 3])
        #expect(result.frames == frames)
        #expect(result.failure?.explanation.contains("other octets follow") == true)
        #expect(result.failure?.explanation.contains("(compressed with \(compression.rawValue))") == true)
    }

    @Test(arguments: all) func aCutGivesTheFramesBeforeItAndSaysSo(
        compression: Compression, container: CaptureContainer
    ) throws {
        let octets = try compression.compress(capture(container, frames))
        for cut in Array(0..<64) + Array(stride(from: 64, to: octets.count, by: 24_989)) + [octets.count - 1] {
            do {
                let result = try readBack(Array(octets.prefix(cut)))
                #expect(result.frames == Array(frames.prefix(result.frames.count)), "\(cut)")
                let failure = try #require(result.failure?.explanation)
                #expect(failure.contains("unexpected end of file (compressed with \(compression.rawValue))"), "\(cut)")
                // What a decompressor gives out is whole blocks of at most 128 KiB.
                #expect(result.frames.count >= (cut - 140_000) / 1100, "\(cut)")
            } catch let error as CaptureError {
                #expect(cut < 140_000 && !error.explanation.isEmpty, "\(cut)")
            }
        }
    }

    /// Any octets behind the magic number: an error, or fewer frames.
    @Test(arguments: Compression.allCases) func damageIsAnErrorOrChangesNothing(compression: Compression) throws {
        let few = Array(frames.prefix(9))
        let octets = try compression.compress(capture(.btsnoop, few))
        for seed in UInt64(1)...300 {
            var random = SeededNumbers(seed: seed)
            var damaged = octets
            for _ in 0..<3 { damaged[random.below(damaged.count)] = UInt8(random.below(256)) }
            guard let result = try? readBack(damaged) else { continue }
            #expect(result.frames.count <= few.count, "seed \(seed)")
            // A checksum of the whole, at its end, where the tool writes one.
            if result.failure == nil {
                #expect(result.frames == few || damaged[..<10] != octets[..<10], "seed \(seed)")
            }
        }
    }

    @Test(arguments: all) func progressIsThatOfTheFileOnDisk(
        compression: Compression, container: CaptureContainer
    ) throws {
        let folder = try Checkout.temporaryFolder()
        defer { try? FileManager.default.removeItem(at: folder) }
        let path = folder.appending(path: "x").path
        // Zeros are little on disk: octets of the disk and of the frames differ.
        let octets = try compression.compress(
            capture(container, frames + Array(repeating: Array(repeating: 0, count: 1000), count: 2000)))
        try Data(octets).write(to: URL(filePath: path))
        var file = try CaptureFile(path: path)
        var before: Int64 = 0
        while try file.nextFrame() != nil {
            let reached = file.progress
            let progress = try #require(reached)
            #expect(progress.size == octets.count && progress.read <= progress.size && progress.read >= before)
            before = progress.read
        }
        #expect(before == octets.count)
    }

    @Test func aCompressedFileInACompressedOneGetsAMessage() throws {
        let plain = capture(.btsnoop, [[1]])
        for outer in Compression.allCases {
            for inner in Compression.allCases {
                let octets = try outer.compress(try inner.compress(plain))
                let error = #expect(throws: CaptureError.self) { try readBack(octets) }
                let expected =
                    "is \(inner.rawValue), compressed with \(outer.rawValue), and no capture: it is compressed twice"
                #expect(error?.explanation.hasPrefix(expected) == true)
                #expect(error?.explanation.contains("'\(outer.command) FILE | meshscope") == true)
            }
        }
    }

    // MARK: What a file may ask for

    /// A frame of nothing that asks for a window of 2 to this power.
    private func zstandard(window: UInt8) -> [UInt8] { [0x28, 0xB5, 0x2F, 0xFD, 0x00, (window - 10) << 3, 1, 0, 0] }

    @Test func aWindowOfZstdIsBounded() throws {
        let refused = #expect(throws: CaptureError.self) { try readBack(zstandard(window: 28)) }
        #expect(refused?.explanation.contains("it needs more than 128 MiB of memory") == true)
        #expect(refused?.explanation.contains("zstd -dc --long=31 FILE") == true)
        let empty = #expect(throws: CaptureError.self) { try readBack(zstandard(window: 27)) }
        #expect(empty?.explanation.hasPrefix("is empty") == true)
        // The largest that the tool takes without being told to.
        #expect(
            try readBack(try Compression.zstandard.compress(capture(.btsnoop, frames), "-q --ultra -22")).failure == nil
        )
    }

    @Test func theDictionaryOfXZIsBounded() throws {
        let plain = capture(.btsnoop, frames)
        let octets = try Compression.xz.compress(plain, "-0")
        // The block's header stands behind the stream's: size, flags, and LZMA2 with the size of its dictionary.
        #expect(Array(octets[12..<16]) == [2, 0, 0x21, 1])
        func asking(_ size: UInt8) -> [UInt8] {
            var header = Array(octets[12..<20])
            header[4] = size
            return Array(octets[..<12]) + header + littleEndian(checksum(header)) + octets[24...]
        }
        #expect(try readBack(asking(octets[16])) == readBack(plain), "the header is put together as xz does")
        // 64 MiB, which `xz -9` asks for, and 1 GiB.
        #expect(try readBack(asking(28)) == readBack(plain))
        let refused = #expect(throws: CaptureError.self) { try readBack(asking(36)) }
        #expect(refused?.explanation.contains("it needs 1024 MiB of memory to be read, and may have 128 here") == true)
    }

    private func littleEndian(_ number: UInt32) -> [UInt8] {
        (0..<4).map { UInt8(truncatingIfNeeded: number >> UInt32(8 * $0)) }
    }

    /// CRC-32 of IEEE 802.3.
    private func checksum(_ octets: [UInt8]) -> UInt32 {
        ~octets.reduce(UInt32.max) { sum, octet in
            (0..<8).reduce(sum ^ UInt32(octet)) { rest, _ in rest >> 1 ^ (rest & 1 == 0 ? 0 : 0xEDB8_8320) }
        }
    }

    @Test func keyFilesAreReadCompressed() throws {
        let keys = Array("{\"networks\": []}".utf8)
        let folder = try Checkout.temporaryFolder()
        defer { try? FileManager.default.removeItem(at: folder) }
        for compression in Compression.allCases {
            let path = folder.appending(path: compression.rawValue).path
            try Data(try compression.compress(keys)).write(to: URL(filePath: path))
            #expect(try WholeFile.readKeys(path: path, limit: 100) == keys)
            #expect(throws: CaptureError.self) { try WholeFile.readKeys(path: path, limit: 10) }
        }
    }
}
