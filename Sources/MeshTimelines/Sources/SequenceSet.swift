/// The sequence numbers heard of one source under one IV Index: a bit for each, in pages that come into being where they
/// are needed, never more than the 2 MiB of the whole SEQ space; and a short digest of the content for those of the
/// latest pages.
public struct SequenceSet: Sendable {
    private static let pageBits: UInt32 = 1024
    private static let pageWords = Int(pageBits / 64)
    private static let pageCount = UInt32(1 << 24) / pageBits

    /// The pages' bits, in the order in which the pages came into being.
    private var words: [UInt64] = []
    /// 16 bits of content for each SEQ of the latest pages: enough to tell one PDU from another under the same SEQ.
    private var digests: [UInt16] = []
    /// For each page where its digests begin; −1 where they gave way to those of a later page.
    private var digestStarts: [Int32] = []
    private static let mostDigestPages = 16
    /// The page numbers in the order of the pages in `words`.
    private var numbers: [UInt32] = []
    private var starts: [UInt32: Int] = [:]
    private var lastPage = Page(number: .max, start: 0)
    /// How many different SEQ.
    public private(set) var count = 0
    private(set) var first: UInt32 = .max
    private(set) var last: UInt32 = 0

    private struct Page: Hashable {
        var number: UInt32
        var start: Int
    }

    enum Insertion: Hashable { case new, same, other }

    /// Numbers that are not in a set.
    public struct Missed: Hashable, Sendable {
        /// How many numbers between the first and the last.
        public let count: Int
        /// The most of them in a row.
        public let longestRun: Int
    }

    /// The empty set.
    public init() {}

    /// Whether the set holds a SEQ.
    public func contains(_ sequence: UInt32) -> Bool {
        guard let start = starts[sequence / Self.pageBits] else { return false }
        let bit = sequence % Self.pageBits
        return words[start + Int(bit / 64)] & (1 << UInt64(bit % 64)) != 0
    }

    /// Whether `sequence` was in the set, and with the same content as far as that is remembered.
    @inline(__always)
    mutating func insert(_ sequence: UInt32, digest: UInt16) -> Insertion {
        let start = page(sequence / Self.pageBits)
        let bit = sequence % Self.pageBits
        let word = start + Int(bit / 64)
        let mask: UInt64 = 1 << UInt64(bit % 64)
        let digestStart = Int(digestStarts[start / Self.pageWords])
        guard words[word] & mask == 0 else {
            return digestStart < 0 || digests[digestStart + Int(bit)] == digest ? .same : .other
        }
        words[word] |= mask
        if digestStart >= 0 { digests[digestStart + Int(bit)] = digest }
        count += 1
        first = min(first, sequence)
        last = max(last, sequence)
        return .new
    }

    /// Takes what another set holds. The digests stay this set's own: they only tell apart what is heard next.
    public mutating func merge(_ other: SequenceSet) {
        for (ordinal, number) in other.numbers.enumerated() {
            let start = page(number)
            for word in 0..<Self.pageWords { words[start + word] |= other.words[ordinal * Self.pageWords + word] }
        }
        first = min(first, other.first)
        last = max(last, other.last)
        count = words.reduce(0) { $0 + $1.nonzeroBitCount }
    }

    /// Whether two sets hold the same SEQ, whatever is remembered of their content.
    public func holdsTheSame(as other: SequenceSet) -> Bool {
        count == other.count && numbers.allSatisfy { number in bits(ofPage: number) == other.bits(ofPage: number) }
    }

    private func bits(ofPage number: UInt32) -> [UInt64] {
        starts[number].map { Array(words[$0..<($0 + Self.pageWords)]) } ?? Array(repeating: 0, count: Self.pageWords)
    }

    /// Numbers between the first and the last that are not in the set.
    public func missed() -> Missed {
        guard count > 0 else { return Missed(count: 0, longestRun: 0) }
        var longest = 0
        var previous = first
        for number in numbers.sorted() {
            guard let start = starts[number] else { continue }
            for index in 0..<Self.pageWords {
                var word = words[start + index]
                while word != 0 {
                    let sequence = number * Self.pageBits + UInt32(index * 64 + word.trailingZeroBitCount)
                    longest = max(longest, Int(sequence) - Int(previous) - 1)
                    previous = sequence
                    word &= word - 1
                }
            }
        }
        return Missed(count: Int(last - first) + 1 - count, longestRun: longest)
    }

    /// Room for the digests of a new page: new, or that of the oldest page that has some.
    private mutating func appendDigestPage() {
        let ordinal = digestStarts.count
        guard ordinal >= Self.mostDigestPages else {
            digestStarts.append(Int32(digests.count))
            digests.append(contentsOf: repeatElement(0, count: Int(Self.pageBits)))
            return
        }
        digestStarts.append(digestStarts[ordinal - Self.mostDigestPages])
        digestStarts[ordinal - Self.mostDigestPages] = -1
    }

    @inline(__always)
    private mutating func page(_ number: UInt32) -> Int {
        lastPage.number == number ? lastPage.start : otherPage(number)
    }

    private mutating func otherPage(_ number: UInt32) -> Int {
        let start = starts[number] ?? words.count
        if start == words.count {
            words.append(contentsOf: repeatElement(0, count: Self.pageWords))
            numbers.append(number)
            starts[number] = start
            appendDigestPage()
        }
        lastPage = Page(number: number, start: start)
        return start
    }
}

/// Sets are equal that hold the same in the same pages and remember the same of its content; which page was looked at last is
/// no part of that.
extension SequenceSet: Hashable {
    /// Compares SEQ, pages and digests.
    public static func == (left: Self, right: Self) -> Bool {
        left.numbers == right.numbers && left.words == right.words && left.digestStarts == right.digestStarts
            && left.digests == right.digests
    }

    /// Hashes what `==` compares, without the digests.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(numbers)
        hasher.combine(words)
    }
}

extension SequenceSet: Codable {
    private enum CodingKeys: String, CodingKey { case pages, words, digests, digestStarts }

    /// - Throws: `DecodingError` where the parts do not fit each other.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        numbers = try container.decode([UInt32].self, forKey: .pages)
        words = try container.decode([UInt64].self, forKey: .words)
        digests = try container.decode([UInt16].self, forKey: .digests)
        digestStarts = try container.decode([Int32].self, forKey: .digestStarts)
        let room = Int32(clamping: digests.count) - Int32(Self.pageBits)
        guard words.count == numbers.count * Self.pageWords, digestStarts.count == numbers.count,
            Set(numbers).count == numbers.count, numbers.allSatisfy({ $0 < Self.pageCount }),
            digestStarts.allSatisfy({ $0 == -1 || (0...max(0, room)).contains($0) }), room >= 0 || numbers.isEmpty
        else {
            throw DecodingError.dataCorruptedError(
                forKey: .pages, in: container, debugDescription: "the pages of a set of SEQ do not fit each other")
        }
        for (ordinal, number) in numbers.enumerated() { starts[number] = ordinal * Self.pageWords }
        count = words.reduce(0) { $0 + $1.nonzeroBitCount }
        let heard = numbers.filter { number in bits(ofPage: number).contains { $0 != 0 } }
        if let lowest = heard.min(), let highest = heard.max() {
            first =
                bits(ofPage: lowest).enumerated().first { $0.element != 0 }
                .map { lowest * Self.pageBits + UInt32($0.offset * 64 + $0.element.trailingZeroBitCount) } ?? .max
            last =
                bits(ofPage: highest).enumerated().reversed().first { $0.element != 0 }
                .map { highest * Self.pageBits + UInt32($0.offset * 64 + 63 - $0.element.leadingZeroBitCount) } ?? 0
        }
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(numbers, forKey: .pages)
        try container.encode(words, forKey: .words)
        try container.encode(digests, forKey: .digests)
        try container.encode(digestStarts, forKey: .digestStarts)
    }
}
