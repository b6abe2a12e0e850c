/// The sequence numbers heard of one source under one IV Index: a bit for each, in pages that come into being where they
/// are needed, never more than the 2 MiB of the whole SEQ space; and a short digest of the content for those of the
/// latest pages.
struct SequenceSet {
    private static let pageBits: UInt32 = 1024
    private static let pageWords = Int(pageBits / 64)

    private var words: [UInt64] = []
    /// 16 bits of content for each SEQ of the latest pages: enough to tell one PDU from another under the same SEQ.
    private var digests: [UInt16] = []
    /// For each page where its digests begin; −1 where they gave way to those of a later page.
    private var digestStarts: [Int32] = []
    private static let mostDigestPages = 16
    private var pages: [UInt32: Int] = [:]
    private var lastPage: (number: UInt32, start: Int)?
    private(set) var count = 0
    private(set) var first: UInt32 = .max
    private(set) var last: UInt32 = 0

    enum Insertion: Hashable { case new, same, other }

    /// Whether `sequence` was in the set, and with the same content as far as that is remembered.
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

    /// Numbers between the first and the last that are not in the set, and the longest run of them.
    func missed() -> (count: Int, longestRun: Int) {
        guard count > 0 else { return (0, 0) }
        var longest = 0
        var previous = first
        for number in pages.keys.sorted() {
            guard let start = pages[number] else { continue }
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
        return (Int(last - first) + 1 - count, longest)
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

    private mutating func page(_ number: UInt32) -> Int {
        if let lastPage, lastPage.number == number { return lastPage.start }
        let start = pages[number] ?? words.count
        if start == words.count {
            words.append(contentsOf: repeatElement(0, count: Self.pageWords))
            pages[number] = start
            appendDigestPage()
        }
        lastPage = (number, start)
        return start
    }
}
