public import ByteParsing

/// An HCI packet as it is sent live to Ellisys' software, one in a UDP datagram to port 24352: by BlueZ's `btmon -E` and others.
/// All numbers are little-endian.
///
///     datagram  service 2 (2 HCI) · version 1 (1) · objects
///     object    02 time: year 2 · month 1 · day 1 · nanoseconds since midnight 6
///               80 bit rate 4
///               81 type 1: 01 command · 02, 82 ACL data · 03, 83 SCO data · 84 event; the highest bit says: to the host
///               82 HCI packet, without a packet indicator, to the end of the datagram
///
/// An object does not say how long it is, so that one of another kind ends what can be read.
public struct InjectionDatagram: Hashable, Sendable {
    /// The sender's local time, whose zone nobody says: it is taken as if it were UTC.
    public let time: CaptureTime
    /// Whether the controller sent it to the host.
    public let isReceived: Bool
    /// The H4 packet indicator: 1 command, 2 ACL data, 3 SCO data, 4 event.
    public let indicator: UInt8
    /// The HCI packet without its indicator.
    public let packet: [UInt8]

    /// Reads a whole datagram.
    ///
    /// - Throws: `ParseError` where it is of another service or version, holds an object that is not known, or lacks one.
    public init(parsing reader: inout ByteReader) throws(ParseError) {
        try Self.require(2, try reader.readUInt16LittleEndian(), at: reader.offset - 2)
        try Self.require(1, UInt16(try reader.readUInt8()), at: reader.offset - 1)
        var time: CaptureTime?
        var type: (isReceived: Bool, indicator: UInt8)?
        while true {
            let start = reader.offset
            switch try reader.readUInt8() {
            case 0x02: time = try Self.time(&reader)
            case 0x80: try reader.skip(4)
            case 0x81: type = try Self.type(&reader)
            case 0x82:
                guard let time, let type else { throw ParseError(.invalidValue(0x82), at: start) }
                self.time = time
                (isReceived, indicator) = type
                packet = try reader.readOctets(reader.remaining)
                return
            case let object: throw ParseError(.invalidValue(UInt64(object)), at: start)
            }
        }
    }

    /// The packet as a frame of link type 201: direction and packet indicator before it.
    public var frame: [UInt8] { [0, 0, 0, isReceived ? 1 : 0, indicator] + packet }

    private static func require(_ expected: UInt16, _ value: UInt16, at offset: Int) throws(ParseError) {
        guard value == expected else { throw ParseError(.invalidValue(UInt64(value)), at: offset) }
    }

    private static func time(_ reader: inout ByteReader) throws(ParseError) -> CaptureTime {
        let start = reader.offset
        let year = try reader.readUInt16LittleEndian()
        let month = try reader.readUInt8()
        let day = try reader.readUInt8()
        let nanoseconds = try reader.readLittleEndian(6)
        guard let midnight = CaptureTime(year: Int(year), month: Int(month), day: Int(day)) else {
            throw ParseError(.invalidValue(UInt64(year)), at: start)
        }
        // A day of 25 hours, where clocks were put back.
        guard nanoseconds < 25 * 3600 * 1_000_000_000 else {
            throw ParseError(.invalidValue(nanoseconds), at: start + 4)
        }
        return midnight.advanced(by: .nanoseconds(Int64(nanoseconds)))
    }

    private static func type(_ reader: inout ByteReader) throws(ParseError) -> (isReceived: Bool, indicator: UInt8) {
        let value = try reader.readUInt8()
        switch value {
        case 0x01, 0x02, 0x03: return (false, value)
        case 0x82, 0x83, 0x84: return (true, value & 0x7F)
        default: throw ParseError(.invalidValue(UInt64(value)), at: reader.offset - 1)
        }
    }
}
