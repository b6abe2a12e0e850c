import ByteParsing

/// The text that Ellisys' software imports as "Bluetooth packets" (`.bttrp`), of frames of link type 256.
///
///     FileFormat:Bluetooth
///                     version=1.0
///
///     ItemFormat:LE version=1.1
///     Item time=15102072375 aa=0x1848870A rssi=-23 rfchannel=35 phy=1Mbps rawdata="09 00 38 A4 5B"
///
/// Times are picoseconds, counted from the first frame, since a time of today would not fit; the signal power is -127 dBm where it is
/// not known.
struct EllisysTextWriter {
    static let head = "FileFormat:Bluetooth\n                version=1.0\n\nItemFormat:LE version=1.1\n"
    private static let pseudoHeader = 10
    private static let unknownPower: Int8 = -127

    private var start: CaptureTime?

    /// The line of a frame; empty where it is none of link type 256.
    mutating func line(_ frame: [UInt8], at time: CaptureTime) -> String {
        let flags = frame.count >= Self.pseudoHeader ? UInt16(frame[8]) | UInt16(frame[9]) << 8 : 0
        let isCoded = flags & 0xC000 == 0x8000
        let head = Self.pseudoHeader + (isCoded ? 5 : 4)
        guard frame.count > head else { return "" }
        let start = start ?? time
        self.start = start
        let accessAddress = frame[10..<14].reversed().reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
        let power = flags & 0x0002 != 0 ? Int8(bitPattern: frame[1]) : Self.unknownPower
        let coding =
            isCoded ? "Coded coding=Coded\(frame[14] & 3 == 1 ? 2 : 8)" : flags & 0xC000 == 0x4000 ? "2Mbps" : "1Mbps"
        let octets = frame[head...].map { Hexadecimal.text($0, digits: 2).uppercased() }.joined(separator: " ")
        let (picoseconds, overflow) = max(0, time.nanoseconds - start.nanoseconds).multipliedReportingOverflow(by: 1000)
        return "Item time=\(overflow ? Int64.max : picoseconds)"
            + " aa=0x\(Hexadecimal.text(accessAddress, digits: 8).uppercased()) rssi=\(power) rfchannel=\(frame[0])"
            + " phy=\(coding) rawdata=\"\(octets)\"\n"
    }
}
