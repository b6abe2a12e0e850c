/// The containers that captures come in. Everything that is said of them, in errors, help and README, follows from here.
public enum CaptureFormat: String, CaseIterable, Codable, Hashable, Sendable {
    /// The classic format of tcpdump and libpcap.
    case pcap
    /// The format of Wireshark: draft-ietf-opsawg-pcapng.
    case pcapng
    /// The format of Bluetooth hosts: RFC 1761's snoop with numbers of its own.
    case btsnoop
    /// Apple's PacketLogger.
    case packetLogger = "pklg"
    /// A trace of Ellisys' Bluetooth analysers.
    case ellisysTrace = "btt"
    /// The text that Ellisys' software imports.
    case ellisysText = "bttrp"
    /// The dumps of BlueZ before `btmon`.
    case hcidump
    /// What `btmon` prints.
    case btmonText = "btmon text"

    /// What of the format is read, as a line of a table.
    public var summary: String {
        switch self {
        case .pcap: "micro- and nanoseconds, both byte orders"
        case .pcapng: "several interfaces and sections, also of different link types and byte orders"
        case .btsnoop: "what `btmon`, Android and others write"
        case .ellisysTrace: "a trace of an Ellisys analyser, damaged ones too"
        case .ellisysText: "the text that Ellisys' software imports, which has no date"
        case .packetLogger: "Apple's PacketLogger, both byte orders; BTstack writes it too"
        case .hcidump: "what the old `hcidump -w` wrote"
        case .btmonText:
            "what `btmon` prints, also quoted, indented, coloured or from the middle, as far as its octets stand there"
        }
    }

    /// The names of all formats, as they stand in a sentence: `a, b and c`.
    public static let list = allCases.map(\.rawValue).listed()

    /// One way in which a capture can begin, and what follows from it.
    struct Signature: Sendable {
        let format: CaptureFormat
        /// Decimal digits of a second that the frames' times have; in a pcapng, an interface may say otherwise.
        let timeDigits: Int
        /// Whether it has a magic number, and is not told by the shape of its first records.
        let hasMagic: Bool
        /// Whether a file begins so.
        let isBeginning: @Sendable (_ start: [UInt8]) -> Bool

        init(
            format: CaptureFormat, timeDigits: Int, isBeginning: @escaping @Sendable (_ start: [UInt8]) -> Bool
        ) {
            self.format = format
            self.timeDigits = timeDigits
            self.isBeginning = isBeginning
            hasMagic = false
        }

        init(format: CaptureFormat, magic: [UInt8], timeDigits: Int) {
            self.format = format
            self.timeDigits = timeDigits
            isBeginning = { $0.starts(with: magic) }
            hasMagic = true
        }
    }

    /// Every beginning that is recognised. Each magic number stands in the byte order of the file; what has none is told by the
    /// shape of its first records, and comes last.
    static let signatures: [Signature] = [
        Signature(format: .pcap, magic: [0xD4, 0xC3, 0xB2, 0xA1], timeDigits: 6),
        Signature(format: .pcap, magic: [0xA1, 0xB2, 0xC3, 0xD4], timeDigits: 6),
        Signature(format: .pcap, magic: [0x4D, 0x3C, 0xB2, 0xA1], timeDigits: 9),
        Signature(format: .pcap, magic: [0xA1, 0xB2, 0x3C, 0x4D], timeDigits: 9),
        // Alexey Kuznetsov's records, which are longer: libpcap knows them.
        Signature(format: .pcap, magic: [0x34, 0xCD, 0xB2, 0xA1], timeDigits: 6),
        Signature(format: .pcap, magic: [0xA1, 0xB2, 0xCD, 0x34], timeDigits: 6),
        Signature(format: .pcapng, magic: [0x0A, 0x0D, 0x0D, 0x0A], timeDigits: 6),
        Signature(format: .btsnoop, magic: BtsnoopReader.magic, timeDigits: 6),
        Signature(format: .ellisysTrace, magic: EllisysTraceReader.magic, timeDigits: 9),
        Signature(format: .ellisysText, magic: EllisysTextReader.magic, timeDigits: 9),
        Signature(format: .hcidump, timeDigits: 6, isBeginning: HcidumpReader.isBeginning),
        Signature(format: .packetLogger, timeDigits: 6) { PacketLoggerReader.byteOrder(of: $0) != nil },
        Signature(format: .btmonText, timeDigits: 6, isBeginning: BtmonTextReader.isBeginning),
    ]

    /// Octets of a file that are looked at to recognise it.
    static let beginning = 4096

    /// The signature that a file begins with; `nil` if it is no capture of a known kind.
    static func recognise(_ start: [UInt8]) -> Signature? {
        signatures.first { $0.isBeginning(start) }
    }
}

extension [String] {
    /// As in a sentence: `a`, `a and b`, `a, b and c`; empty if there are none.
    func listed(_ conjunction: String = "and") -> String {
        guard let last, count > 1 else { return first ?? "" }
        return dropLast().joined(separator: ", ") + " \(conjunction) " + last
    }
}
