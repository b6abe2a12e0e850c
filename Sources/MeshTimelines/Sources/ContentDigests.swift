/// 16 bits of content for each of the latest SEQ of a source, enough to tell one PDU from another under the same SEQ: a table that
/// grows with them, up to 16,384 places, at each of which the latest SEQ stands that belongs there.
struct ContentDigests: Hashable {
    private static let least = 1 << 8
    private static let most = 1 << 14
    private static let nothing = UInt32.max

    /// The upper 16 bits of a SEQ, of which the place says the lower ones, and the digest.
    private var entries: [UInt32] = []

    /// Whether another content is remembered of a SEQ.
    @inline(__always)
    func differs(_ digest: UInt16, of sequence: UInt32) -> Bool {
        guard !entries.isEmpty else { return false }
        let entry = entries[place(of: sequence)]
        return entry >> 16 == sequence >> 8 && entry != Self.entry(sequence, digest) && entry != Self.nothing
    }

    /// `count`: how many SEQ were heard, this one included.
    @inline(__always)
    mutating func note(_ digest: UInt16, of sequence: UInt32, count: Int) {
        if count > entries.count, entries.count < Self.most { grow() }
        entries[place(of: sequence)] = Self.entry(sequence, digest)
    }

    @inline(__always)
    private func place(of sequence: UInt32) -> Int { Int(sequence) & (entries.count - 1) }

    @inline(__always)
    private static func entry(_ sequence: UInt32, _ digest: UInt16) -> UInt32 { (sequence >> 8) << 16 | UInt32(digest) }

    private mutating func grow() {
        let known = entries
        entries = Array(repeating: Self.nothing, count: max(Self.least, 4 * known.count))
        for (index, entry) in known.enumerated() where entry != Self.nothing {
            // The bits of the SEQ that the place said are part of the new place as well.
            entries[place(of: (entry >> 16) << 8 | UInt32(index & 0xFF))] = entry
        }
    }
}

extension ContentDigests: Codable {
    /// - Throws: `DecodingError` where the table has no length that one can have.
    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        entries = try container.decode(PackedNumbers.self).numbers32
        let isTable = entries.count.nonzeroBitCount == 1 && (Self.least...Self.most).contains(entries.count)
        guard isTable || entries.isEmpty else {
            throw DecodingError.dataCorruptedError(
                in: container, debugDescription: "a table of \(entries.count) digests")
        }
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(PackedNumbers(entries))
    }
}
