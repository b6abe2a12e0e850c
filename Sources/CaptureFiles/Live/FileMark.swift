/// A file, known by how it begins, whatever its name: files are renamed, copied and compressed when others take their place.
public struct FileMark: Hashable, Codable, Sendable {
    /// Of its first octets, decompressed.
    private let digest: UInt64
    /// How many these are.
    private let length: Int
    /// Octets on disk, when it was read last.
    public var size: Int64
    /// How many of its frames were read.
    public var frames = 0

    private static let mostOctets = 512

    /// The mark of a file as it is now; `nil` where it cannot be read, or is empty.
    public init?(path: String) {
        guard let start = Self.start(of: path) else { return nil }
        digest = Self.digest(start.octets[...])
        length = start.octets.count
        size = start.size
    }

    /// How a file begins; `nil` where it cannot be read, is empty, or is no file.
    static func start(of path: String) -> (octets: [UInt8], size: Int64)? {
        guard ByteSource.isRereadable(path), let source = try? ByteSource(path: path), let size = source.size else {
            return nil
        }
        let octets = source.peek(mostOctets)
        return octets.isEmpty ? nil : (octets, size)
    }

    /// Whether a file that begins so is this one.
    func isOf(_ start: [UInt8]) -> Bool { start.count >= length && Self.digest(start.prefix(length)) == digest }

    /// FNV-1a: it tells files apart, and nobody who could write them gains by a collision.
    private static func digest(_ octets: ArraySlice<UInt8>) -> UInt64 {
        octets.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
    }
}
