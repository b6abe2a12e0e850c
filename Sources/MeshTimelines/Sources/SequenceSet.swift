/// The sequence numbers heard of one source under one IV Index: a bit for each, in pages that come into being where they
/// are needed; and a short digest of the content of the latest ones.
///
/// Where pages have to be forgotten, what lies in them and below counts as heard.
public struct SequenceSet: Sendable {
    private static let pageBits: UInt32 = 256
    private static let pageWords = Int(pageBits / 64)
    private static let pageCount = UInt32(1 << 24) / pageBits

    /// The pages' bits, in the order in which the pages came into being.
    private var words: [UInt64] = []
    private var digests = ContentDigests()
    /// The page numbers in the order of the pages in `words`.
    private var numbers: [UInt32] = []
    /// Where each page begins in `words`; empty as long as there are so few pages that they are found by looking.
    private var starts: [UInt32: Int] = [:]
    private static let fewPages = 32
    private var lastPage = Page(number: .max, start: 0)
    /// Pages below this were forgotten, or never there.
    private var forgottenBelow: UInt32 = 0
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

    /// How many pages there are, of 256 SEQ each.
    var pages: Int { numbers.count }
    /// Whether pages were forgotten.
    var hasForgotten: Bool { forgottenBelow > 0 }

    /// Whether the set holds a SEQ.
    public func contains(_ sequence: UInt32) -> Bool {
        guard let start = start(ofPage: sequence / Self.pageBits) else { return false }
        let bit = sequence % Self.pageBits
        return words[start + Int(bit / 64)] & (1 << UInt64(bit % 64)) != 0
    }

    /// Whether `sequence` was in the set, and with the same content as far as that is remembered.
    @inline(__always)
    mutating func insert(_ sequence: UInt32, digest: UInt16) -> Insertion {
        guard let start = page(sequence / Self.pageBits) else { return .same }
        let bit = sequence % Self.pageBits
        let word = start + Int(bit / 64)
        let mask: UInt64 = 1 << UInt64(bit % 64)
        guard words[word] & mask == 0 else { return digests.differs(digest, of: sequence) ? .other : .same }
        words[word] |= mask
        count += 1
        digests.note(digest, of: sequence, count: count)
        first = min(first, sequence)
        last = max(last, sequence)
        return .new
    }

    /// Takes what another set holds. The digests stay this set's own: they only tell apart what is heard next.
    public mutating func merge(_ other: SequenceSet) {
        for (ordinal, number) in other.numbers.enumerated() {
            guard let start = page(number) else { continue }
            for word in 0..<Self.pageWords { words[start + word] |= other.words[ordinal * Self.pageWords + word] }
        }
        first = min(first, other.first)
        last = max(last, other.last)
        forgottenBelow = max(forgottenBelow, other.forgottenBelow)
        count = words.reduce(0) { $0 + $1.nonzeroBitCount }
    }

    /// Forgets the lowest pages, a quarter of all; what is in them and below counts as heard. Returns how many.
    mutating func forgetLowest() -> Int {
        let lowest = Set(numbers.sorted().prefix(numbers.count / 4))
        guard let highest = lowest.max() else { return 0 }
        let kept = numbers.enumerated().filter { !lowest.contains($0.element) }
        words = kept.flatMap { words[($0.offset * Self.pageWords)..<(($0.offset + 1) * Self.pageWords)] }
        numbers = kept.map(\.element)
        starts = [:]
        indexPages()
        lastPage = Page(number: .max, start: 0)
        forgottenBelow = max(forgottenBelow, highest + 1)
        return lowest.count
    }

    /// Whether two sets hold the same SEQ, whatever is remembered of their content.
    public func holdsTheSame(as other: SequenceSet) -> Bool {
        count == other.count && numbers.allSatisfy { number in bits(ofPage: number) == other.bits(ofPage: number) }
    }

    private func bits(ofPage number: UInt32) -> [UInt64] {
        start(ofPage: number).map { Array(words[$0..<($0 + Self.pageWords)]) }
            ?? Array(repeating: 0, count: Self.pageWords)
    }

    /// Numbers between the first and the last that are not in the set; those that were forgotten are none of them.
    public func missed() -> Missed {
        guard count > 0 else { return Missed(count: 0, longestRun: 0) }
        var (longest, sum) = (0, 0)
        var previous: UInt32?
        for number in numbers.sorted() {
            guard let start = start(ofPage: number) else { continue }
            for index in 0..<Self.pageWords {
                var word = words[start + index]
                while word != 0 {
                    let sequence = number * Self.pageBits + UInt32(index * 64 + word.trailingZeroBitCount)
                    let gap = previous.map { Int(sequence) - Int($0) - 1 } ?? 0
                    (longest, sum, previous) = (max(longest, gap), sum + gap, sequence)
                    word &= word - 1
                }
            }
        }
        return Missed(count: sum, longestRun: longest)
    }

    private mutating func indexPages() {
        guard numbers.count > Self.fewPages else { return }
        starts = Dictionary(uniqueKeysWithValues: numbers.enumerated().map { ($1, $0 * Self.pageWords) })
    }

    private func start(ofPage number: UInt32) -> Int? {
        guard starts.isEmpty else { return starts[number] }
        return numbers.firstIndex(of: number).map { $0 * Self.pageWords }
    }

    /// Where a page begins; `nil` where it was forgotten.
    @inline(__always)
    private mutating func page(_ number: UInt32) -> Int? {
        lastPage.number == number ? lastPage.start : otherPage(number)
    }

    private mutating func otherPage(_ number: UInt32) -> Int? {
        let start = start(ofPage: number) ?? words.count
        if start == words.count {
            guard number >= forgottenBelow else { return nil }
            words.append(contentsOf: repeatElement(0, count: Self.pageWords))
            numbers.append(number)
            if starts.isEmpty { indexPages() } else { starts[number] = start }
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
        left.numbers == right.numbers && left.words == right.words && left.digests == right.digests
            && left.forgottenBelow == right.forgottenBelow
    }

    /// Hashes what `==` compares, without the digests.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(numbers)
        hasher.combine(words)
    }
}

extension SequenceSet: Codable {
    private enum CodingKeys: String, CodingKey { case pages, words, digests, forgottenBelow }

    /// - Throws: `DecodingError` where the parts do not fit each other.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        numbers = try container.decode([UInt32].self, forKey: .pages)
        words = try container.decode(PackedNumbers.self, forKey: .words).numbers64
        digests = try container.decode(ContentDigests.self, forKey: .digests)
        forgottenBelow = try container.decode(UInt32.self, forKey: .forgottenBelow)
        guard words.count == numbers.count * Self.pageWords, Set(numbers).count == numbers.count,
            numbers.allSatisfy({ $0 < Self.pageCount })
        else {
            throw DecodingError.dataCorruptedError(
                forKey: .pages, in: container, debugDescription: "the pages of a set of SEQ do not fit each other")
        }
        indexPages()
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

    /// - Throws: What the encoder throws.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(numbers, forKey: .pages)
        try container.encode(PackedNumbers(words), forKey: .words)
        try container.encode(digests, forKey: .digests)
        try container.encode(forgottenBelow, forKey: .forgottenBelow)
    }
}
