import ByteParsing

/// The octets of one stream of an Ellisys trace, joined from its pages and read from its first one on.
struct TraceStream {
    private let file: RandomAccessFile
    private var pages: ArraySlice<TracePages.Page>
    private var octets: [UInt8] = []
    private var start = 0

    init(_ stream: TracePages.Stream, in file: RandomAccessFile) {
        self.file = file
        pages = stream.pages[...]
    }

    /// Reads on until `count` octets are available; false if the stream ends before.
    @inline(__always)
    mutating func require(_ count: Int) -> Bool { available >= count || readOn(count) }

    private mutating func readOn(_ count: Int) -> Bool {
        while available < count, let page = pages.popFirst() {
            if start > octets.count / 2 {
                octets.removeFirst(start)
                start = 0
            }
            file.append(page.count, at: page.payload, to: &octets)
        }
        return available >= count
    }

    /// Octets that can be had without reading on.
    var available: Int { octets.count - start }

    mutating func consume(_ count: Int) { start += min(count, available) }

    /// `count` octets that are available, `distance` octets behind the next one.
    @inline(__always)
    @_lifetime(borrow self)
    func span(at distance: Int = 0, count: Int) -> Span<UInt8> {
        octets.span.extracting((start + distance)..<(start + distance + count))
    }

    /// Consumes the stream's head and returns what it holds beyond kind and length: `nil` if it is cut off.
    ///
    ///     length of the head 2 · kind 16 · length of the stream 8 · length of the second head 2 · second head
    mutating func readHead() -> [UInt8]? {
        guard require(28) else { return nil }
        let length = Int(span(count: 28)[26]) | Int(span(count: 28)[27]) << 8
        guard require(28 + length) else { return nil }
        defer { consume(28 + length) }
        return Array(octets[(start + 28)..<(start + 28 + length)])
    }
}
