import ByteParsing

/// A dump of the old `hcidump -w`, which has no magic number; all numbers little-endian.
///
///     record  length of the packet 2 · received 1 · padding 1 · seconds 4 · microseconds 4 · H4 packet
///
/// The padding holds whatever was in memory.
final class HcidumpReader: RecordReader {
    private static let header = 12

    private struct Header {
        var length: Int
        var isReceived: Bool
        var time: CaptureTime

        init(parsing span: Span<UInt8>) throws(ParseError) {
            var reader = ByteReader(span)
            length = Int(try reader.readUInt16LittleEndian())
            let direction = try reader.readUInt8()
            try reader.skip(1)
            let seconds = try reader.readUInt32LittleEndian()
            let microseconds = try reader.readUInt32LittleEndian()
            time = CaptureTime(seconds: Int64(seconds), nanoseconds: Int64(microseconds) * 1000)
            isReceived = direction == 1
            guard direction <= 1 else { throw ParseError(.invalidValue(UInt64(direction)), at: 2) }
            guard microseconds < 1_000_000 else { throw ParseError(.invalidValue(UInt64(microseconds)), at: 8) }
        }
    }

    private var input: InputBuffer
    private(set) var number = 0

    init(_ source: ByteSource) {
        input = InputBuffer(source)
    }

    /// Whether a file begins so: every record that stands whole in `start`, and there is one, holds an HCI packet of the direction
    /// that it says, as long as its own header says.
    static func isBeginning(_ start: [UInt8]) -> Bool {
        var place = 0
        while place + header <= start.count {
            let span = start.span.extracting(place..<(place + header))
            guard let record = try? Header(parsing: span) else { return false }
            let packet = place + header
            guard packet + record.length <= start.count else { break }
            guard isPacket(start.span.extracting(packet..<(packet + record.length)), record.isReceived) else {
                return false
            }
            place = packet + record.length
        }
        return place > 0
    }

    private static func isPacket(_ octets: Span<UInt8>, _ isReceived: Bool) -> Bool {
        var reader = ByteReader(octets)
        do {
            let length: Int
            switch try reader.readUInt8() {
            case 1 where !isReceived:
                try reader.skip(2)
                length = Int(try reader.readUInt8())
            case 2:
                try reader.skip(2)
                length = Int(try reader.readUInt16LittleEndian())
            case 3:
                try reader.skip(2)
                length = Int(try reader.readUInt8())
            case 4 where isReceived:
                try reader.skip(1)
                length = Int(try reader.readUInt8())
            default: return false
            }
            return reader.remaining == length
        } catch {
            return false
        }
    }

    func readRecord(into octets: inout [UInt8]) throws(CaptureError) -> Record? {
        guard try input.requireHeader(Self.header, frame: number + 1) else { return nil }
        let header = try input.parseHeader(Self.header, frame: number + 1, Header.init(parsing:))
        try input.requireBody(header.length, behind: Self.header, frame: number + 1)
        number += 1
        octets.removeAll(keepingCapacity: true)
        octets.append(contentsOf: [0, 0, 0, header.isReceived ? 1 : 0])
        octets.append(input.span(at: Self.header, count: header.length))
        input.consume(Self.header + header.length)
        return Record(time: header.time, linkType: .bluetoothHCIH4WithDirection)
    }
}
