/// The containers that captures come in. Everything that is said of them, in errors, help and README, follows from here.
public enum CaptureFormat: String, CaseIterable, Codable, Hashable, Sendable {
    /// The classic format of tcpdump and libpcap.
    case pcap
    /// The format of Wireshark: draft-ietf-opsawg-pcapng.
    case pcapng
    /// The format of Bluetooth hosts: RFC 1761's snoop with numbers of its own.
    case btsnoop

    /// What of the format is read, as a line of a table.
    public var summary: String {
        switch self {
        case .pcap: "micro- and nanoseconds, both byte orders"
        case .pcapng: "several interfaces and sections, also of different link types and byte orders"
        case .btsnoop: "what `btmon`, Android and others write"
        }
    }

    /// The names of all formats, as they stand in a sentence: `a, b and c`.
    public static let list = allCases.map(\.rawValue).listed()

    /// One way in which a capture can begin, and what follows from it.
    struct Signature: Hashable, Sendable {
        let format: CaptureFormat
        let magic: [UInt8]
        /// Decimal digits of a second that the frames' times have; in a pcapng, an interface may say otherwise.
        let timeDigits: Int
    }

    /// Every beginning that is recognised. Each magic number stands in the byte order of the file.
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
    ]

    /// Octets that must be seen to recognise any format.
    static let longestMagic = signatures.map(\.magic.count).max() ?? 0

    /// The signature that a file begins with; `nil` if it is no capture of a known kind.
    static func recognise(_ start: [UInt8]) -> Signature? {
        signatures.first { start.starts(with: $0.magic) }
    }
}

extension [String] {
    /// As in a sentence: `a`, `a and b`, `a, b and c`; empty if there are none.
    func listed() -> String {
        guard let last, count > 1 else { return first ?? "" }
        return dropLast().joined(separator: ", ") + " and " + last
    }
}
