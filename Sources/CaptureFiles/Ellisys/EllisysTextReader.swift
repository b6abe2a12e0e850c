import ByteParsing

/// The text that Ellisys' software imports as "Bluetooth packets" (`.bttrp`), an item a line; `EllisysTextWriter` draws it.
///
/// It has no date: times count from 1970. Lines that are no items, and items that are not complete, are passed over and counted.
final class EllisysTextReader: RecordReader {
    static let magic: [UInt8] = Array("FileFormat:Bluetooth".utf8)
    /// An item of the longest PDU has fewer octets.
    private static let longestLine = 1 << 14
    private static let item = "Item "

    private var input: InputBuffer
    private var line: [UInt8] = []
    private(set) var number = 0
    private(set) var losses = CaptureLosses()

    init(_ source: ByteSource) {
        input = InputBuffer(source)
    }

    func readRecord(into octets: inout [UInt8]) throws(CaptureError) -> Record? {
        while try input.readLine(into: &line, longest: Self.longestLine, frame: number + 1) {
            let line = String(decoding: line, as: UTF8.self)
            guard line.hasPrefix(Self.item) else { continue }
            guard let item = Item(line.dropFirst(Self.item.count)) else {
                losses.damages += 1
                continue
            }
            octets = item.frame
            number += 1
            return Record(time: item.time, linkType: .bluetoothLELinkLayerWithHeader)
        }
        return nil
    }

    private struct Item {
        var time: CaptureTime
        var frame: [UInt8]

        /// `key=value` by spaces; a value in quotes may hold spaces.
        init?(_ text: Substring) {
            var values: [Substring: Substring] = [:]
            var rest = text
            while let equals = rest.firstIndex(of: "=") {
                let key = rest[..<equals].drop { $0 == " " }
                rest = rest[rest.index(after: equals)...]
                let isQuoted = rest.first == "\""
                if isQuoted { rest = rest.dropFirst() }
                let end = rest.firstIndex { $0 == (isQuoted ? "\"" : " ") || $0 == "\r" } ?? rest.endIndex
                values[key] = rest[..<end]
                rest = rest[end...].dropFirst()
            }
            guard let picoseconds = values["time"].flatMap({ UInt64($0) }),
                let address = values["aa"].flatMap({ $0.hasPrefix("0x") ? UInt32($0.dropFirst(2), radix: 16) : nil }),
                let channel = values["rfchannel"].flatMap({ UInt8($0) }), channel < 40,
                let pdu = values["rawdata"].flatMap(Self.octets), pdu.count >= 2
            else { return nil }
            time = CaptureTime(nanoseconds: Int64(picoseconds / 1000))
            let power = values["rssi"].flatMap { Double($0) }.map { Int8(clamping: Int(max(-128, min(127, $0)))) }
            let coding: [UInt8] = values["phy"] == "Coded" ? [values["coding"] == "Coded2" ? 1 : 0] : []
            let phy: UInt16 = values["phy"] == "2Mbps" ? 0x4000 : coding.isEmpty ? 0 : 0x8000
            // Dewhitened, reference access address valid.
            let flags: UInt16 = 0x0011 | (power == nil ? 0 : 0x0002) | phy
            frame = [channel, UInt8(bitPattern: power ?? 0), 0x80, 0, 0xD6, 0xBE, 0x89, 0x8E]
            frame += [UInt8(truncatingIfNeeded: flags), UInt8(flags >> 8)]
            frame += (0..<4).map { UInt8(truncatingIfNeeded: address >> UInt32(8 * $0)) }
            frame += coding + pdu
        }

        private static func octets(_ text: Substring) -> [UInt8]? {
            let octets = text.split(separator: " ").map { $0.utf8.count <= 2 ? UInt8($0, radix: 16) : nil }
            return octets.contains(nil) ? nil : octets.compactMap(\.self)
        }
    }
}
