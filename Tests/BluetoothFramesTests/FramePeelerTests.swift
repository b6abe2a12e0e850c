import ByteParsing
import TestSupport
import Testing

@testable import BluetoothFrames

/// Keeps what a peeler hands out.
struct Collected: Equatable {
    struct Structure: Equatable {
        var type: UInt8
        var value: [UInt8]
        var direction: Advertisement.Direction
        var address: UInt64?
    }

    struct Value: Equatable {
        var direction: AttributeValue.Direction
        var handle: UInt16
        var uuid: UInt16?
        var octets: [UInt8]
    }

    var batch = HeardBatch()

    var structures: [Structure] {
        batch.all.filter { $0.kind == .structure || $0.kind == .longStructure }.map {
            .init(type: $0.type, value: batch.octets(of: $0), direction: $0.direction, address: $0.address)
        }
    }

    var values: [Value] {
        batch.all.compactMap(batch.attributeValue).map {
            .init(
                direction: $0.direction, handle: $0.characteristic.handle, uuid: $0.characteristic.uuid,
                octets: $0.octets)
        }
    }

    var malformed: [ParseError] { batch.all.compactMap(batch.error) }

    static func == (left: Self, right: Self) -> Bool {
        left.structures == right.structures && left.values == right.values && left.malformed == right.malformed
    }
}

struct Peeled: Equatable {
    var collected = Collected()
    var outcome: FrameOutcome?
    var error: ParseError?
}

private func stamp(_ number: Int) -> FrameStamp { FrameStamp(capture: 0, number: number, nanoseconds: 0) }

func peel(_ frames: [[UInt8]], _ encapsulation: Encapsulation, flags: UInt32 = 0, isCut: Bool = false) -> Peeled {
    var peeler = FramePeeler()
    var result = Peeled()
    for (index, frame) in frames.enumerated() {
        do throws(ParseError) {
            result.outcome = try peeler.peel(
                frame.span, of: stamp(index + 1), as: encapsulation, flags: flags, isCut: isCut,
                into: &result.collected.batch
            )
        } catch {
            result.error = error
        }
    }
    return result
}

/// ADV_NONCONN_IND of 01:02:03:04:05:06 with one mesh message structure.
private let pdu = octets("420c" + "060504030201" + "052a") + [1, 2, 3, 4]
private let air = octets("d6be898e") + pdu
private func sealed(_ air: [UInt8]) -> [UInt8] {
    let crc = CRC24.compute(Array(air.dropFirst(4)))
    return air + (0..<3).map { UInt8(truncatingIfNeeded: crc >> UInt32(8 * $0)) }
}
private let expected = Collected.Structure(
    type: 0x2A, value: [1, 2, 3, 4], direction: .heard, address: 0x0102_0304_0506)

@Suite struct LinkLayerTests {
    /// A frame of elsewhere with its CRC as it was on the air: the example of format 1.0 in BabbleSim's
    /// `convert_results_to_ellisysv2.sh`. Its PDU is an ADV_IND with flags, TX power and a 128-bit service UUID.
    @Test func computesTheCRCAsTheAirDoes() {
        let pdu = octets("401e60b66e2da34a020106020a00110692153784e8cc2c8631444ac7bdf4747d")
        let crc = octets("9ecd7e")
        #expect(CRC24.compute(pdu) == 0x7E_CD9E)
        let result = peel([octets("d6be898e") + pdu + crc], .linkLayer)
        #expect(result.outcome == .peeled)
        #expect(peel([octets("d6be898e") + pdu + octets("9ecd7f")], .linkLayer).outcome == .crcFailed)
    }

    /// Bit by bit, as the Core Specification draws the register: position 0 takes the feedback, the CRCInit begins with position 0.
    @Test(arguments: [0x55_5555, 0x12_3456, 0x00_0001, 0x80_0000] as [UInt32])
    func crcOfEachLengthIsThatOfTheRegister(_ initial: UInt32) {
        let taps = [1, 3, 4, 6, 9, 10]
        for count in 0..<60 {
            let pdu = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 197 &+ count) }
            var register = (0..<24).map { initial >> UInt32($0) & 1 == 1 }
            for place in 0..<(8 * count) {
                let feedback = register.removeLast() != (pdu[place / 8] >> UInt8(place % 8) & 1 == 1)
                register.insert(feedback, at: 0)
                for tap in taps where feedback { register[tap].toggle() }
            }
            // Position 23 is sent first.
            let crc = register.reduce(UInt32(0)) { $0 << 1 | ($1 ? 1 : 0) }
            #expect(CRC24.compute(pdu, from: initial) == crc, "\(count) octets")
        }
    }

    @Test func whatFramesCarryIsPeeled() {
        let frame = sealed(air)
        #expect(peel([frame], .linkLayer).collected.structures == [expected])
        #expect(peel([frame], .linkLayer).outcome == .peeled)
    }

    @Test func nothingOfAFrameWithAFailedCRCIsDecoded() {
        for index in 4..<sealed(air).count where index != 5 {
            var frame = sealed(air)
            frame[index] ^= 0x04
            let result = peel([frame], .linkLayer)
            #expect(result.outcome == .crcFailed)
            #expect(result.collected == Collected())
        }
    }

    @Test func believesTheSniffersVerdict() {
        let bad = air + [0, 0, 0]
        func header(_ flags: UInt16) -> [UInt8] { [0, 0, 0, 0, 0, 0, 0, 0, UInt8(flags & 255), UInt8(flags >> 8)] }
        #expect(peel([header(0x0C01) + bad], .linkLayerWithHeader).collected.structures == [expected])
        #expect(peel([header(0x0401) + sealed(air)], .linkLayerWithHeader).outcome == .crcFailed)
        #expect(peel([header(0x0813) + bad], .linkLayerWithHeader).collected.structures == [expected])
        // Not checked by the sniffer: computed here, unless it stands for none.
        #expect(peel([header(0x0001) + air + [1, 2, 3]], .linkLayerWithHeader).outcome == .crcFailed)
        #expect(peel([header(0x0001) + bad], .linkLayerWithHeader).collected.structures == [expected])
        #expect(peel([header(0x0001) + sealed(air)], .linkLayerWithHeader).collected.structures == [expected])
    }

    @Test(arguments: [UInt8(1), 2, 3])
    func readsTheNordicHeaders(version: UInt8) {
        func frame(crcOK: Bool) -> [UInt8] {
            let body = [10, crcOK ? 1 : 0, 37, 60, 0, 0, 0, 0, 0, 0] + sealed(air)
            let head: [UInt8] = version == 1 ? [6, UInt8(body.count), 1] : [UInt8(body.count), 0, version]
            return [9] + head + [0, 0, version == 3 ? 2 : 6] + body
        }
        #expect(peel([frame(crcOK: true)], .nordicSniffer).collected.structures == [expected])
        #expect(peel([frame(crcOK: false)], .nordicSniffer).outcome == .crcFailed)
    }

    @Test func readsTheNordicHeaderBeforeItHadAVersion() {
        func frame(_ packetID: UInt8, _ flags: UInt8, length: Int? = nil) -> [UInt8] {
            let body = [flags, 37, 60, 0, 0, 0, 0, 0, 0] + sealed(air)
            return [0xBE, 0xEF, packetID, 5, 0, 0, 0, UInt8(length ?? body.count)] + body
        }
        #expect(peel([frame(6, 1)], .nordicSniffer).collected.structures == [expected])
        #expect(peel([frame(6, 0)], .nordicSniffer).outcome == .crcFailed)
        #expect(peel([frame(5, 1)], .nordicSniffer).outcome == .other)
        // As in all versions, the CRC itself is not looked at.
        for count in 0..<(frame(6, 1).count - 3) {
            #expect(peel([Array(frame(6, 1).prefix(count))], .nordicSniffer).collected.structures.isEmpty)
        }
        // Board 0xBE, and a payload of 0xEF octets, under version 3.
        let body = [10, 1, 37, 60, 0, 0, 0, 0, 0, 0] + sealed(air)
        let board = [0xBE, 0xEF, 0, 3, 0, 0, 2] + body
        #expect(peel([board], .nordicSniffer).collected.structures == [expected])
    }

    @Test func readsPerPacketInformationWithFields() {
        let frame = octets("00001000fb000000") + Array(repeating: 0xEE, count: 8) + sealed(air)
        #expect(peel([frame], .perPacketInformation).collected.structures == [expected])
        let other = octets("000008006900 0000".replacing(" ", with: "")) + sealed(air)
        #expect(peel([other], .perPacketInformation).outcome == .other)
    }

    @Test func readsExtendedAdvertisingAsFarAsOneFrameTells() {
        // Extended header with AdvA and ADI.
        let whole = octets("d6be898e" + "4710" + "0909" + "060504030201" + "3412" + "052a") + [1, 2, 3, 4]
        #expect(peel([sealed(whole)], .linkLayer).collected.structures == [expected])
        // With AuxPtr the data may end within a structure, which is no error.
        let cut = octets("d6be898e" + "4713" + "0c19" + "060504030201" + "3412" + "aabbcc" + "092a") + [1, 2, 3, 4]
        let result = peel([sealed(cut)], .linkLayer)
        #expect(result.error == nil && result.collected.malformed.isEmpty)
        // Without it, it is one.
        let bad = octets("d6be898e" + "4710" + "0909" + "060504030201" + "3412" + "092a") + [1, 2, 3, 4]
        #expect(peel([sealed(bad)], .linkLayer).error != nil)
    }

    @Test func dataChannelsAndOtherPDUsAreNoAdvertising() {
        #expect(peel([octets("7856341200000000")], .linkLayer).outcome == .other)
        let directed = octets("d6be898e" + "410c") + Array(repeating: 1, count: 12)
        #expect(peel([sealed(directed)], .linkLayer).outcome == .other)
    }

    @Test func structuresThatRunOverAreAnErrorWithAPlace() {
        var data = pdu
        data[8] = 9
        let result = peel([sealed(octets("d6be898e") + data)], .linkLayer)
        #expect(result.error == ParseError(.lengthBeyondEnd(length: 9, available: 5), at: 13))
    }
}

@Suite struct HCITests {
    private let report = octets("0301" + "060504030201" + "06" + "052a") + [1, 2, 3, 4] + [0xC4]

    private func event(_ subevent: [UInt8]) -> [UInt8] { [4, 0x3E, UInt8(subevent.count)] + subevent }

    @Test func readsSeveralReportsOfOneEvent() {
        let result = peel([event([0x02, 3] + report + report + report)], .hciH4)
        #expect(result.collected.structures == [expected, expected, expected])
    }

    @Test func aMalformedReportDoesNotTouchTheOthers() {
        var bad = report
        bad[9] = 0x20
        let result = peel([event([0x02, 2] + bad + report)], .hciH4)
        #expect(result.collected.structures == [expected])
        #expect(result.collected.malformed.count == 1)
    }

    private func extended(_ status: UInt8, _ data: [UInt8], sid: UInt8 = 1) -> [UInt8] {
        let head = [status << 5, 0, 1] + octets("060504030201") + [1, 0, sid, 127, 200, 0, 0, 0]
        return head + [0, 0, 0, 0, 0, 0, UInt8(data.count)] + data
    }

    @Test func joinsAnAdvertisementSplitOverEvents() {
        let data = octets("052a") + [1, 2, 3, 4]
        let frames = [
            event([0x0D, 1] + extended(1, Array(data[..<3]))), event([0x0D, 1] + extended(0, [2, 9, 7], sid: 2)),
            event([0x0D, 2] + extended(1, Array(data[3..<5])) + extended(0, Array(data[5...]))),
        ]
        let result = peel(frames, .hciH4)
        let other = Collected.Structure(type: 9, value: [7], direction: .heard, address: 0x0102_0304_0506)
        #expect(result.collected.structures == [other, expected])
        #expect(result.collected.malformed.isEmpty)
    }

    @Test func aFragmentWhoseEndWasLostSwallowsNothing() {
        let data = octets("052a") + [1, 2, 3, 4]
        let lost = event([0x0D, 1] + extended(1, [200, 0xFF, 1, 2]))
        let whole = event([0x0D, 1] + extended(0, data))
        let result = peel([lost, whole], .hciH4)
        #expect(result.collected.structures.contains(expected))
        #expect(result.collected.malformed.isEmpty)
        // A new scan begins: nothing is joined over it.
        let enable: [UInt8] = [1, 0x42, 0x20, 6, 1, 0, 0, 0, 0, 0]
        #expect(peel([lost, enable, whole], .hciH4).collected.structures == [expected])
    }

    @Test func fragmentsThatNeverEndAreBounded() {
        var peeler = FramePeeler()
        var collected = Collected()
        for number in 0..<5000 {
            var frame = event([0x0D, 1] + extended(1, Array(repeating: 1, count: 200)))
            frame[8] = UInt8(number & 255)
            frame[9] = UInt8(number >> 8 & 255)
            _ = try? peeler.peel(
                frame.span, of: stamp(number + 1), as: .hciH4, flags: 0, isCut: false, into: &collected.batch)
        }
        #expect(peeler.receivedFragments.count <= 256)
    }

    @Test func connectionsThatNeverEndAreBounded() {
        var peeler = FramePeeler()
        var collected = Collected()
        for number in 0..<2000 {
            let (low, high) = (UInt8(number & 255), UInt8(number >> 8))
            // A data channel whose CRC the sniffer found valid, and the beginning of an L2CAP PDU.
            let header: [UInt8] = [0, 0, 0, 0, 0, 0, 0, 0, 0x01, 0x0C]
            let frame = header + [low, high, 1, 1] + [0x02, 5, 10, 0, 4, 0, 0x1B] + [0, 0, 0]
            _ = try? peeler.peel(
                frame.span, of: stamp(number + 1), as: .linkLayerWithHeader, flags: 0, isCut: false,
                into: &collected.batch)
        }
        #expect((1...128).contains(peeler.connections.count))
        #expect((1...256).contains(peeler.followed.count))
    }

    @Test func whatIsLearnedOfAConnectionEndsWithIt() {
        var connections = Connections()
        let stream = Connections.Stream(connection: 7, isFromCentral: true)
        func openHalf() { _ = connections.take([3, 0, 4, 0, 0x1B], of: stream, isStart: true) }
        openHalf()
        connections[server: 7].learn(GATTCharacteristic.proxyDataOut, at: 9)
        let known = connections.characteristic(9, of: 7)
        #expect(known.uuid == GATTCharacteristic.proxyDataOut)
        connections.forget(7)
        #expect(connections.take([9, 0], of: stream, isStart: false) == nil)
        openHalf()
        let anew = connections.characteristic(9, of: 7)
        #expect(anew.uuid == nil && anew.generation != known.generation)
        #expect(connections.take([9, 0], of: stream, isStart: false) == [0x1B, 9, 0])
    }

    @Test func readsWhatTheHostSends() {
        let sent = Collected.Structure(type: 0x2A, value: [1, 2, 3, 4], direction: .sent, address: nil)
        let data = octets("052a") + [1, 2, 3, 4]
        let set = [1, 0x08, 0x20, 32, 6] + data + Array(repeating: 0, count: 25)
        #expect(peel([set], .hciH4).collected.structures == [sent])
        let first = [1, 0x37, 0x20, 7, 0, 1, 0, 3] + data[..<3]
        let last = [1, 0x37, 0x20, 7, 0, 2, 0, 3] + data[3...]
        #expect(peel([first, last], .hciH4).collected.structures == [sent])
        let complete = [1, 0x37, 0x20, 10, 0, 3, 0, 6] + data
        #expect(peel([complete], .hciH4).collected.structures == [sent])
        #expect(peel([[0, 0, 0, 0] + set], .hciH4WithDirection).collected.structures == [sent])
        #expect(peel([Array(set.dropFirst())], .hciH1, flags: 2).collected.structures == [sent])
        #expect(peel([Array(set.dropFirst())], .linuxMonitor, flags: 2).collected.structures == [sent])
        #expect(peel([[0, 0, 0, 2] + set.dropFirst()], .linuxMonitorWithHeader).collected.structures == [sent])
    }

    @Test func readsManagementRecordsOfMesh() {
        let data = octets("052a") + [1, 2, 3, 4]
        let send =
            octets("01000000" + "5900" + "000000000000" + "00" + "0000000000000000" + "0000" + "01" + "06") + data
        let sent = Collected.Structure(type: 0x2A, value: [1, 2, 3, 4], direction: .sent, address: nil)
        #expect(peel([send], .linuxMonitor, flags: 16).collected.structures == [sent])
        let found =
            octets("01000000" + "3100" + "060504030201" + "01" + "c4" + "0000000000000000" + "00000000" + "0600") + data
        #expect(peel([found], .linuxMonitor, flags: 17).collected.structures == [expected])
    }

    @Test func everyPrefixOfEveryFrameIsAnErrorInsideOrNothing() {
        let data = octets("052a") + [1, 2, 3, 4]
        let frames: [(Encapsulation, [UInt8], UInt32)] = [
            (.linkLayer, sealed(air), 0), (.linkLayerWithHeader, Array(repeating: 0, count: 10) + sealed(air), 0),
            (.perPacketInformation, octets("00000800fb000000") + sealed(air), 0),
            (.nordicSniffer, [0xBE, 0xEF, 6, 0, 0, 0, 0, 30, 1, 37, 60, 0, 0, 0, 0, 0, 0] + sealed(air), 0),
            (.nordicSniffer, [9, 30, 0, 3, 0, 0, 2, 10, 1, 37, 60, 0, 0, 0, 0, 0, 0] + sealed(air), 0),
            (.hciH4, event([0x02, 1] + report), 0), (.hciH4, event([0x0D, 1] + extended(0, data)), 0),
            (.hciH4, [1, 0x37, 0x20, 10, 0, 3, 0, 6] + data, 0), (.hciH1, [0x08, 0x20, 7, 6] + data, 2),
            (.hciH4WithDirection, [0, 0, 0, 1] + event([0x02, 1] + report), 0),
            (.linuxMonitorWithHeader, [0, 0, 0, 3] + event([0x02, 1] + report).dropFirst(), 0),
            (.linuxMonitor, octets("010000005900") + Array(repeating: 0, count: 18) + [6] + data, 16),
            (.linuxMonitor, octets("010000003100") + Array(repeating: 0, count: 20) + [6, 0] + data, 17),
        ]
        for (encapsulation, frame, flags) in frames {
            for count in 0..<frame.count {
                for isCut in [false, true] {
                    let result = peel([Array(frame.prefix(count))], encapsulation, flags: flags, isCut: isCut)
                    for error in result.collected.malformed + [result.error].compactMap(\.self) {
                        #expect((0...count).contains(error.offset), "\(encapsulation), \(count) octets")
                    }
                }
            }
        }
    }
}

/// A log of the Linux monitor channel holds a mesh packet twice.
@Suite struct MonitorEchoTests {
    /// LE Advertising Report of 01:02:03:04:05:06, and Mesh Device Found of the same advertisement.
    private let event = octets("3e10" + "0201" + "0300" + "060504030201" + "04" + "032a0102" + "c0")
    private let found = octets(
        "00000000" + "3100" + "060504030201" + "00" + "c0" + "0000000000000000" + "00000000" + "0400" + "032a0102")

    private func hearings(_ records: [(octets: [UInt8], opcode: UInt32, milliseconds: Int64)], _ type: Encapsulation)
        -> Int
    {
        var (peeler, collected) = (FramePeeler(), Collected())
        for (number, record) in records.enumerated() {
            let frame = FrameStamp(capture: 0, number: number + 1, nanoseconds: record.milliseconds * 1_000_000)
            _ = try? peeler.peel(
                record.octets.span, of: frame, as: type, flags: record.opcode, isCut: false, into: &collected.batch)
        }
        return collected.structures.count
    }

    @Test func theControllersEventAndTheKernelsAreOneHearing() {
        #expect(hearings([(event, 3, 0)], .linuxMonitor) == 1 && hearings([(found, 17, 0)], .linuxMonitor) == 1)
        #expect(hearings([(event, 3, 0), (found, 17, 1)], .linuxMonitor) == 1)
        #expect(hearings([(event, 3, 0), (event, 3, 20), (found, 17, 21), (found, 17, 22)], .linuxMonitor) == 2)
        #expect(hearings([(event, 3, 0), (found, 17, 101)], .linuxMonitor) == 2, "too late to be the same")
        #expect(hearings([(found, 17, 0), (found, 17, 1)], .linuxMonitor) == 2, "the same interface twice")
    }

    /// 8 octets with which the digest of whatever stands before them would be nothing, were it their product alone.
    @Test func whatDiffersIsNoEchoWhateverItEndsWith() {
        func data(_ octet: String) -> String { "112a" + String(repeating: octet, count: 8) + "93fd5966b8fee8d6" }
        let event = octets("3e1e" + "0201" + "0300" + "060504030201" + "12" + data("01") + "c0")
        func found(_ octet: String) -> [UInt8] {
            octets(
                "00000000" + "3100" + "060504030201" + "00" + "c0" + "0000000000000000" + "00000000" + "1200"
                    + data(octet))
        }
        #expect(hearings([(event, 3, 0), (found("01"), 17, 1)], .linuxMonitor) == 1)
        #expect(hearings([(event, 3, 0), (found("02"), 17, 1)], .linuxMonitor) == 2)
    }

    /// Times as far apart as numbers can be are no reason to stop.
    @Test(arguments: [Int64.min / 2, .min, .max])
    func anyTimesAreTaken(time: Int64) {
        var (peeler, collected) = (FramePeeler(), Collected())
        for (number, record) in [(event, UInt32(3), Int64.max / 2 + 1), (found, 17, time)].enumerated() {
            let frame = FrameStamp(capture: 0, number: number + 1, nanoseconds: record.2)
            _ = try? peeler.peel(
                record.0.span, of: frame, as: .linuxMonitor, flags: record.1, isCut: false, into: &collected.batch)
        }
        #expect(collected.structures.count == 2)
    }

    /// Mesh Send, and LE Set Advertising Data when its turn comes.
    @Test func whatTheDaemonSendsIsOneSending() {
        let send = octets(
            "00000000" + "5900" + "060504030201" + "00" + "0000000000000000" + "0000" + "01" + "04" + "032a0102")
        let set = octets("082020" + "04" + "032a0102") + [UInt8](repeating: 0, count: 27)
        #expect(hearings([(send, 16, 0)], .linuxMonitor) == 1 && hearings([(set, 2, 0)], .linuxMonitor) == 1)
        #expect(hearings([(send, 16, 0), (set, 2, 900)], .linuxMonitor) == 1)
        #expect(hearings([(send, 16, 0), (set, 2, 5100)], .linuxMonitor) == 2)
    }
}
