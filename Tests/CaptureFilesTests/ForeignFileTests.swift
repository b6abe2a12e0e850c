import Foundation
import TestSupport
import Testing

@testable import CaptureFiles

/// A file of each kind that is recognised, by the first words of what is said of it.
private struct Example {
    let phrase: String
    var path = "x"
    var compression: Compression?
    let octets: [UInt8]

    init(_ phrase: String, path: String = "x", _ octets: [UInt8], in compression: Compression? = nil) {
        self.phrase = phrase
        self.path = path
        self.octets = octets
        self.compression = compression
    }

    init(_ phrase: String, _ text: String) { self.init(phrase, Array(text.utf8)) }

    var start: FileStart { FileStart(path: path, octets: octets, compression: compression) }
}

/// An entry of a zip archive, of nothing.
private func zip(_ name: String) -> [UInt8] {
    Array("PK\u{03}\u{04}".utf8) + Array(repeating: 0, count: 22) + [UInt8(name.utf8.count), 0, 0, 0] + Array(name.utf8)
}

/// Wireshark's exports are what tshark 4.0 prints of `Captures/steady.pcap`; of Ellisys' only the names of columns are known.
private let examples: [Example] =
    Compression.allCases.map { compression in
        let magics: [Compression: [UInt8]] = [
            .gzip: [0x1F, 0x8B, 8], .zstandard: [0x28, 0xB5, 0x2F, 0xFD], .xz: [0xFD, 0x37, 0x7A, 0x58, 0x5A, 0],
        ]
        return Example("is \(compression.rawValue)", magics[compression] ?? [], in: .gzip)
    } + [
        Example(
            "is a zip archive of an Android bug report", zip("version.txt") + zip("FS/data/misc/bluetooth/logs/x.log")),
        Example("is a zip archive of an Android bug report", zip("bugreport-panther-UQ1A-2024-01-01-10-00-00.txt")),
        Example("is a zip archive of an Android bug report", path: "/x/bugreport-1.zip", zip("main_entry.txt")),
        Example("is a zip archive", zip("steady.pcap")), Example("is a zip archive", Array("PK\u{05}\u{06}".utf8)),
        Example("is a zip archive", Array("PK\u{03}\u{04}".utf8)),
        Example("is a 7z archive", [0x37, 0x7A, 0xBC, 0xAF, 0x27, 0x1C, 0, 4]),
        Example("is a rar archive", "Rar!\u{1A}\u{07}\u{01}"),
        Example(
            "is a tar archive", Array("steady.pcap".utf8) + Array(repeating: 0, count: 246) + Array("ustar  ".utf8)),
        Example("is a tar archive", Array(repeating: 0, count: 257) + Array("ustar\0".utf8), in: .gzip),
        Example("is compressed with bzip2", Array("BZh9".utf8) + [0x31, 0x41, 0x59, 0x26, 0x53, 0x59]),
        Example("is compressed with bzip2", Array("BZh1".utf8) + [0x17, 0x72, 0x45, 0x38, 0x50, 0x90]),
        Example("is compressed with lz4", [0x04, 0x22, 0x4D, 0x18, 0x64]),
        Example("is compressed with lz4", [0x02, 0x21, 0x4C, 0x18, 0x10]),
        Example("is compressed with lzip", "LZIP\u{01}"), Example("is compressed with compress", [0x1F, 0x9D, 0x90]),
        Example(
            "is compressed with LZMA of before xz", [0x5D, 0, 0, 0x80, 0] + Array(repeating: 0xFF, count: 8) + [0, 1]),
        Example(
            "is a trace of Windows", [0, 0, 1, 0] + Array(repeating: 0, count: 68) + [2, 0, 2, 0xC0, 0x20, 1, 0, 0]),
        Example(
            "is a trace of Windows", [0, 0x40, 0, 0] + Array(repeating: 0, count: 68) + [2, 0, 1, 0xC0, 0x20, 1, 0, 0]),
        Example("is a capture of Frontline's ComProbe", path: "/x/Walk.CFA", [0x46, 0x54, 0, 1, 2, 3]),
        Example("is a Bluetooth log that Android compressed", [2, 1, 2, 3, 4, 5, 6, 7, 8, 0x78, 0x9C, 0xED]),
        Example(
            "is a text", "--- BEGIN:BTSNOOP_LOG_SUMMARY (1234 bytes in) ---\nAh5f\n--- END:BTSNOOP_LOG_SUMMARY ---\n"),
        Example("is an export of Wireshark", "Frame 1: 50 bytes on wire (400 bits), 50 bytes captured (400 bits)\n"),
        Example(
            "is an export of Wireshark",
            "    1   0.000000 c0:00:00:00:01:05 → ff:ff:ff:ff:ff:ff BT Mesh 50 ADV_NONCONN_IND\n"),
        Example(
            "is an export of Wireshark",
            "No.     Time           Source                Destination           Protocol Length Info\n"),
        Example(
            "is an export of Wireshark",
            "\"No.\",\"Time\",\"Source\",\"Destination\",\"Protocol\",\"Length\",\"Info\"\n"),
        Example(
            "is an export of Wireshark", "0000  00 c8 80 00 d6 be 89 8e 13 0c d6 be 89 8e 42 1f   ..............B.\n"),
        Example(
            "is an export of Wireshark",
            "<?xml version=\"1.0\"?>\n<!-- x -->\n<pdml version=\"0\" creator=\"wireshark/4.0.17\">\n"),
        Example(
            "is an export of Wireshark", "<?xml version=\"1.0\"?>\n<psml version=\"0\" creator=\"wireshark/4.0.17\">\n"),
        Example(
            "is an export of Wireshark",
            "[\n  {\n    \"_index\": \"packets-2026-06-01\",\n    \"_source\": {\n      \"layers\": {\n"),
        Example("is an export of Wireshark", "{\"index\":{\"_index\":\"packets-2026-06-01\",\"_type\":\"doc\"}}\n"),
        Example(
            "is an export of Ellisys",
            "\"Item\",\"Communication\",\"Payload\",\"Time\"\n\"ADV_IND\",\"\",\"\",\"0.1\"\n"),
        Example("is an export of Ellisys", "\u{FEFF}Item;Status;Time\n"),
        Example("is a picture (PNG)", [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A, 0]),
        Example("is a picture (JPEG)", [0xFF, 0xD8, 0xFF, 0xE0]), Example("is a PDF", "%PDF-1.7\n"),
        Example("is a text in UTF-16", [0xFF, 0xFE] + "No. 1\n".utf16.flatMap { [UInt8($0), 0] }),
        Example("is a text in UTF-16", [0xFE, 0xFF] + "No. 1\n".utf16.flatMap { [0, UInt8($0)] }),
        Example("is a web page", "\n<!DOCTYPE html>\n<html><head>"), Example("is a web page", "<HTML>"),
        Example("looks like keys", "{\n  \"networks\": [ { \"netkeys\": ["),
        Example("looks like keys", "{\"meshUUID\": \"\", \"nodes\": []"),
        Example("looks like keys", "{\"meshNetwork\": {}}"), Example("looks like keys", "\u{FEFF}{\"netKeys\": []}"),
        Example("looks like keys", "# Wireshark\n\"0x7dd7364cd842ad18c17c2b820c84c3d6\",\"\",\"0x12345678\"\n"),
        Example("looks like keys", "NetIdx  NetKey\n0x000   7dd7\n"),
        Example("is JSON", "{\"a\": 1}"), Example("is JSON", "[1]"),
    ]

@Suite struct ForeignFileTests {
    @Test func everyKindHasAnExampleAndIsToldFromTheOthers() throws {
        var met: Set<String> = []
        for example in examples {
            for use in FileUse.allCases {
                let kind = ForeignFile.recognise(example.start, as: use)
                guard
                    ForeignFile.kinds.contains(where: { $0.phrase.hasPrefix(example.phrase) && $0.uses.contains(use) })
                else {
                    #expect(kind == nil, "\(example.phrase): \(kind?.phrase ?? "")")
                    continue
                }
                let found = try #require(kind, "\(example.phrase)")
                #expect(found.phrase.hasPrefix(example.phrase), "\(example.phrase): \(found.phrase)")
                met.insert(found.phrase)
                let said = found.explanation(example.start, as: use)
                #expect(said.hasPrefix(found.phrase) && said.contains(": ") && said.count > found.phrase.count + 20)
            }
        }
        #expect(met == Set(ForeignFile.kinds.map(\.phrase)), "a kind has no example here")
        #expect(met.count == ForeignFile.kinds.count)
    }

    @Test func anAndroidBugReportIsToldWhichEntryToTake() throws {
        let start = FileStart(
            path: "x.zip", octets: zip("FS/data/misc/bluetooth/logs/btsnoop_hci.log"), compression: nil)
        let said = try #require(ForeignFile.recognise(start, as: .capture)).explanation(start, as: .capture)
        #expect(
            said.contains(
                "'unzip -p FILE FS/data/misc/bluetooth/logs/btsnoop_hci.log | meshscope analyze - --keys KEYS'"))
        #expect(said.contains("FS/data/log/bt/btsnoop_hci.log"))
    }

    /// Of every kind of capture and key file that the repository has, none is taken for something else.
    @Test func noFixtureAndNoKeyFileIsForeign() throws {
        for name in Checkout.fixtures() {
            let source = try ByteSource(path: Checkout.captures.appending(path: name).path)
            #expect(ForeignFile.recognise(FileStart(source), as: .capture, isCapture: true) == nil, "\(name)")
            #expect(ForeignFile.explainNoKeys(source)?.hasPrefix("is a capture (") == true, "\(name)")
            guard let keys = Checkout.keyFile(of: name) else { continue }
            let file = try ByteSource(path: keys)
            #expect(ForeignFile.explainNoKeys(file) == nil, "\(keys)")
            #expect(ForeignFile.recognise(FileStart(file), as: .capture)?.phrase == "looks like keys", "\(keys)")
        }
    }

    @Test func textIsSaidOnlyOfText() {
        func isText(_ octets: [UInt8]) -> Bool { FileStart(path: "x", octets: octets).text != nil }
        for text in ["a", "Größe\n", "→ 網\t\r\n", "\u{1B}[1mbold", "\u{FEFF}a"] { #expect(isText(Array(text.utf8))) }
        for octets in [[], [0], [0x61, 0], [0xFF], [0x61, 0xC3], [0xC3, 0x28], [0x08], [0x7F]] as [[UInt8]] {
            #expect(!isText(octets), "\(octets)")
        }
        // A character may be cut off where looking ends, and nowhere else.
        for length in 1...3 {
            let whole = Array(String(repeating: "網", count: 2000).utf8)
            let cut = Array(repeating: 0x61, count: length) + whole.prefix(CaptureFormat.beginning - length)
            #expect(isText(cut))
            #expect(!isText(Array(cut.dropLast(7)) + [0xE7, 0x61]))
        }
    }

    /// The log stands near the end of what `dumpsys` prints, far behind what is looked at first.
    @Test func aCompressedLogIsFoundFarIntoAText() throws {
        let folder = try Checkout.temporaryFolder()
        defer { try? FileManager.default.removeItem(at: folder) }
        let path = folder.appending(path: "bugreport.txt").path
        let line = "--- BEGIN:BTSNOOP_LOG_SUMMARY (1 bytes in) ---\n"
        for (padding, isThere) in [(65_500, true), (65_536, true), (65_560, true), (300_000, true), (300_000, false)] {
            let text = String(repeating: "x", count: padding) + "\n" + (isThere ? line : "")
            try Data(text.utf8).write(to: URL(filePath: path))
            let error = #expect(throws: CaptureError.self) { try readBack(path: path) }
            #expect(error?.explanation.contains("'btsnooz.py FILE > capture.btsnoop'") == isThere, "\(padding)")
            #expect(error?.explanation.contains("text") == true)
        }
    }

    /// Every prefix of every example, as a file: something is said, no frame is read, and never that it is text where it is none.
    @Test func everyPrefixIsRefused() throws {
        for example in examples where example.compression == nil {
            for count in 0...min(example.octets.count, 80) {
                let octets = Array(example.octets.prefix(count))
                var failure: CaptureError?
                do {
                    let result = try readBack(octets, name: "x")
                    #expect(result.frames.isEmpty)
                    failure = result.failure
                } catch let error as CaptureError {
                    failure = error
                }
                let said = try #require(failure?.explanation, "\(example.phrase), \(count) octets")
                #expect(!said.isEmpty)
                #expect(!said.contains("but text") || FileStart(path: "x", octets: octets).text != nil)
            }
        }
    }

    @Test func everyLinkTypeOf802154IsNamedSo() {
        for (type, name) in LinkType.known { #expect(type.isIEEE802154 == (name == "IEEE 802.15.4"), "\(type)") }
        #expect(LinkType.known.count { $0.type.isIEEE802154 } == 4)
    }
}
