import CaptureFiles

/// Writes an Ellisys trace as the analyser's software does, as far as the format is known: pages, streams, descriptors, records.
/// What is not known is filled with zeros.
struct EllisysTraceWriter {
    /// A stream that is written: its octets, and where it is.
    private struct Stream {
        var kind: [UInt8]
        var octets: [UInt8]
    }

    private static let dataKind = hex("e391155069a2764f82f91ddad4e583af")
    private static let indexKind = hex("297c252e45b7224a8beb68b8940ba04b")
    private static let descriptorKind = hex("62e2e77097f63d47bf56dc0cd1cd1893")
    private static let objectKind = hex("4b6789f0061c744fadb373d236287205")
    private static let lowEnergyItem = hex("d834234195814940aca9eabf463fe2bc")
    private static let hciItem = hex("d82108764a7fe54293b39557513c10bc")
    private static let airSource = hex("7aa4af2fc2c7234a92e97c2da3b9f907")
    private static let hciSource = hex("c2fcd33554f65644a65b6b2392e08bc6")
    private static let ticksTo1970: Int64 = 621_355_968_000_000_000

    private let start: CaptureTime
    private var air: [UInt8] = []
    private var hci: [UInt8] = []
    private var airPlaces: [Int] = []
    private var hciPlaces: [Int] = []

    /// `start`: when the trace begins.
    init(start: CaptureTime) {
        self.start = start
    }

    /// A frame of link type 256, or of 201 where `isHCI`.
    mutating func write(_ frame: [UInt8], at time: CaptureTime, isHCI: Bool) {
        let picoseconds = UInt64(max(0, time.nanoseconds - start.nanoseconds)) * 1000
        guard isHCI else {
            airPlaces.append(air.count)
            let rest = Array(frame.dropFirst(14))
            air +=
                [0] + little(UInt64(rest.count), 4) + little(picoseconds, 8) + little(UInt64(rest.count) * 8_000_000, 8)
            // Channel, flags, RSSI twice, access address, 0, frequency offset, PHY, 0.
            let isIntact = frame[9] & 0x08 != 0
            air += [frame[0], isIntact ? 0x04 : 0, 0x64, 0x8E] + frame[10..<14] + [0, 0, 1, 0, 0] + rest
            return
        }
        hciPlaces.append(hci.count)
        let types: [UInt8: UInt8] = [1: 0x01, 2: frame[3] == 0 ? 0x02 : 0x82, 4: 0x04]
        let packet = Array(frame.dropFirst(5))
        hci += [0] + little(UInt64(packet.count), 4) + little(picoseconds, 8) + little(1_000_000, 8)
        hci += [types[frame[4]] ?? 0x04] + packet
    }

    /// The whole file.
    func file() -> [UInt8] {
        let streams = [
            object(), descriptor(0, Self.lowEnergyItem, fixed: 29, Self.airSource), data(0, air), index(0, airPlaces),
            descriptor(1, Self.hciItem, fixed: 17, Self.hciSource), data(1, hci), index(1, hciPlaces),
        ]
        var octets = [UInt8](repeating: 0, count: 0x400)
        var table: [(place: Int, used: Int)] = []
        var numbers = streams.map { _ in [Int]() }
        // Each stream's first page is a small one, and the others come in turns and grow, as they do while a trace grows.
        var rests = streams.map { $0.octets[...] }
        var room = 50
        while rests.contains(where: { !$0.isEmpty }) {
            for place in streams.indices where !rests[place].isEmpty {
                let payload = Array(rests[place].prefix(room))
                rests[place] = rests[place].dropFirst(payload.count)
                table.append((octets.count, payload.count + 28))
                let previous = numbers[place].last.map(UInt64.init) ?? 0xFFFF_FFF0
                octets += little(UInt64(payload.count + 28), 2) + little(UInt64(payload.count + 28), 2)
                octets +=
                    little(UInt64(table.count - 1), 4) + little(previous, 4) + payload
                    + [UInt8](repeating: 0, count: 16)
                numbers[place].append(table.count - 1)
            }
            room = table.count < 64 ? 4000 : 65_507
        }
        octets += [0, 0]
        let directory = octets.count
        octets += [1] + little(UInt64(streams.count), 4) + [16]
        for (stream, pages) in zip(streams, numbers) {
            octets += stream.kind + little(UInt64(pages.count), 4) + [4] + pages.flatMap { little(UInt64($0), 4) }
        }
        let pageTable = octets.count
        octets += [1] + little(UInt64(table.count), 4) + [10]
        for page in table { octets += little(UInt64(page.place), 8) + little(UInt64(page.used), 2) }
        octets += little(0, 4) + [4]
        let header = header(pageTable: pageTable, directory: directory)
        octets.replaceSubrange(0..<512, with: header)
        octets.replaceSubrange(512..<1024, with: header)
        return octets
    }

    private func header(pageTable: Int, directory: Int) -> [UInt8] {
        var header = Array("Ellisys Trace File".utf8)
        header += [UInt8](repeating: 0, count: 0x80 - header.count)
        header += Self.hex("f0c9f564630849409cb9fa716d26e0aa") + little(0x0180, 2) + little(0x00AD, 2) + [12]
        header += little(0x400, 8) + little(UInt64(pageTable), 8) + little(UInt64(directory), 8)
        return header + [UInt8](repeating: 0, count: 512 - header.count)
    }

    // MARK: Streams

    private func stream(_ kind: [UInt8], head: [UInt8], body: [UInt8]) -> Stream {
        let length = 28 + head.count + body.count
        let first = little(26, 2) + kind + little(UInt64(length), 8) + little(UInt64(head.count), 2)
        return Stream(kind: kind, octets: first + head + body)
    }

    /// When the trace began.
    private func object() -> Stream {
        let head =
            Self.hex("a4ad8a968e436a4a8a5c9bc0e8f26347") + little(0, 4) + Self.hex("a8375435fcfc35478ffcd0e33e149040")
            + little(0, 2)
        let ticks = UInt64(start.nanoseconds / 100 + Self.ticksTo1970)
        let body = [0, 1, 0, 0, 0, 1, 0, 0] + [UInt8](repeating: 7, count: 16) + little(ticks, 8) + little(5, 4)
        return stream(Self.objectKind, head: head, body: body)
    }

    private func descriptor(_ number: UInt64, _ item: [UInt8], fixed: UInt64, _ source: [UInt8]) -> Stream {
        let items = item + [2, 1, 2, 0, 0, 0] + little(fixed, 2) + [0, 1, 0, 0, 0, 4]
        let head =
            Self.hex("6df98aef6942ab41a06de7e979a1c4fe") + [1, 0] + Self.hex("ae676c0bdcab8e4c8abb842c0da8d493")
            + little(number, 4) + [1, 5] + little(1, 4) + [0x11] + items + [0x27, 0]
        let body = Self.hex("84f0880d53200f4488d3fa7ab0eb8ff7") + [0, 0] + source + [0, 0, 0, 0, 0]
        return stream(Self.descriptorKind, head: head, body: body)
    }

    private func data(_ number: UInt64, _ records: [UInt8]) -> Stream {
        let head = Self.hex("169a3b8a590ac3418c2f2a584ccadf1f") + [0, 0] + little(number, 4)
        return stream(Self.dataKind, head: head, body: records)
    }

    private func index(_ number: UInt64, _ places: [Int]) -> Stream {
        let head = Self.hex("169a3b8a590ac3418c2f2a584ccadf1f") + [0, 0] + little(number, 4)
        let body = little(UInt64(places.count), 4) + [8] + places.flatMap { little(UInt64($0), 8) }
        return stream(Self.indexKind, head: head, body: body)
    }

    private static func hex(_ digits: String) -> [UInt8] {
        let digits = Array(digits.utf8)
        return stride(from: 0, to: digits.count, by: 2).map { index in
            UInt8(String(decoding: digits[index...index + 1], as: UTF8.self), radix: 16) ?? 0
        }
    }
}

extension SimulatedCapture {
    /// The octets of an Ellisys trace, of frames of link type 256 or 201.
    public func writeEllisysTrace(_ framing: LinkFraming) -> [UInt8] {
        var framing = framing
        var writer = EllisysTraceWriter(start: frames.first?.time ?? CaptureTime(nanoseconds: 0))
        for frame in frames {
            for wrapped in framing.wrap(frame) { writer.write(wrapped.octets, at: frame.time, isHCI: framing.isHCI) }
        }
        return writer.file()
    }
}
