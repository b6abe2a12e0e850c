import CaptureFiles
import Foundation
import TestSupport
import Testing

/// What a reader gave of a file.
struct ReadBack: Equatable {
    var frames: [[UInt8]] = []
    var times: [Int64] = []
    var linkTypes: [LinkType] = []
    var flags: [UInt32] = []
    var numbers: [Int] = []
    var failure: CaptureError?
}

func readBack(_ octets: [UInt8], name: String = "capture") throws -> ReadBack {
    let folder = try Checkout.temporaryFolder()
    defer { try? FileManager.default.removeItem(at: folder) }
    let path = folder.appending(path: name).path
    try Data(octets).write(to: URL(filePath: path))
    return try readBack(path: path)
}

func readBack(path: String) throws -> ReadBack {
    var result = ReadBack()
    var file = try CaptureFile(path: path)
    do throws(CaptureError) {
        while let frame = try file.nextFrame() {
            result.frames.append((0..<frame.bytes.count).map { frame.bytes[$0] })
            result.times.append(frame.time.nanoseconds)
            result.linkTypes.append(frame.linkType)
            result.flags.append(frame.flags)
            result.numbers.append(frame.number)
        }
    } catch {
        result.failure = error
    }
    return result
}

private let times = [
    CaptureTime(seconds: 1_780_272_000, nanoseconds: 123_456_000), CaptureTime(seconds: 1_780_272_001),
]
private let frames: [[UInt8]] = [[1, 2, 3], Array(repeating: 9, count: 70)]

private func capture(_ container: CaptureContainer, _ linkType: LinkType) -> [UInt8] {
    var writer = CaptureWriter(container, linkTypes: [linkType])
    for (frame, time) in zip(frames, times) { writer.write(frame, at: time, flags: 3) }
    return writer.removeOctets()
}

@Suite struct CaptureFileTests {
    static let containers: [(CaptureContainer, LinkType)] = [
        (.pcap(.little, .microseconds), .bluetoothLELinkLayer), (.pcap(.big, .microseconds), .bluetoothLELinkLayer),
        (.pcap(.little, .nanoseconds), .nordicBLE), (.pcap(.big, .nanoseconds), .nordicBLE),
        (.pcapng(.little, .microseconds), .bluetoothHCIH4), (.pcapng(.big, .microseconds), .bluetoothHCIH4),
        (.pcapng(.little, .nanoseconds), .bluetoothLinuxMonitor), (.pcapng(.big, .nanoseconds), .bluetoothLinuxMonitor),
        (.btsnoop, .btsnoopH1), (.btsnoop, .btsnoopH4), (.btsnoop, .btsnoopMonitor),
    ]

    @Test(arguments: containers)
    func readsEveryContainerByContentAndCompressed(container: CaptureContainer, linkType: LinkType) throws {
        let octets = capture(container, linkType)
        let plain = try readBack(octets, name: "a.txt")
        #expect(plain.frames == frames)
        #expect(plain.times == times.map(\.nanoseconds))
        #expect(plain.linkTypes == [linkType, linkType])
        #expect(plain.numbers == [1, 2])
        #expect(plain.failure == nil)
        if container == .btsnoop { #expect(plain.flags == [3, 3]) }
        #expect(try readBack(Gzip.compress(octets)) == plain)
    }

    @Test(arguments: containers)
    func everyPrefixEndsWithTheFramesBeforeIt(container: CaptureContainer, linkType: LinkType) throws {
        let octets = capture(container, linkType)
        for count in 0..<octets.count {
            do {
                let result = try readBack(Array(octets.prefix(count)))
                #expect(result.frames.count < 2)
                #expect(result.frames == Array(frames.prefix(result.frames.count)))
                if result.failure == nil, container != .btsnoop { continue }
            } catch let error as CaptureError {
                #expect(!error.explanation.isEmpty)
            }
        }
    }

    @Test(arguments: [CaptureContainer.ByteOrder.little, .big])
    func readsInterfacesThatDiffer(order: CaptureContainer.ByteOrder) throws {
        // libpcap refuses such a file; frames come out in their order, each with its own link type.
        let types: [LinkType] = [.bluetoothLELinkLayer, .bluetoothLinuxMonitor, .nordicBLE]
        var writer = CaptureWriter(.pcapng(order, .microseconds), linkTypes: types)
        for number in 0..<9 { writer.write([UInt8(number)], at: times[0], interface: number % 3) }
        let octets = writer.removeOctets()
        let result = try readBack(octets)
        #expect(result.frames == (0..<9).map { [UInt8($0)] })
        #expect(result.linkTypes == [0, 1, 2, 0, 1, 2, 0, 1, 2].map { types[$0] })
        #expect(result.times == Array(repeating: times[0].nanoseconds, count: 9))
    }

    @Test func readsSectionsThatDifferInByteOrder() throws {
        let octets =
            capture(.pcapng(.little, .microseconds), .bluetoothLELinkLayer)
            + capture(.pcapng(.big, .nanoseconds), .nordicBLE)
        let result = try readBack(octets)
        #expect(result.frames == frames + frames)
        #expect(result.linkTypes == [.bluetoothLELinkLayer, .bluetoothLELinkLayer, .nordicBLE, .nordicBLE])
        #expect(result.numbers == [1, 2, 3, 4])
        #expect(result.times == (times + times).map(\.nanoseconds))
    }

    @Test func aRecordLengthBeyondTheFileBreaksOffThere() throws {
        for (container, linkType, place) in [
            (CaptureContainer.pcap(.little, .microseconds), LinkType.bluetoothLELinkLayer, 24 + 16 + 3 + 8),
            (.btsnoop, .btsnoopH4, 16 + 24 + 3 + 4 + 2),
        ] {
            var octets = capture(container, linkType)
            octets[place] = 0x7F
            let result = try readBack(octets)
            #expect(result.frames == [frames[0]])
            let failure = try #require(result.failure)
            #expect(failure.kind == .brokenOff)
        }
    }

    @Test func refusesWhatIsNoCaptureAndSaysWhy() throws {
        let folder = try Checkout.temporaryFolder()
        defer { try? FileManager.default.removeItem(at: folder) }
        func failure(_ path: String) -> CaptureError? {
            do throws(CaptureError) {
                _ = try CaptureFile(path: path)
                return nil
            } catch {
                return error
            }
        }
        #expect(failure(folder.path)?.explanation.contains("directory") == true)
        #expect(failure(folder.path + "/none")?.kind == .cannotOpen)
        for (octets, word) in [
            ([UInt8](), "empty"), (Array("hello world".utf8), "text"), ([0x7F, 0x45, 0x4C, 0x46], "7f 45 4c 46"),
            ([0xD4], "d4"),
        ] {
            let path = folder.appending(path: "x").path
            try Data(octets).write(to: URL(filePath: path))
            #expect(failure(path)?.kind == .notACapture)
            #expect(failure(path)?.explanation.contains(word) == true)
        }
    }

    @Test(.enabled(if: Checkout.hasShared, "../shared is not there"))
    func walksContainerFilesOfOthers() throws {
        let folder = Checkout.shared.appending(path: "captures/gopacket")
        var walked = 0
        for order in ["be", "le"] {
            for name in try FileManager.default.contentsOfDirectory(atPath: folder.path + "/" + order).sorted() {
                _ = try? readBack(path: folder.path + "/" + order + "/" + name)
                walked += 1
            }
        }
        #expect(walked == 52)
        // test001: four Ethernet frames of one interface in both byte orders, read alike.
        let little = try readBack(path: folder.path + "/le/test001.pcapng")
        let big = try readBack(path: folder.path + "/be/test001.pcapng")
        #expect(little == big)
        #expect(!little.frames.isEmpty && little.failure == nil)
    }
}

@Suite struct CaptureTimeTests {
    @Test func writesRFC3339InUTCWithTheDigitsAsked() {
        let time = CaptureTime(seconds: 1_780_272_000, nanoseconds: 12_345_678)
        #expect(time.text(digits: 6) == "2026-06-01T00:00:00.012345Z")
        #expect(time.text(digits: 9) == "2026-06-01T00:00:00.012345678Z")
        #expect(time.text(digits: 0) == "2026-06-01T00:00:00Z")
        #expect(CaptureTime(nanoseconds: -1).text(digits: 9) == "1969-12-31T23:59:59.999999999Z")
    }

    /// From the first to the last moment, the calendar is Foundation's.
    @Test func eachDayIsWrittenAsFoundationWritesIt() {
        let ends = [CaptureTime(nanoseconds: .min + 1), CaptureTime(nanoseconds: .max)]
        let days = (-106_751...106_751).lazy.map { CaptureTime(seconds: $0 * 86_400 + ($0 & 1) * 86_399) }
        for time in ends + days {
            let second = time.nanoseconds / 1_000_000_000 - (time.nanoseconds % 1_000_000_000 < 0 ? 1 : 0)
            let date = Date(timeIntervalSince1970: Double(second))
            #expect(time.text(digits: 0) == date.formatted(.iso8601))
        }
    }

    @Test func staysWithinItsRange() {
        let farthest = CaptureTime(seconds: .max)
        #expect(farthest == CaptureTime(nanoseconds: .max))
        let earliest = CaptureTime(nanoseconds: .min + 1)
        #expect(CaptureTime(seconds: .min, nanoseconds: -5) == earliest)
        #expect(!farthest.text(digits: 6).isEmpty && !earliest.text(digits: 6).isEmpty)
        #expect(farthest.advanced(by: .seconds(5)) == farthest && earliest.advanced(by: .seconds(-5)) == earliest)
        #expect(farthest.since(earliest) > .zero && earliest.since(farthest) < .zero)
    }

    @Test func anUnknownTimeIsNoMoment() {
        let unknown = CaptureTime.unknown
        #expect(!unknown.isKnown && unknown.text(digits: 6) == "unknown")
        #expect(unknown.advanced(by: .seconds(5)) == unknown && unknown.since(unknown) == .zero)
        #expect(CaptureTime(nanoseconds: 0).isKnown)
    }
}

@Suite struct RunTests {
    /// Each fixture, whatever its container, has the same frames in runs of any size.
    @Test(arguments: Checkout.fixtures())
    func framesDoNotDependOnHowManyAreWantedAtOnce(_ name: String) throws {
        let path = Checkout.captures.appending(path: name).path
        let single = try numbersAndTimes(path, atMost: 1)
        for most in [Int.min, 0, 7, 64, .max] { #expect(try numbersAndTimes(path, atMost: most) == single) }
    }

    private func numbersAndTimes(_ path: String, atMost most: Int) throws -> [String] {
        var file = try CaptureFile(path: path)
        var all: [String] = []
        do throws(CaptureError) {
            while let frames = try file.nextFrames(atMost: most) {
                for place in 0..<frames.count {
                    let frame = frames.frame(at: place)
                    all.append("\(frame.number) \(frame.time.nanoseconds) \(frame.bytes.count)")
                }
            }
        } catch {
            all.append(error.description)
        }
        return all
    }
}

@Suite struct SavedValueTests {
    @Test func timesLinkTypesFormatsAndErrorsAreSavedAndReadAgain() throws {
        func saved<Value: Codable & Equatable>(_ value: Value) throws -> String {
            let encoder = JSONEncoder()
            encoder.outputFormatting = .sortedKeys
            let data = try encoder.encode(value)
            #expect(try JSONDecoder().decode(Value.self, from: data) == value)
            return String(decoding: data, as: UTF8.self)
        }
        #expect(
            try saved([CaptureTime(nanoseconds: .min), CaptureTime(seconds: 2)]) == "[-9223372036854775808,2000000000]")
        #expect(try saved(LinkType.btsnoopMonitor) == #"{"number":2001,"registry":"btsnoop"}"#)
        let formats = #"["pcap","pcapng","btsnoop","pklg","btt","bttrp","hcidump","btmon text"]"#
        #expect(try saved(CaptureFormat.allCases) == formats)
        let error = CaptureError(.brokenOff, path: "x", "ends")
        #expect(try saved(error) == #"{"explanation":"ends","kind":"brokenOff","path":"x"}"#)
    }
}
