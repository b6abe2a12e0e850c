import ByteParsing

/// A log of Apple's PacketLogger, of which there are two byte orders and no magic number; BTstack writes such files too.
///
///     record  length of what follows 4 · seconds 4 · microseconds 4 · type 1 · octets
///     type    0 command · 1 event · 2 ACL data sent · 3 ACL data received · 8, 9 SCO data · 10 ISO data · others notes
final class PacketLoggerReader: RecordReader {
    private static let header = 13
    /// What a record's length says beyond its octets.
    private static let overhead = 9
    /// Notes and HCI packets are shorter.
    private static let longestRecord = 1 << 17

    private struct Header {
        var length: Int
        var time: CaptureTime
        var type: UInt8

        init(parsing span: Span<UInt8>, _ order: CaptureContainer.ByteOrder) throws(ParseError) {
            var reader = ByteReader(span)
            length = Int(try reader.readUInt32(order))
            let seconds = try reader.readUInt32(order)
            let microseconds = try reader.readUInt32(order)
            time = CaptureTime(seconds: Int64(seconds), nanoseconds: Int64(microseconds) * 1000)
            type = try reader.readUInt8()
            guard microseconds < 1_000_000 else { throw ParseError(.invalidValue(UInt64(microseconds)), at: 8) }
            guard (overhead...longestRecord).contains(length) else { throw ParseError(.invalidLength(length), at: 0) }
        }
    }

    private var input: InputBuffer
    private let byteOrder: CaptureContainer.ByteOrder
    private(set) var number = 0

    init(_ source: ByteSource, _ byteOrder: CaptureContainer.ByteOrder) {
        input = InputBuffer(source)
        self.byteOrder = byteOrder
    }

    /// The byte order of a file that begins so; `nil` if it is no such log. Every record that stands whole in `start` must be one.
    static func byteOrder(of start: [UInt8]) -> CaptureContainer.ByteOrder? {
        for order in [CaptureContainer.ByteOrder.big, .little] where begins(start, order) { return order }
        return nil
    }

    private static func begins(_ start: [UInt8], _ order: CaptureContainer.ByteOrder) -> Bool {
        var place = 0
        while place + header <= start.count {
            let span = start.span.extracting(place..<(place + header))
            guard let record = try? Header(parsing: span, order), isKnown(record.type) else { return false }
            place += header + record.length - overhead
        }
        return place > 0
    }

    private static func isKnown(_ type: UInt8) -> Bool { type <= 0x0E || type >= 0xF0 }

    func readRecord(into octets: inout [UInt8]) throws(CaptureError) -> Record? {
        guard try input.requireHeader(Self.header, frame: number + 1) else { return nil }
        let header = try input.parseHeader(Self.header, frame: number + 1) { octets throws(ParseError) in
            try Header(parsing: octets, byteOrder)
        }
        let count = header.length - Self.overhead
        try input.requireBody(count, behind: Self.header, frame: number + 1)
        number += 1
        switch header.type {
        case 0: octets.beginHCI(isReceived: false, indicator: 1)
        case 1: octets.beginHCI(isReceived: true, indicator: 4)
        case 2, 3: octets.beginHCI(isReceived: header.type == 3, indicator: 2)
        default: octets.makeOther()
        }
        octets.append(input.span(at: Self.header, count: count))
        input.consume(Self.header + count)
        return Record(time: header.time, linkType: .bluetoothHCIH4WithDirection)
    }
}
