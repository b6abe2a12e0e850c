import ByteParsing
import TestSupport
import Testing

@testable import BluetoothFrames

/// Sequence number, acknowledgment, and type or channel, as the header has them; with a CRC where asked for.
private func packet(_ number: UInt8, _ type: UInt8, _ payload: [UInt8], acknowledgment: UInt8 = 0, hasCRC: Bool = false)
    -> [UInt8]
{
    let first = 0x80 | number | acknowledgment << 3 | (hasCRC ? 0x40 : 0)
    let second = type | UInt8(payload.count & 0x0F) << 4
    let third = UInt8(payload.count >> 4)
    let octets = [first, second, third, 0xFF &- first &- second &- third] + payload
    let crc = CRC16.compute(octets)
    return hasCRC ? octets + [UInt8(crc >> 8), UInt8(crc & 0xFF)] : octets
}

private func slip(_ octets: [UInt8]) -> [UInt8] {
    let escaped = octets.flatMap { octet -> [UInt8] in
        switch octet {
        case 0xC0: [0xDB, 0xDC]
        case 0xDB: [0xDB, 0xDD]
        default: [octet]
        }
    }
    return [0xC0] + escaped + [0xC0]
}

/// LE Advertising Report with a mesh message that needs both escapes.
private let event = octets("3e12" + "0201" + "0300" + "060504030201" + "06" + "052ac0db01dc" + "c4")
private let heard = Collected.Structure(
    type: 0x2A, value: octets("c0db01dc"), direction: .heard, address: 0x0102_0304_0506)
/// LE Set Advertising Data.
private let command = octets("0820" + "20" + "06" + "052a01020304") + Array(repeating: 0, count: 25)
private let sent = Collected.Structure(type: 0x2A, value: [1, 2, 3, 4], direction: .sent, address: nil)
private let notification = octets("4020" + "0900" + "05000400" + "1b1300" + "aabb")

/// What records of both directions hold.
private func peelRecords(_ records: [(octets: [UInt8], flags: UInt32)], _ encapsulation: Encapsulation) -> Peeled {
    var (peeler, result) = (FramePeeler(), Peeled())
    for (number, record) in records.enumerated() {
        let stamp = FrameStamp(capture: 0, number: number + 1, nanoseconds: 0)
        do throws(ParseError) {
            result.outcome = try peeler.peel(
                record.octets.span, of: stamp, as: encapsulation, flags: record.flags, isCut: false,
                into: &result.collected.batch)
        } catch { result.error = error }
    }
    return result
}

@Suite struct UARTTests {
    @Test func theHeaderAndTheCRCAreTheirs() throws {
        // Sync, and config with its field, as the three-wire UART has them.
        for text in ["002f00d0" + "017e", "003f00c0" + "03fc17"] {
            let packet = try UARTPacket(octets(text), at: 0)
            #expect(packet.type == 15 && !packet.isReliable && packet.isIntact)
        }
        // The check value of this CRC for "123456789" is 0x6F91 before its bits are turned round.
        #expect(CRC16.compute(Array("123456789".utf8)) == 0x89F6)
    }

    @Test func packetsAreWhatTheirTypeSays() {
        let threeWire: [(UInt8, [UInt8], UInt32)] = [(4, event, 1), (1, command, 0), (2, notification, 1)]
        let result = peelRecords(threeWire.map { (slip(packet(0, $0, $1)), $2) }, .threeWireUART)
        #expect(result.collected.structures == [heard, sent] && result.collected.values.count == 1)
        let bcsp: [(UInt8, [UInt8], UInt32)] = [(5, event, 1), (5, command, 0), (6, notification, 1)]
        let other = peelRecords(bcsp.map { (slip(packet(0, $0, $1)), $2) }, .bcsp)
        #expect(other.collected.structures == [heard, sent] && other.collected.values.count == 1)
        for type in UInt8(0)...15 where ![1, 2, 4].contains(type) {
            #expect(peelRecords([(slip(packet(0, type, event)), 1)], .threeWireUART).collected == Collected())
        }
        for channel in UInt8(0)...15 where ![5, 6].contains(channel) {
            #expect(peelRecords([(slip(packet(0, channel, event)), 1)], .bcsp).collected == Collected())
        }
    }

    /// The other direction goes on between the two parts.
    @Test func aStreamIsCutAnywhere() {
        for hasCRC in [false, true] {
            let stream = slip(packet(0, 4, event, hasCRC: hasCRC)) + slip(packet(1, 4, event))
            for cut in 0...stream.count {
                let result = peelRecords(
                    [
                        (Array(stream[..<cut]), 1), (slip(packet(0, 1, command)), 0), (Array(stream[cut...]), 1),
                    ], .threeWireUART)
                #expect(result.collected.structures.filter { $0 == heard }.count == 2, "cut at \(cut)")
                #expect(result.collected.structures.contains(sent) && result.collected.malformed.isEmpty)
            }
            let octets = stream.map { (octets: [$0], flags: UInt32(1)) }
            #expect(peelRecords(octets, .threeWireUART).collected.structures == [heard, heard])
        }
    }

    /// A log that begins within a frame, frames that share a delimiter, and packets whose SLIP layer the log left out.
    @Test func framesAreFoundHoweverTheyLie() {
        let first = packet(0, 4, event)
        let frame = slip(first)
        for start in 1..<frame.count {
            let result = peelRecords([(Array(frame[start...]) + slip(packet(1, 4, event)), 1)], .threeWireUART)
            #expect(result.collected.structures == [heard] && result.collected.malformed.isEmpty, "from \(start)")
        }
        let shared = frame + slip(packet(1, 4, event)).dropFirst()
        #expect(peelRecords([(shared, 1)], .threeWireUART).collected.structures == [heard, heard])
        let bare = [(first, UInt32(1)), (packet(1, 4, event, hasCRC: true), 1)]
        #expect(peelRecords(bare, .threeWireUART).collected.structures == [heard, heard])
    }

    @Test func whatIsSentAgainIsTakenOnce() {
        func heardOf(_ packets: [[UInt8]]) -> Int {
            peelRecords(packets.map { (slip($0), 1) }, .threeWireUART).collected.structures.count
        }
        let all = (0..<7).map { packet(UInt8($0), 4, event) }
        #expect(heardOf(all) == 7)
        #expect(heardOf(all + all) == 7, "the whole window")
        #expect(heardOf([all[0], packet(0, 4, event, acknowledgment: 3, hasCRC: true)]) == 1)
        // The number comes back after eight packets, and with it the same octets.
        #expect(heardOf(all + [packet(7, 4, event)] + all) == 15)
        var different = event
        different[different.count - 1] ^= 1
        #expect(heardOf([all[0], packet(0, 4, different)]) == 2)
        #expect(heardOf([all[0], octets("002f00d0017e"), all[0]]) == 2, "the link began anew")
        #expect(heardOf([all[0], octets("002f00d0057a"), all[0]]) == 1, "it woke up")
        let directions: [(octets: [UInt8], flags: UInt32)] = [
            (slip(packet(0, 2, notification)), 0), (slip(packet(0, 2, notification)), 1),
        ]
        #expect(peelRecords(directions, .threeWireUART).collected.values.count == 2)
    }

    @Test func damageIsToldAndEndsWithItsFrame() {
        let next = slip(packet(1, 4, event))
        for hasCRC in [false, true] {
            let good = packet(0, 4, event, hasCRC: hasCRC)
            for place in good.indices {
                var damaged = good
                damaged[place] ^= 0x04
                let result = peelRecords([(slip(damaged) + next, 1)], .threeWireUART)
                #expect(result.collected.structures.last == heard, "octet \(place)")
                if place < 4 {
                    #expect(result.collected.malformed.count == 1 && result.collected.structures.count == 1)
                }
                if hasCRC, place >= 4 {
                    #expect(result.outcome == .crcFailed && result.collected.structures == [heard], "octet \(place)")
                }
            }
            for count in 1..<good.count {
                let result = peelRecords([(slip(Array(good.prefix(count))) + next, 1)], .threeWireUART)
                #expect(result.collected.structures == [heard] && result.collected.malformed.count == 1)
            }
        }
        for bad in [[0xC0, 0xDB, 0x01, 0xC0], [0xC0, 0x01, 0xDB, 0xC0]] as [[UInt8]] {
            let result = peelRecords([(bad + next, 1)], .bcsp)
            #expect(result.collected.malformed.count == 1)
        }
    }

    @Test func everyPrefixOfARecordIsNothing() {
        for (encapsulation, type) in [(Encapsulation.threeWireUART, UInt8(4)), (.bcsp, 5)] {
            let frame = slip(packet(0, type, event, hasCRC: true))
            for count in 0..<frame.count {
                for isCut in [false, true] {
                    let result = peel([Array(frame.prefix(count))], encapsulation, flags: 1, isCut: isCut)
                    #expect(result.collected == Collected() && result.error == nil)
                }
            }
            // What the capture cut off is not joined with what comes next.
            let cut = peel([Array(frame.dropLast(2)), Array(frame.suffix(2))], encapsulation, flags: 1, isCut: true)
            #expect(cut.collected == Collected())
        }
    }

    @Test(arguments: [1, 7, 10_000])
    func aFrameThatNeverEndsIsBounded(piece: Int) throws {
        var decoder = SLIPDecoder()
        func take(_ octets: [UInt8]) throws -> [SLIPDecoder.Step] {
            var (reader, steps) = (ByteReader(octets.span), [SLIPDecoder.Step]())
            while !reader.isAtEnd { steps.append(try decoder.take(&reader)) }
            return steps
        }
        #expect(try take([0xC0]) == [.more])
        let pieces = stride(from: 0, to: 10_000, by: piece).map { min(piece, 10_000 - $0) }
        let steps = try pieces.flatMap { try take(Array(repeating: 1, count: $0)) }
        #expect(steps.filter { $0 == .broken }.count == 1 && decoder.isBetweenFrames)
        #expect(try take([2, 0xC0, 3, 0xDB, 0xDC, 4, 0xC0]).contains(.frame([3, 0xC0, 4])))
        let longest = slip(packet(0, 1, command + Array(repeating: 0, count: 0x0FFF - command.count), hasCRC: true))
        #expect(peelRecords([(longest, 0)], .threeWireUART).collected.structures == [sent])
    }
}
