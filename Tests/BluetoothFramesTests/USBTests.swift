import ByteParsing
import TestSupport
import Testing

@testable import BluetoothFrames

/// Frames of USB captures, written by hand.
private enum Frames {
    enum Kind: UInt8 { case isochronous, interrupt, control, bulk }

    static let encapsulations: [Encapsulation] = [.usbmon, .usbmonMapped, .usbPcap]

    private static func little(_ value: Int, _ count: Int) -> [UInt8] {
        (0..<count).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
    }

    /// Submission (S) or completion (C) of a transfer.
    static func frame(
        _ event: Character, _ kind: Kind, _ endpoint: UInt8, _ data: [UInt8], as encapsulation: Encapsulation,
        device: UInt8 = 7, setup: [UInt8]? = nil, status: Int = 0, isBigEndian: Bool = false
    ) -> [UInt8] {
        guard encapsulation != .usbPcap else {
            let octets = (setup ?? []) + data
            let isControl = kind == .control
            return little(isControl ? 28 : 27, 2) + little(0x1234, 8) + little(status, 4) + little(9, 2)
                + [event == "C" ? 1 : 0] + little(2, 2) + little(Int(device), 2) + [endpoint, kind.rawValue]
                + little(octets.count, 4) + (isControl ? [event == "C" ? 3 : 0] : []) + octets
        }
        func number(_ value: Int, _ count: Int) -> [UInt8] {
            isBigEndian ? little(value, count).reversed() : little(value, count)
        }
        let flags: [UInt8] = [setup == nil ? 0x2D : 0, data.isEmpty ? 0x3C : 0]
        let head = number(0x1234, 8) + [event.asciiValue ?? 0, kind.rawValue, endpoint, device] + number(2, 2) + flags
        let times = number(1_780_272_000, 8) + number(123_456, 4)
        let lengths = number(status, 4) + number(data.count, 4) + number(data.count, 4)
        let setup = setup ?? Array(repeating: 0, count: 8)
        return head + times + lengths + setup + Array(repeating: 0, count: encapsulation == .usbmonMapped ? 16 : 0)
            + data
    }

    /// An HCI command, whose request stands before it.
    static func command(_ octets: [UInt8], as encapsulation: Encapsulation, device: UInt8 = 7) -> [UInt8] {
        frame(
            "S", .control, 0, octets, as: encapsulation, device: device,
            setup: [0x20, 0, 0, 0, 0, 0] + little(octets.count, 2))
    }

    /// A piece of an event.
    static func event(_ octets: some Sequence<UInt8>, as encapsulation: Encapsulation, device: UInt8 = 7) -> [UInt8] {
        frame("C", .interrupt, 0x81, Array(octets), as: encapsulation, device: device)
    }

    static func descriptor(_ octets: [UInt8], as encapsulation: Encapsulation, device: UInt8 = 7) -> [UInt8] {
        frame("C", .control, 0x80, octets, as: encapsulation, device: device)
    }
}

/// LE Advertising Report of 01:02:03:04:05:06 with one mesh message structure of as many octets.
private func report(_ count: Int = 20, seed: UInt8 = 1) -> [UInt8] {
    let data = [UInt8(count + 1), 0x2A] + (0..<count).map { UInt8($0) &* 7 &+ seed }
    let event = octets("0201" + "0300" + "060504030201") + [UInt8(data.count)] + data + [0xC4]
    return [0x3E, UInt8(event.count)] + event
}

private func message(_ count: Int = 20, seed: UInt8 = 1) -> Collected.Structure {
    Collected.Structure(
        type: 0x2A, value: (0..<count).map { UInt8($0) &* 7 &+ seed }, direction: .heard, address: 0x0102_0304_0506)
}

/// ACL data with a notification of 0x0013.
private let notification = octets("4020" + "0900" + "05000400" + "1b1300" + "aabb")
private let value = Collected.Value(direction: .toClient, handle: 0x13, uuid: nil, octets: [0xAA, 0xBB])

private let commandComplete = octets("0e0401030c00")
private let reset = octets("030c00")

@Suite struct USBTests {
    private func pieces(_ octets: [UInt8], _ length: Int, as encapsulation: Encapsulation) -> [[UInt8]] {
        stride(from: 0, to: octets.count, by: length).map {
            Frames.event(octets[$0..<min($0 + length, octets.count)], as: encapsulation)
        }
    }

    @Test(arguments: Frames.encapsulations) func eventsAreJoinedWhereverTheyAreSplit(_ encapsulation: Encapsulation) {
        let known = Frames.command(reset, as: encapsulation)
        let reports = [report(seed: 1), report(29, seed: 2), report(seed: 3)]
        let expected = [message(seed: 1), message(29, seed: 2), message(seed: 3)]
        for length in 1...45 {
            let result = peel([known] + reports.flatMap { pieces($0, length, as: encapsulation) }, encapsulation)
            #expect(result.collected.structures == expected, "pieces of \(length)")
            #expect(result.collected.malformed.isEmpty && result.error == nil)
        }
    }

    /// Where an event fills the last packet of the bus, the next one follows in the same transfer.
    @Test(arguments: Frames.encapsulations) func severalEventsOfOneTransferAreRead(_ encapsulation: Encapsulation) {
        let known = Frames.command(reset, as: encapsulation)
        let all = report(16, seed: 1) + report(24, seed: 2) + report(16, seed: 3) + commandComplete
        let expected = [message(16, seed: 1), message(24, seed: 2), message(16, seed: 3)]
        for length in [8, 16, 24, 32, 64, 128, 1024] {
            let result = peel([known] + pieces(all, length, as: encapsulation), encapsulation)
            #expect(result.collected.structures == expected, "pieces of \(length)")
        }
    }

    /// No descriptor, no command: the capture begins in the middle, and reports alone tell what the device is.
    @Test(arguments: Frames.encapsulations) func eventsTellWhatADeviceIs(_ encapsulation: Encapsulation) {
        let result = peel(pieces(report(), 16, as: encapsulation), encapsulation)
        #expect(result.collected.structures == [message()])
        let extended = octets(
            "0d01" + "0000" + "01" + "060504030201" + "0100057fc40000" + "00000000000000" + "06" + "052a01020304")
        let whole = [0x3E, UInt8(extended.count)] + extended
        #expect(peel([Frames.event(whole, as: encapsulation)], encapsulation).collected.structures.count == 1)
        for text in ["0e0401030c00", "0f0400010320", "13050140000100"] {
            let acl = Frames.frame("C", .bulk, 0x82, notification, as: encapsulation)
            let event = Frames.event(octets(text), as: encapsulation)
            #expect(peel([acl], encapsulation).collected == Collected())
            #expect(peel([event, acl], encapsulation).collected.values == [value])
        }
    }

    /// As long as an event says, and yet none that a controller sends: the device stays unknown, and its bulk transfers unread.
    @Test func whatOnlyLooksLikeAnEventTellsNothing() {
        let acl = Frames.frame("C", .bulk, 0x82, notification, as: .usbmon)
        var longer = report() + [0]
        longer[1] += 1
        let texts = [
            "0e0401030000", "0e0301030c", "0e0401ff7fff", "0f0400010000", "13050040000100", "1305014f0f0100",
            "13050140000000",
            "13060140000100ff", "3e020100", "3e020a00", "3e020200", "3e020d00", "3e0203ff", "050400400013", "ff020102",
        ]
        for event in [longer] + texts.map(octets) {
            let result = peel([Frames.event(event, as: .usbmon), acl], .usbmon)
            #expect(result.collected == Collected(), "\(event)")
        }
        #expect(peel([Frames.event(report(), as: .usbmon), acl], .usbmon).collected.values == [value])
    }

    @Test(arguments: Frames.encapsulations) func descriptorsTellWhatADeviceIs(_ encapsulation: Encapsulation) {
        let acl = Frames.frame("C", .bulk, 0x82, notification, as: encapsulation)
        func values(_ descriptors: String...) -> Int {
            let frames = descriptors.map { Frames.descriptor(octets($0), as: encapsulation) }
            return peel(frames + [acl], encapsulation).collected.values.count
        }
        let controller = "12010002e0010140120a0100000100000001"
        #expect(values(controller) == 1)
        #expect(values("12010002e0010140") == 1, "as much as a host asks for first")
        let interface = "09022000010100c032" + "09040000" + "03" + "e0010100" + "07058103100001" + "07058202400000"
        #expect(values(interface) == 1)
        #expect(values("1201000203000008" + "120a0100000100000001") == 0)
        #expect(values("12010002e0010240") == 0, "another protocol")
        // Another device got the address: a keyboard, or a disk, whose interface tells it.
        #expect(values(controller, "1201000203000008") == 0)
        #expect(values(controller, "09021200010100c032" + "09040000" + "02" + "08065000") == 0)
        // A class that leaves it open takes nothing back, and neither does half a configuration.
        #expect(values(controller, "1201000200000008") == 1)
        #expect(values(controller, "09022000010100c032" + "09040000" + "02" + "08065000") == 1)
    }

    @Test(arguments: Frames.encapsulations) func commandsAreThoseOfTheRequest(_ encapsulation: Encapsulation) {
        let command = [0x08, 0x20, 32, 6] + octets("052a01020304") + Array(repeating: 0, count: 25)
        let sent = Collected.Structure(type: 0x2A, value: [1, 2, 3, 4], direction: .sent, address: nil)
        #expect(peel([Frames.command(command, as: encapsulation)], encapsulation).collected.structures == [sent])
        func structures(_ setup: String, _ event: Character = "S") -> Int {
            let frame = Frames.frame(event, .control, 0, command, as: encapsulation, setup: octets(setup))
            return peel([frame], encapsulation).collected.structures.count
        }
        #expect(structures("20e0000000002300") == 1, "as older hosts say")
        for other in ["2100000000002300", "2001000000002300", "2000010000002300", "2000000001002300"] {
            #expect(structures(other) == 0, "\(other)")
        }
        #expect(structures("2000000000002400") == 0, "a length that is not the command's")
        #expect(structures("2000000000002300", "C") == 0)
    }

    /// USBPcap before version 1.3: the request in one record, the data in the next.
    @Test func aCommandBehindItsRequestIsRead() {
        let command = [0x08, 0x20, 32, 6] + octets("052a01020304") + Array(repeating: 0, count: 25)
        let setup = octets("2000000000002300")
        let request = Frames.frame("S", .control, 0, [], as: .usbPcap, setup: setup)
        var data = Frames.frame("S", .control, 0, command, as: .usbPcap)
        data[27] = 1
        let known = Frames.command(reset, as: .usbPcap)
        #expect(peel([known, request, data], .usbPcap).collected.structures.count == 1)
        #expect(peel([request, data], .usbPcap).collected.structures.count == 1)
        #expect(peel([known, data], .usbPcap).collected.structures.isEmpty)
        #expect(peel([known, request, Frames.command(reset, as: .usbPcap), data], .usbPcap).collected == Collected())
    }

    @Test(arguments: Frames.encapsulations) func eachDirectionIsTakenOnce(_ encapsulation: Encapsulation) {
        let known = Frames.command(reset, as: encapsulation)
        func values(_ event: Character, _ endpoint: UInt8, status: Int = 0) -> Int {
            let frame = Frames.frame(event, .bulk, endpoint, notification, as: encapsulation, status: status)
            return peel([known, frame], encapsulation).collected.values.count
        }
        #expect(values("S", 0x02) == 1 && values("C", 0x02) == 0)
        #expect(values("C", 0x82) == 1 && values("S", 0x82) == 0)
        #expect(values("C", 0x82, status: 0xFFFF_FF8D) == 0, "a transfer that failed")
        #expect(values("S", 0x02, status: 0xFFFF_FF8D) == 1, "a transfer that has only begun")
        if encapsulation != .usbPcap { #expect(values("E", 0x02) == 0 && values("E", 0x82) == 0) }
    }

    @Test func usbmonIsReadInEitherByteOrder() {
        for encapsulation in [Encapsulation.usbmon, .usbmonMapped] {
            let frame = Frames.frame("C", .interrupt, 0x81, report(), as: encapsulation, isBigEndian: true)
            #expect(peel([frame], encapsulation).collected.structures == [message()])
            var senseless = frame
            senseless[16] = 0xFF
            #expect(peel([senseless], encapsulation).error != nil)
        }
    }

    /// What is typed and read stands between the pieces of events, and is none.
    @Test(arguments: Frames.encapsulations) func otherDevicesAreLeft(_ encapsulation: Encapsulation) {
        let event = report()
        let keys: [[UInt8]] = [
            [0, 0, 4, 0, 0, 0, 0, 0], [0x3E, 0, 4, 5, 6, 7, 0, 0], [0x3E, 0, 0, 0, 0, 0, 0, 0],
            [0, 0, 0, 0, 0, 0, 0, 0],
            [1, 6, 0, 4, 0, 0, 0, 0], [1, 2, 0, 0x3E, 4, 0, 0, 0, 0], [1, 0, 1, 0xFF], [4, 2, 0, 0], [2], [4, 0],
        ]
        for split in 1..<event.count {
            var frames = [Frames.event(event.prefix(split), as: encapsulation)]
            frames += keys.map { Frames.event($0, as: encapsulation, device: 8) }
            frames += [UInt8(0x81), 0x82].map {
                Frames.frame("C", .bulk, $0, notification, as: encapsulation, device: 9)
            }
            frames.append(Frames.frame("C", .isochronous, 0x83, event, as: encapsulation))
            frames.append(Frames.event(event.dropFirst(split), as: encapsulation))
            let result = peel(frames, encapsulation)
            #expect(result.collected.structures == [message()] && result.collected.values.isEmpty)
            #expect(result.collected.malformed.isEmpty && result.error == nil)
        }
        for octets in keys {
            let result = peel(Array(repeating: Frames.event(octets, as: encapsulation), count: 5), encapsulation)
            #expect(result.outcome == .other && result.collected == Collected())
        }
    }

    /// A completion that is not in the capture costs its event, and no other; that it is missing is told.
    @Test(arguments: Frames.encapsulations) func aMissingPieceCostsOneEvent(_ encapsulation: Encapsulation) {
        let count = 4
        let known = Frames.command(reset, as: encapsulation)
        for length in 20...29 {
            let events = (0..<count).map { pieces(report(length, seed: UInt8($0)), 16, as: encapsulation) }
            for piece in events[1].indices {
                var lost = events
                lost[1].remove(at: piece)
                let result = peel([known] + lost.flatMap(\.self), encapsulation)
                let expected = [0, 2, 3].map { message(length, seed: UInt8($0)) }
                #expect(result.collected.structures.suffix(2) == expected.suffix(2), "\(length), without \(piece)")
                #expect(result.collected.structures.first == expected.first)
                #expect(!expected.contains { !result.collected.structures.contains($0) })
            }
        }
    }

    @Test func whatTheCaptureCutsIsTold() {
        let known = Frames.command(reset, as: .usbmon)
        let whole = Frames.event(report(), as: .usbmon)
        let cut = peel([known, Array(whole.dropLast(4))], .usbmon, isCut: true)
        #expect(cut.collected == Collected() && cut.error != nil)
        #expect(
            peel([known, Array(whole.dropLast(4))], .usbmon).error?.reason
                == .lengthBeyondEnd(length: 36, available: 32))
        // The kernel kept less of the transfer than there was.
        var short = Frames.event(report().dropLast(4), as: .usbmon)
        short[32] = 36
        let result = peel([known, short, whole], .usbmon)
        #expect(result.collected.structures == [message()] && result.collected.malformed.isEmpty)
    }

    @Test(arguments: Frames.encapsulations) func everyPrefixAndEveryDamageIsAnErrorOrNothing(
        _ encapsulation: Encapsulation
    ) {
        let known = Frames.command(reset, as: encapsulation)
        let frames = [
            known, Frames.event(report(), as: encapsulation),
            Frames.frame("S", .bulk, 2, notification, as: encapsulation),
            Frames.descriptor(octets("12010002e0010140120a0100000100000001"), as: encapsulation),
            Frames.descriptor(octets("09021200010100c032" + "09040000" + "02" + "08065000"), as: encapsulation),
        ]
        for frame in frames {
            for isCut in [false, true] {
                for count in 0..<frame.count {
                    let result = peel([known, Array(frame.prefix(count))], encapsulation, isCut: isCut)
                    #expect(result.error.map { (0...count).contains($0.offset) } ?? true)
                    #expect(result.collected.structures.isEmpty && result.collected.values.isEmpty)
                }
                for place in frame.indices {
                    for octet in [UInt8(0), 1, 0x7F, 0x80, 0xFF] {
                        var damaged = frame
                        damaged[place] = octet
                        let result = peel([known, damaged, frame], encapsulation, isCut: isCut)
                        #expect(result.error.map { (0...frame.count).contains($0.offset) } ?? true)
                        #expect(result.collected.malformed.count <= 2, "octet \(place) is \(octet)")
                    }
                }
            }
        }
    }

    @Test func whatIsKeptIsBounded() {
        var (peeler, collected) = (FramePeeler(), Collected())
        for number in 0..<3000 {
            var frames = [Frames.command(reset, as: .usbPcap), Frames.event([0x3E, 255, 2, 1], as: .usbPcap)]
            for index in frames.indices {
                (frames[index][17], frames[index][18]) = (UInt8(number & 255), UInt8(number >> 8))
                let frame = frames[index]
                let stamp = FrameStamp(capture: 0, number: number, nanoseconds: 0)
                _ = try? peeler.peel(
                    frame.span, of: stamp, as: .usbPcap, flags: 0, isCut: false, into: &collected.batch)
            }
        }
        #expect((1...128).contains(peeler.usb.count))
    }
}

@Suite struct HCIStreamTests {
    @Test func aPacketThatNeverEndsIsBounded() throws {
        var stream = HCIStream()
        let begin = octets("4020" + "fc0f" + "f80f0400")
        let rest = [UInt8](repeating: 0xFF, count: 64)
        _ = try stream.take(ByteReader(begin.span), as: .acl)
        for _ in 0..<1000 {
            _ = try stream.take(ByteReader(rest.span), as: .acl)
            #expect(stream.pending.count <= HCIExtent.longest)
        }
        #expect(try HCIExtent(of: ByteReader(octets("40200010f80f0400").span), as: .acl).isBroken)
    }

    @Test func whatCanBeNoPacketBeginsNone() throws {
        for (kind, text) in [
            (HCIExtent.Kind.event, "0004"), (.event, "3e00"), (.event, "5a01"), (.event, "0f05"), (.acl, "000f0100"),
            (.acl, "40300100"), (.acl, "40e00100"), (.acl, "40200000"), (.acl, "4020090004000400"),
        ] {
            let start = octets(text)
            #expect(try HCIExtent(of: ByteReader(start.span), as: kind).isBroken, "\(text)")
        }
        for (kind, text) in [
            (HCIExtent.Kind.event, "3e"), (.event, "3e20"), (.event, "0f04"), (.acl, "40"), (.acl, "402009"),
            (.acl, "4020090005000400"), (.acl, "4010090004000400"),
        ] {
            let start = octets(text)
            let extent = try HCIExtent(of: ByteReader(start.span), as: kind)
            #expect(!extent.isBroken && extent.whole == 0, "\(text)")
        }
    }
}
