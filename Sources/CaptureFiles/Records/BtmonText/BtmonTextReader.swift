/// What `btmon` prints, as people save it or paste it into their reports: coloured or not, quoted, indented, from the middle.
///
/// The frames are put together of the octets that stand in the text, as those of link type 254, with the adapter and the time of
/// each record's heading. What the text shows by name only is left out; a record that holds too little for a frame is one of no
/// kind, and is counted. A device's name is printed as the device says it: one with a line break in it can pretend records, which
/// no key authenticates, as a stranger's frames on the air can.
final class BtmonTextReader: RecordReader {
    /// The longest line is that of 64 KiB of management data, and nobody prints those.
    private static let longestLine = 1 << 16
    /// A frame of an adapter and of an opcode that nothing has.
    private static let unreadable: [UInt8] = [0xFF, 0xFF, 0xFF, 0xFF]

    private var input: InputBuffer
    private var printed: [UInt8] = []
    private var line: [UInt8] = []
    private var next: BtmonHeading?
    private var clock = BtmonClock()
    private(set) var number = 0

    init(_ source: ByteSource) {
        input = InputBuffer(source)
    }

    /// Whether a file begins so: with a record, or with the name of the program, in one of its first lines.
    static func isBeginning(_ start: [UInt8]) -> Bool {
        guard !start.contains(0) else { return false }
        var cleaned: [UInt8] = []
        for line in start.split(separator: 0x0A) {
            cleaned.removeAll(keepingCapacity: true)
            BtmonLine.clean(line.span, into: &cleaned)
            if BtmonHeading.find(in: cleaned[...])?.isTelling == true { return true }
            if BtmonLine(cleaned[...]).text.starts(with: "Bluetooth monitor ver ".utf8) { return true }
        }
        return false
    }

    func readRecord(into octets: inout [UInt8]) throws(CaptureError) -> Record? {
        while next == nil {
            guard try readLine() else { return nil }
            next = BtmonHeading.find(in: line[...])
        }
        guard let heading = next else { return nil }
        next = nil
        var record = BtmonRecord(heading)
        while next == nil, try readLine() {
            next = BtmonHeading.find(in: line[...])
            if next == nil { record.take(line[...]) }
        }
        number += 1
        octets = record.frame() ?? Self.unreadable
        let time = record.heading.stamp?.time.map { clock.moment(of: $0) }
        return Record(time: time ?? .unknown, linkType: .bluetoothLinuxMonitor)
    }

    /// Puts the next line, cleaned, in place of the last one; false at the end of the file.
    private func readLine() throws(CaptureError) -> Bool {
        guard try input.readLine(into: &printed, longest: Self.longestLine, frame: number + 1) else { return false }
        let octets = printed
        line.removeAll(keepingCapacity: true)
        BtmonLine.clean(octets.span, into: &line)
        return true
    }
}

extension BtmonHeading {
    /// Whether nothing but `btmon` writes such a line: those of `=` and `*` anyone may.
    fileprivate var isTelling: Bool { kind != .other }
}
