/// 16 bits of content for each of the latest SEQ of a source, enough to tell one PDU from another under the same SEQ: a list of the first
/// few, and from then on a table that grows with them, up to 16,384 places, at each of which the latest SEQ stands that belongs there.
struct ContentDigests: Hashable {
    private static let mostFew = 16
    private static let least = 1 << 8
    private static let most = 1 << 14
    private static let nothing = UInt32.max
    private static let never = -1

    /// SEQ and digest of the first few, as long as there is no table: most sources of a large network are heard a few times.
    private var few: [Few] = []
    /// The upper 16 bits of a SEQ, of which the place says the lower ones, and the digest.
    private var entries: [UInt32] = []

    private struct Few: Hashable {
        let sequence: UInt32
        let digest: UInt16
    }

    /// Whether another content is remembered of a SEQ.
    @inline(__always)
    func differs(_ digest: UInt16, of sequence: UInt32) -> Bool {
        guard !entries.isEmpty else { return few.contains { $0.sequence == sequence && $0.digest != digest } }
        let entry = entries[place(of: sequence)]
        return entry >> 16 == sequence >> 8 && entry != Self.entry(sequence, digest) && entry != Self.nothing
    }

    /// `count`: how many SEQ were heard, this one included.
    @inline(__always)
    mutating func note(_ digest: UInt16, of sequence: UInt32, count: Int) {
        if entries.isEmpty, few.count < Self.mostFew {
            few.append(Few(sequence: sequence, digest: digest))
            return
        }
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
        for one in few { entries[place(of: one.sequence)] = Self.entry(one.sequence, one.digest) }
        few = []
    }
}

/// The first few as SEQ and digest in turn; a table as its entries, or, where SEQ of few rounds through the table stand in it, as the digests
/// of those that there are and the rounds beside them.
extension ContentDigests: Codable {
    private enum CodingKeys: CodingKey { case digests, rounds }

    /// - Throws: `DecodingError` where neither a list nor a table has so many numbers.
    init(from decoder: any Decoder) throws {
        if let table = try? decoder.container(keyedBy: CodingKeys.self) {
            var digests = try table.decode(PackedNumbers.self, forKey: .digests).numbers16.makeIterator()
            let rounds = RunLengths(try table.decode([Int].self, forKey: .rounds)).numbers(atMost: Self.most)
            entries = rounds.enumerated().map { place, round in
                guard round != Self.never, let digest = digests.next() else { return Self.nothing }
                return Self.entry(UInt32(truncatingIfNeeded: round &* rounds.count &+ place), digest)
            }
        } else {
            let numbers = try decoder.singleValueContainer().decode(PackedNumbers.self).numbers32
            guard numbers.count > 2 * Self.mostFew || !numbers.count.isMultiple(of: 2) else {
                few = stride(from: 0, to: numbers.count, by: 2).map {
                    Few(sequence: numbers[$0], digest: UInt16(truncatingIfNeeded: numbers[$0 + 1]))
                }
                return
            }
            entries = numbers
        }
        guard entries.count.nonzeroBitCount == 1, (Self.least...Self.most).contains(entries.count) else {
            throw DecodingError.dataCorrupted(
                .init(codingPath: decoder.codingPath, debugDescription: "a table of \(entries.count) digests"))
        }
    }

    func encode(to encoder: any Encoder) throws {
        let numbers = entries.lazy.map { $0 == Self.nothing ? Self.never : (Int($0 >> 16) << 8) / entries.count }
        guard let rounds = RunLengths(of: numbers, most: 32), !entries.isEmpty else {
            var container = encoder.singleValueContainer()
            let list = entries.isEmpty ? few.flatMap { [$0.sequence, UInt32($0.digest)] } : entries
            return try container.encode(PackedNumbers(list))
        }
        var table = encoder.container(keyedBy: CodingKeys.self)
        let digests = entries.lazy.filter { $0 != Self.nothing }.map { UInt16(truncatingIfNeeded: $0) }
        try table.encode(PackedNumbers(Array(digests)), forKey: .digests)
        try table.encode(rounds.pairs, forKey: .rounds)
    }
}

/// Numbers of which many in a row are the same: each with how often it stands there.
private struct RunLengths {
    /// Number and count in turn.
    private(set) var pairs: [Int] = []

    /// `nil` where they change more often than `most`.
    init?(of numbers: some Sequence<Int>, most: Int) {
        for number in numbers {
            if let last = pairs.indices.last, pairs[last - 1] == number {
                pairs[last] += 1
            } else {
                guard pairs.count < 2 * most else { return nil }
                pairs += [number, 1]
            }
        }
    }

    /// `pairs`: as they were written.
    init(_ pairs: [Int]) {
        self.pairs = pairs
    }

    /// The numbers, or as many of them as are wanted.
    func numbers(atMost most: Int) -> [Int] {
        var numbers: [Int] = []
        for place in stride(from: 0, to: pairs.count - 1, by: 2) {
            let count = min(max(0, pairs[place + 1]), most - numbers.count)
            numbers.append(contentsOf: repeatElement(pairs[place], count: count))
        }
        return numbers
    }
}
