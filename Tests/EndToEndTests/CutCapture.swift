import CaptureFiles
import Foundation
import TestSupport

/// A fixture that can be cut between its records, whatever its container is.
///
/// pcap and btsnoop are cut as they lie on disk, so that header and records keep every octet. The frames of a compressed
/// file and of all other containers are written anew, under the same link types, since their octets cannot be cut between
/// frames.
struct CutCapture {
    let fixture: String
    /// The file as it lies on disk, compressed or not.
    let octets: [UInt8]
    /// What stands before the first record.
    let header: [UInt8]
    /// A frame each.
    let records: [[UInt8]]
    let times: [CaptureTime]

    private struct Frame {
        var octets: [UInt8]
        var originalLength: Int
        var time: CaptureTime
        var linkType: LinkType
        var flags: UInt32
    }

    init(_ fixture: String) throws {
        let path = Checkout.captures.appending(path: fixture).path
        var file = try CaptureFile(path: path)
        var frames: [Frame] = []
        while let frame = try file.nextFrame() {
            frames.append(
                Frame(
                    octets: frame.bytes.indices.map { frame.bytes[$0] }, originalLength: frame.originalLength,
                    time: frame.time, linkType: frame.linkType, flags: frame.flags))
        }
        self.fixture = fixture
        octets = [UInt8](try Data(contentsOf: URL(filePath: path)))
        times = frames.map(\.time)
        if fixture.hasSuffix(".gz") || ![.pcap, .btsnoop].contains(file.format) {
            (header, records) = Self.written(frames, file.format, digits: file.timeDigits)
        } else {
            (header, records) = Self.cut(octets, frames, file.format)
        }
    }

    /// Each frame stands behind the header of its record.
    private static func cut(
        _ octets: [UInt8], _ frames: [Frame], _ format: CaptureFormat
    ) -> (header: [UInt8], records: [[UInt8]]) {
        let recordHeader = format == .btsnoop ? 24 : 16
        let lengths = frames.map { $0.octets.count + recordHeader }
        var place = octets.count - lengths.reduce(0, +)
        let header = Array(octets[..<place])
        let records = lengths.map { length in
            defer { place += length }
            return Array(octets[place..<place + length])
        }
        return (header, records)
    }

    private static func written(
        _ frames: [Frame], _ format: CaptureFormat, digits: Int
    ) -> (header: [UInt8], records: [[UInt8]]) {
        let resolution: CaptureContainer.Resolution =
            frames.contains { $0.time.nanoseconds % 1000 != 0 } || digits == 9 ? .nanoseconds : .microseconds
        let container: CaptureContainer =
            switch format {
            case .pcap: .pcap(.little, resolution)
            case .pcapng, .packetLogger, .ellisysTrace, .ellisysText, .hcidump, .btmonText:
                .pcapng(.little, resolution)
            case .btsnoop: .btsnoop
            }
        var types: [LinkType] = []
        for frame in frames where !types.contains(frame.linkType) { types.append(frame.linkType) }
        var writer = CaptureWriter(container, linkTypes: types)
        let header = writer.removeOctets()
        let records = frames.map { frame in
            writer.write(
                frame.octets, at: frame.time, interface: types.firstIndex(of: frame.linkType) ?? 0, flags: frame.flags,
                originalLength: frame.originalLength)
            return writer.removeOctets()
        }
        return (header, records)
    }

    /// The capture with these records and no others.
    func octets(of records: some Sequence<[UInt8]>) -> [UInt8] { records.reduce(into: header) { $0 += $1 } }

    func prefix(_ count: Int) -> [UInt8] { octets(of: records.prefix(count)) }

    /// Without the first `count` frames.
    func suffix(from count: Int) -> [UInt8] { octets(of: records.dropFirst(count)) }
}

/// What can happen to a file, drawn from a seed.
enum Damage: CaseIterable {
    case changed, deleted, zeroed, duplicated, swappedFrames, repeatedFrames

    /// The capture with this damage; another one for each seed.
    func done(to capture: CutCapture, seed: UInt64) -> [UInt8] {
        var random = SeededNumbers(seed: seed)
        var octets = capture.octets
        switch self {
        case .changed:
            for _ in 0...random.below(40) { octets[random.below(octets.count)] = UInt8(random.below(256)) }
        case .deleted: octets.removeSubrange(Self.range(in: octets, &random))
        case .zeroed:
            let range = Self.range(in: octets, &random)
            octets.replaceSubrange(range, with: Array(repeating: 0, count: range.count))
        case .duplicated:
            let range = Self.range(in: octets, &random)
            octets.insert(contentsOf: octets[range], at: range.upperBound)
        case .swappedFrames:
            var records = capture.records
            for _ in 0...random.below(20) { records.swapAt(random.below(records.count), random.below(records.count)) }
            return capture.octets(of: records)
        case .repeatedFrames:
            var records = capture.records
            for _ in 0...random.below(20) {
                records.insert(records[random.below(records.count)], at: random.below(records.count))
            }
            return capture.octets(of: records)
        }
        return octets
    }

    /// Often in the header, where a damage changes what all the rest means.
    private static func range(in octets: [UInt8], _ random: inout SeededNumbers) -> Range<Int> {
        let start = random.below(random.below(4) == 0 ? 64 : octets.count)
        return start..<min(start + 1 + random.below(64), octets.count)
    }
}
