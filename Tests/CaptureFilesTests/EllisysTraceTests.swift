import BluetoothFrames
import CaptureFiles
import Foundation
import MeshSimulation
import TestSupport
import Testing

/// What two traces of a real analyser hold, by counts that were made without this reader.
@Suite struct EllisysTraceTests {
    struct Expected: Sendable {
        var name: String
        var records: Int
        /// Of PDUs behind the advertising access address: with a right CRC, and all.
        var good: Int
        var all: Int
        /// Of which the analyser says that the CRC is right.
        var said: Int
        /// Right ones by PDU type, and by channel 37, 38, 39 and the others; all records by channel.
        var types: [UInt8: Int]
        var channels: [Int]
        var allChannels: [Int]
        var first: Int64
        var last: Int64
    }

    static let traces = [
        Expected(
            name: "advertisement", records: 252, good: 247, all: 250, said: 247, types: [0: 111, 2: 94, 3: 35, 4: 7],
            channels: [73, 86, 88, 0], allChannels: [75, 87, 89, 1], first: 1_520_959_351_111_380_000 + 9_513_500,
            last: 1_520_959_351_111_380_000 + 4_880_831_250),
        Expected(
            name: "extended-advertisements", records: 1729, good: 542, all: 543, said: 541,
            types: [0: 53, 5: 1, 7: 365 + 122, 8: 1], channels: [148, 148, 122, 124],
            allChannels: [149, 148, 122, 1310], first: 1_472_734_874_117_234_000 + 1_974_937_500,
            last: 1_472_734_874_117_234_000 + 102_238_956_750),
    ]

    /// What was lost of a trace is known whichever way the file ends.
    @Test func lossesOutliveABrokenEnd() throws {
        let path = Checkout.captures.appending(path: "sniffer.btt").path
        var octets = Array(try Data(contentsOf: URL(filePath: path)))
        // The lengths of records, somewhere.
        for place in stride(from: octets.count / 2, to: octets.count / 2 + 200, by: 4) { octets[place] = 0xFF }
        var packed = try Compression.gzip.compress(octets)
        let whole = try losses(packed)
        #expect(whole.losses.damages > 0 && whole.failure == nil)
        // The checksum of all, behind which the length stands.
        packed[packed.count - 5] ^= 0xFF
        let broken = try losses(packed)
        #expect(broken.losses == whole.losses && broken.failure != nil)
    }

    private func losses(_ octets: [UInt8]) throws -> (losses: CaptureLosses, failure: CaptureError?) {
        let folder = try Checkout.temporaryFolder()
        defer { try? FileManager.default.removeItem(at: folder) }
        let path = folder.appending(path: "x").path
        try Data(octets).write(to: URL(filePath: path))
        var file = try CaptureFile(path: path)
        do throws(CaptureError) {
            while try file.nextFrames(atMost: 7) != nil {}
            return (file.losses, nil)
        } catch {
            return (file.losses, error)
        }
    }

    @Test(.enabled(if: Checkout.hasShared, "../shared is not beside the checkout"), arguments: traces)
    func countsAreThoseOfTheTrace(_ expected: Expected) throws {
        let path = Checkout.shared.appending(path: "captures/ellisys/\(expected.name).btt").path
        let trace = try readBack(path: path)
        #expect(trace.failure == nil && trace.frames.count == expected.records)
        #expect(Set(trace.linkTypes) == [.bluetoothLELinkLayerWithHeader])
        // Times of a trace are given to a microsecond.
        #expect(abs((trace.times.first ?? 0) - expected.first) < 1000)
        #expect(abs((trace.times.last ?? 0) - expected.last) < 1000)
        #expect(trace.times == trace.times.sorted())
        let advertising = trace.frames.filter { Array($0[10..<14]) == [0xD6, 0xBE, 0x89, 0x8E] }
        let good = advertising.filter { $0.count >= 19 && $0.count == 19 + Int($0[15]) && Self.isRight($0) }
        #expect(advertising.count == expected.all && good.count == expected.good)
        #expect(Dictionary(grouping: good) { $0[14] & 0x0F }.mapValues(\.count) == expected.types)
        #expect(Self.channels(good) == expected.channels)
        #expect(Self.channels(trace.frames) == expected.allChannels)
        // The analyser itself says so of all of these but one, and of no other.
        let said = trace.frames.filter(Self.isSaidToBeRight)
        let isSure = Set(said).isSubset(of: good)
        #expect(said.count == expected.said && isSure)
    }

    /// The analyser's word on the CRC of an advertisement is what the CRC says.
    @Test func whatIsSaidOfTheCRCIsPassedOn() throws {
        let frames = try readBack(Self.simulated).frames
        let said = frames.filter(Self.isSaidToBeRight)
        let isSame = said == frames.filter(Self.isRight)
        #expect(isSame && !said.isEmpty && said.count < frames.count)
    }

    private static func isRight(_ frame: [UInt8]) -> Bool {
        let crc = frame.suffix(3).reversed().reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
        return CRC24.compute(Array(frame[14...].dropLast(3))) == crc
    }

    /// "CRC checked" and "CRC valid" in the flags of link type 256.
    private static func isSaidToBeRight(_ frame: [UInt8]) -> Bool { frame[9] & 0x0C == 0x0C }

    private static func channels(_ frames: [[UInt8]]) -> [Int] {
        let known = [UInt8(0), 12, 39]
        return known.map { channel in frames.count { $0[0] == channel } } + [frames.count { !known.contains($0[0]) }]
    }

    // MARK: Damage

    private static let simulated: [UInt8] = {
        let capture = SimulatedCapture(.lossy, seed: 3)
        return capture.writeEllisysTrace(LinkFraming(.bluetoothLELinkLayerWithHeader))
    }()

    @Test func everyPrefixGivesTheFramesBeforeIt() throws {
        let whole = try readBack(Self.simulated)
        #expect(whole.failure == nil && whole.frames.count > 100)
        for count in stride(from: 0, to: Self.simulated.count, by: 173) {
            guard let part = try? readBack(Array(Self.simulated.prefix(count))) else { continue }
            let isSame = part.frames == Array(whole.frames.prefix(part.frames.count))
            // A trace that is cut ends within a record, or within a page.
            #expect(isSame || part.frames.dropLast() == whole.frames.prefix(part.frames.count - 1), "\(count)")
            #expect(part.failure == nil)
        }
    }

    /// What is damaged is lost, and what stands behind it is not; nothing is invented.
    @Test(arguments: 1...40) func damageLosesLittle(_ seed: UInt64) throws {
        var random = SeededNumbers(seed: seed)
        let whole = try readBack(Self.simulated)
        let valid = Set(whole.frames.map { Array($0.dropFirst(10)) })
        var octets = Self.simulated
        // Behind the header and the first pages, so that stream GUIDs and descriptors are left.
        let place = 4000 + random.below(octets.count - 9000)
        switch seed % 3 {
        case 0: for _ in 0..<20 { octets[place + random.below(500)] = UInt8(random.below(256)) }
        case 1: for index in place..<(place + 500) { octets[index] = 0 }
        default: octets.removeSubrange(place..<(place + 1 + random.below(300)))
        }
        let part = try readBack(octets)
        let good = part.frames.filter { $0.count >= 19 && Self.isRight($0) }
        #expect(part.failure == nil && good.allSatisfy { valid.contains(Array($0.dropFirst(10))) })
        #expect(good.count > whole.frames.count / 3, "\(part.frames.count) of \(whole.frames.count)")
    }

    @Test func aPipeAndACompressedTraceGiveTheSame() throws {
        let whole = try readBack(Self.simulated)
        #expect(try readBack(Gzip.compress(Self.simulated)) == whole)
    }

    /// Whatever stands in it, a trace is read to its end or refused, and no page makes it slow.
    @Test(arguments: 1...60) func noiseIsNoTrap(_ seed: UInt64) throws {
        var random = SeededNumbers(seed: seed)
        var octets = Self.simulated
        for _ in 0..<(1 << random.below(12)) { octets[18 + random.below(octets.count - 18)] = UInt8(random.below(256)) }
        if seed % 4 == 0 {
            for place in stride(from: 0x400, to: octets.count - 4, by: 28) {
                octets.replaceSubrange(place..<(place + 4), with: [28, 0, 28, 0])
            }
        }
        let part = try? readBack(octets)
        #expect(part.map { $0.frames.count < 10_000 } ?? true)
    }
}
