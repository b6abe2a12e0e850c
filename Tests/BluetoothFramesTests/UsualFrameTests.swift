import ByteParsing
import TestSupport
import Testing

@testable import BluetoothFrames

/// The usual frame has a way of its own, which must find what the long way finds: there the same PDU goes when an nRF Sniffer says
/// of it that its CRC is right.
@Suite struct UsualFrameTests {
    private func peel(_ header: [UInt8], _ rest: [UInt8], _ encapsulation: Encapsulation) -> (Collected, Bool) {
        var (peeler, collected) = (FramePeeler(), Collected())
        let frame = FrameStamp(capture: 0, number: 1, nanoseconds: 5)
        let octets = header + rest
        do {
            _ = try peeler.peel(
                octets.span, of: frame, as: encapsulation, flags: 0, isCut: false, into: &collected.batch)
            return (collected, false)
        } catch { return (collected, true) }
    }

    private func usual(_ rest: [UInt8], flags: [UInt8] = [0x11, 0x0C]) -> (Collected, Bool) {
        peel([0, 0xC4, 0x80, 0, 0xD6, 0xBE, 0x89, 0x8E] + flags, rest, .linkLayerWithHeader)
    }

    private func long(_ rest: [UInt8]) -> (Collected, Bool) {
        peel([4, UInt8(10 + rest.count), 0, 3, 0, 0, 2, 10, 1, 37, 60, 0, 0, 0, 0, 0, 0], rest, .nordicSniffer)
    }

    /// Each PDU type, lengths that are right and wrong, one structure, several, and octets that are none.
    @Test func bothWaysFindTheSame() {
        var (peeled, failed) = (0, 0)
        for type in UInt8(0)..<16 {
            for count in 0...40 {
                for shift in -2...2 {
                    for inner in [count - 7, count - 8, 0, 1, 3, 255] {
                        let data = (0..<max(0, count - 7)).map {
                            UInt8(truncatingIfNeeded: 37 * $0 + 11 * count + inner)
                        }
                        let address = [UInt8](repeating: 0xA5, count: min(6, count))
                        let length = count > 6 ? [UInt8(truncatingIfNeeded: inner)] : []
                        let pdu = [type, UInt8(truncatingIfNeeded: count + shift)] + address + length + data
                        let rest = [0xD6, 0xBE, 0x89, 0x8E] + pdu + [1, 2, 3]
                        let (one, other) = (usual(rest), long(rest))
                        #expect(one.0.structures == other.0.structures && one.1 == other.1, "\(rest)")
                        #expect(one.0.malformed.map(\.reason) == other.0.malformed.map(\.reason))
                        peeled += one.0.structures.count
                        failed += one.1 ? 1 : 0
                    }
                }
            }
        }
        #expect(peeled > 1000 && failed > 1000)
    }

    /// Whose CRC nobody checked: it is computed, and both ways find the same where it is right and where it is not.
    @Test func uncheckedFramesGoBothWaysAlike() {
        var (peeled, failed) = (0, 0)
        for type in UInt8(0)..<8 {
            for count in 8...40 {
                for shift in -1...1 {
                    for mask in [0, 0x20] as [UInt8] {
                        let data = (0..<(count - 8)).map { UInt8(truncatingIfNeeded: 37 * $0 + 11 * count) }
                        let address = [UInt8](repeating: 0xA5, count: 6)
                        let length = UInt8(truncatingIfNeeded: count + shift)
                        let pdu = [type, length] + address + [UInt8(count - 7), 0x2A] + data
                        let crc = CRC24.compute(pdu)
                        let check = [0, 8, 16].map { UInt8(truncatingIfNeeded: crc >> $0) }
                        let rest = [0xD6, 0xBE, 0x89, 0x8E] + pdu + [check[0], check[1], check[2] ^ mask]
                        let (one, other) = (usual(rest, flags: [0x11, 0x00]), peel([], rest, .linkLayer))
                        #expect(one.0.structures == other.0.structures && one.1 == other.1, "\(rest)")
                        #expect(one.0.malformed.map(\.reason) == other.0.malformed.map(\.reason))
                        peeled += one.0.structures.count
                        failed += one.0.structures.isEmpty ? 1 : 0
                    }
                }
            }
        }
        #expect(peeled > 100 && failed > 100)
    }

    /// The packets are those of the last frame, whichever way it went: a pcapng holds frames of several link types.
    @Test func theUsualFrameHasNoPacketsOfAnotherOne() throws {
        var (peeler, batch) = (FramePeeler(), HeardBatch())
        peeler.collectsPackets = true
        func peel(_ octets: [UInt8], _ encapsulation: Encapsulation) throws {
            let frame = FrameStamp(capture: 0, number: 1, nanoseconds: 5)
            _ = try peeler.peel(octets.span, of: frame, as: encapsulation, flags: 0, isCut: false, into: &batch)
        }
        // HCI Reset over the three-wire UART, without its SLIP layer.
        try peel([0, 0x31, 0, 0xCE, 3, 0x0C, 0], .threeWireUART)
        #expect(peeler.packets.map(\.octets) == [[3, 0x0C, 0]])
        let pdu: [UInt8] = [0xD6, 0xBE, 0x89, 0x8E, 2, 10, 1, 2, 3, 4, 5, 6, 3, 0x2A, 7, 8, 1, 2, 3]
        try peel([0, 0xC4, 0x80, 0, 0xD6, 0xBE, 0x89, 0x8E, 0x11, 0x0C] + pdu, .linkLayerWithHeader)
        #expect(batch.count == 1 && peeler.packets.isEmpty)
    }

    /// What the pseudo header says against it: CRC wrong or not checked, whitened, coded; another access address.
    @Test func whatIsNotUsualGoesTheLongWay() {
        let pdu: [UInt8] = [2, 10, 1, 2, 3, 4, 5, 6, 3, 0x2A, 7, 8, 1, 2, 3]
        let rest = [0xD6, 0xBE, 0x89, 0x8E] + pdu
        #expect(usual(rest).0.structures.map(\.value) == [[7, 8]])
        #expect(
            usual(rest, flags: [0x01, 0x08]).0.structures.count == 1, "valid, though nobody says that it was checked")
        for flags: [UInt8] in [[0x11, 0x04], [0x10, 0x0C]] { #expect(usual(rest, flags: flags).0.structures.isEmpty) }
        #expect(usual([0xD6, 0xBE, 0x89, 0x8F] + pdu).0.structures.isEmpty)
        #expect(usual([0xD6, 0xBE, 0x89, 0x8E, 0] + pdu, flags: [0x11, 0x8C]).0.structures.map(\.value) == [[7, 8]])
    }
}

/// The usual advertising report likewise: there the same event goes when the record of the monitor channel has its header in front.
@Suite struct UsualReportTests {
    /// What a sequence of events comes to, by the short way where it may be gone.
    private func usual(_ events: [[UInt8]]) -> [String] { peel(events, .linuxMonitor, header: [], flags: 0x0001_0003) }
    private func long(_ events: [[UInt8]]) -> [String] {
        peel(events, .linuxMonitorWithHeader, header: [0, 1, 0, 3], flags: 0)
    }

    private func peel(
        _ events: [[UInt8]], _ encapsulation: Encapsulation, header: [UInt8], flags: UInt32
    ) -> [String] {
        var (peeler, lines) = (FramePeeler(), [String]())
        for (index, event) in events.enumerated() {
            var batch = HeardBatch()
            let frame = FrameStamp(capture: 0, number: index + 1, nanoseconds: Int64(index))
            let octets = header + event
            do {
                let outcome = try peeler.peel(
                    octets.span, of: frame, as: encapsulation, flags: flags, isCut: false, into: &batch)
                lines.append("\(outcome)")
            } catch { lines.append("\(error.reason)") }
            for heard in batch.all {
                let error = batch.error(of: heard).map { "\($0.reason)" } ?? ""
                lines.append(
                    "\(heard.kind) \(heard.type) \(heard.address ?? 0) \(heard.direction) \(heard.isCertain) "
                        + "\(batch.octets(of: heard)) \(error)")
            }
        }
        return lines
    }

    private func event(_ subevent: UInt8, _ report: [UInt8]) -> [UInt8] {
        [0x3E, UInt8(report.count + 2), subevent, 1] + report
    }

    private func legacy(_ data: [UInt8]) -> [UInt8] {
        event(0x02, [3, 1, 1, 2, 3, 4, 5, 6, UInt8(data.count)] + data + [0xC4])
    }

    private func extended(_ type: UInt8, _ data: [UInt8]) -> [UInt8] {
        event(
            0x0D,
            [type, 0, 1, 1, 2, 3, 4, 5, 6, 1, 0, 0xFF, 0x7F, 0xC4] + Array(repeating: 0, count: 9) + [UInt8(data.count)]
                + data)
    }

    /// Each octet of an event altered, events cut and drawn out, fragments between: both ways find the same.
    @Test func bothWaysFindTheSame() {
        let data: [UInt8] = [19, 0x2A] + (1...18)
        let extendedTypes: [UInt8] = [0x00, 0x10, 0x13, 0x20, 0x30, 0x40]
        let good = [legacy(data)] + extendedTypes.map { extended($0, data) }
        var heard = 0
        for event in good {
            for place in event.indices {
                for value in [
                    0, 1, 2, 3, 0x0D, 0x10, 0x13, 0x20, 0x3E, 0x40, 0xFF, event[place] &+ 1, event[place] &- 1,
                ] {
                    var altered = event
                    altered[place] = value
                    let events = [event, altered, extended(0, [4, 0x2B, UInt8(place), value, 1]), event]
                    #expect(usual(events) == long(events), "octet \(place) is \(value)")
                    heard += usual(events).filter { $0.hasPrefix("structure") }.count
                }
            }
            for count in 0...event.count {
                #expect(usual([Array(event.prefix(count)), event]) == long([Array(event.prefix(count)), event]))
                let longer = event + Array(repeating: UInt8(count), count: count)
                #expect(usual([longer, event]) == long([longer, event]))
            }
        }
        #expect(heard > 1000)
    }

    /// Data of any length, which is one structure, several, or none.
    @Test func dataOfAnyLengthGoesBothWaysAlike() {
        for count in 0...60 {
            for first in [count - 1, count - 2, count, 0, 1, 5] {
                let data = (0..<count).map { $0 == 0 ? UInt8(truncatingIfNeeded: first) : UInt8($0) }
                for event in [legacy(data), extended(0x10, data)] { #expect(usual([event]) == long([event])) }
            }
        }
    }

    /// Where the value stands in the frame.
    @Test func offsetsAreThoseOfTheFrame() throws {
        for (event, offset) in [(legacy([3, 0x2A, 7, 8]), 15), (extended(0x10, [3, 0x2A, 7, 8]), 30)] {
            var (peeler, batch) = (FramePeeler(), HeardBatch())
            let frame = FrameStamp(capture: 0, number: 1, nanoseconds: 0)
            #expect(peeler.peelUsual(event.span, of: frame, as: .linuxMonitor, flags: 3, &batch))
            #expect(batch.all.first?.offset == UInt16(offset) && batch.all.first?.length == 2)
        }
    }
}
