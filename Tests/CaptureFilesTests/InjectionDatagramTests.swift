import ByteParsing
import TestSupport
import Testing

@testable import CaptureFiles

/// What is sent live to Ellisys' software.
@Suite struct InjectionDatagramTests {
    /// HCI Reset at 2026-06-01 01:02:03.000000456, as BlueZ sends it.
    static let reset = octets(
        "020001" + "02" + "ea07" + "06" + "01" + "c8af17d46203" + "80001b374b" + "8101" + "82" + "030c00")

    private func parse(_ octets: [UInt8]) throws(ParseError) -> InjectionDatagram {
        var reader = ByteReader(octets.span)
        return try InjectionDatagram(parsing: &reader)
    }

    @Test func aCommandIsReadWithItsTime() throws {
        let datagram = try parse(Self.reset)
        #expect(datagram.time.text(digits: 9) == "2026-06-01T01:02:03.000000456Z")
        #expect(!datagram.isReceived && datagram.indicator == 1 && datagram.packet == [3, 0x0C, 0])
        #expect(datagram.frame == [0, 0, 0, 0, 1, 3, 0x0C, 0])
    }

    @Test(arguments: [
        (UInt8(0x01), false, UInt8(1)), (0x02, false, 2), (0x82, true, 2), (0x03, false, 3), (0x83, true, 3),
        (0x84, true, 4),
    ])
    func everyTypeSaysDirectionAndIndicator(_ type: UInt8, _ isReceived: Bool, _ indicator: UInt8) throws {
        var octets = Self.reset
        octets[20] = type
        let datagram = try parse(octets)
        #expect(datagram.isReceived == isReceived && datagram.indicator == indicator)
    }

    @Test func objectsStandInAnyOrderAndTheBitRateMayLack() throws {
        let (head, time, type) = (Self.reset[..<3], Self.reset[3..<14], Self.reset[19..<21])
        let datagram = try parse(Array(head + type + time + Self.reset[21...]))
        #expect(datagram == (try parse(Self.reset)))
    }

    /// What is cut before the packet begins is an error; the packet itself ends where the datagram does.
    @Test func everyPrefix() throws {
        for count in 0..<Self.reset.count {
            let prefix = Array(Self.reset.prefix(count))
            if count < 22 {
                let error = #expect(throws: ParseError.self) { _ = try parse(prefix) }
                #expect((0...count).contains(error?.offset ?? -1))
            } else {
                #expect(try parse(prefix).packet == Array(Self.reset[22..<count]))
            }
        }
    }

    /// Service, version, month, day, nanoseconds, an object and a type that are not known.
    @Test(arguments: [
        (0, UInt8(1), 0), (2, 2, 2), (6, 13, 4), (7, 31, 4), (13, 0xFF, 8), (14, 0x83, 14), (20, 0x04, 20),
        (3, 0x01, 3),
        (19, 0x82, 19),
    ])
    func whatIsNotKnownIsAnError(_ place: Int, _ value: UInt8, _ offset: Int) throws {
        var octets = Self.reset
        octets[place] = value
        let error = #expect(throws: ParseError.self) { _ = try parse(octets) }
        #expect(error?.offset == offset)
    }
}
