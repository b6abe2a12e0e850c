/// How a capture or a file of keys may be compressed, recognised by its first octets and read on the way, one level deep.
/// Everything that is said of it, in errors, help and README, follows from here.
public enum Compression: String, CaseIterable, Sendable {
    /// RFC 1952.
    case gzip
    /// RFC 8878, Zstandard.
    case zstandard = "zstd"
    /// The .xz container of LZMA2.
    case xz

    /// The names of all, as they stand in a sentence: `a, b or c`.
    public static let list = allCases.map(\.rawValue).listed("or")

    /// What a decompressor may need at most, whatever a file asks for.
    static let mostMemory = 128 << 20

    /// Octets of a file that are looked at to recognise a compression.
    static let beginning = 6

    /// The compression of a file that begins so; `nil` if it is none.
    static func recognise(_ start: some Collection<UInt8>) -> Compression? {
        allCases.first { $0.isBeginning(start) }
    }

    /// Whether a stream begins so; of gzip, what this is also where the rest is damaged.
    func isBeginning(_ start: some Collection<UInt8>) -> Bool {
        switch self {
        case .gzip: start.starts(with: [0x1F, 0x8B])
        // A skippable frame may come first, as pzstd writes it.
        case .zstandard:
            start.starts(with: [0x28, 0xB5, 0x2F, 0xFD])
                || start.first.map { $0 & 0xF0 == 0x50 } == true && start.dropFirst().starts(with: [0x2A, 0x4D, 0x18])
        case .xz: start.starts(with: [0xFD, 0x37, 0x7A, 0x58, 0x5A, 0x00])
        }
    }

    /// How the names of such files end.
    public var ending: String {
        switch self {
        case .gzip: ".gz"
        case .zstandard: ".zst"
        case .xz: ".xz"
        }
    }

    /// What decompresses a file to standard output.
    var command: String {
        switch self {
        case .gzip: "zcat"
        case .zstandard: "zstdcat"
        case .xz: "xzcat"
        }
    }

    /// A decompressor at the beginning of a stream; `nil` if there is no memory for it.
    func makeDecompressor() -> (any Decompressor)? {
        switch self {
        case .gzip: GzipDecompressor()
        case .zstandard: ZstandardDecompressor()
        case .xz: XZDecompressor()
        }
    }
}
