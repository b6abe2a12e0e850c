import ByteParsing

/// A window of a byte source for the readers of our own: octets are consumed in whole records.
struct InputBuffer: ~Copyable {
    /// Room for octets, of which those from `start` to `end` are there.
    private var octets: [UInt8] = []
    private var start = 0
    private var end = 0
    /// Octets that stood in the room before and are gone.
    private var gone: Int64 = 0
    let source: ByteSource

    private static let chunk = 128 << 10

    init(_ source: ByteSource) {
        self.source = source
    }

    @inline(__always)
    var available: Int { end &- start }
    /// Octets consumed so far, for messages.
    var offset: Int64 { gone + Int64(start) }

    /// Reads on until `count` octets are available; false if the source ends before.
    @inline(__always)
    mutating func require(_ count: Int) -> Bool { available >= count || refill(count) }

    /// The room grows with what is there, and not with what a length says that there should be.
    private mutating func refill(_ count: Int) -> Bool {
        for place in start..<end { octets[place - start] = octets[place] }
        gone += Int64(start)
        (start, end) = (0, end - start)
        while end < count {
            if end == octets.count { octets.append(contentsOf: repeatElement(0, count: Self.chunk)) }
            let read = source.read(into: &octets, from: end)
            guard read > 0 else { break }
            end += read
        }
        return end >= count
    }

    /// `count` octets that lie `distance` octets behind the next unconsumed one.
    @inline(__always)
    @_lifetime(borrow self)
    func span(at distance: Int = 0, count: Int) -> Span<UInt8> {
        octets.span.extracting((start + distance)..<(start + distance + count))
    }

    /// All octets that are there, those before the next unconsumed one included, which stands at `place`.
    var all: Span<UInt8> {
        @_lifetime(borrow self)
        get { octets.span.extracting(..<end) }
    }

    /// Where the next unconsumed octet stands among all.
    @inline(__always)
    var place: Int { start }

    /// How far behind the next unconsumed octet `octet` stands, the first `distance` ones not looked at; the number of the available
    /// ones where it does not.
    func distance(to octet: UInt8, from distance: Int) -> Int {
        var place = start + distance
        while place < end, octets[place] != octet { place += 1 }
        return place - start
    }

    @inline(__always)
    mutating func consume(_ count: Int) {
        start += count
    }

    /// That the file cannot be read on at the next octet, where a frame should stand.
    func brokenOff(_ what: String, frame: Int) -> CaptureError {
        CaptureError(.brokenOff, path: source.path, "\(what) (frame \(frame), octet \(offset) of the file)")
    }
}

// MARK: Records

extension InputBuffer {
    /// Makes the header of the record of frame `frame` available, of `count` octets; false at the end of the file.
    @inline(__always)
    mutating func requireHeader(_ count: Int, frame: Int) throws(CaptureError) -> Bool {
        guard !require(count) else { return true }
        guard available > 0 || source.failure != nil else { return false }
        throw cutOff("a record header of \(count)", frame: frame)
    }

    /// That what should be there, and is not, is cut off.
    private func cutOff(_ what: String, behind header: Int = 0, frame: Int) -> CaptureError {
        brokenOff(source.failure ?? "\(what) octets is cut off after \(available - header)", frame: frame)
    }

    /// Makes the `count` octets behind the header of `header` octets available.
    @inline(__always)
    mutating func requireBody(_ count: Int, behind header: Int, frame: Int) throws(CaptureError) {
        guard !require(header + count) else { return }
        throw cutOff("a record of \(count)", behind: header, frame: frame)
    }

    /// What the next `count` octets say.
    @inline(__always)
    func parseHeader<Header>(
        _ count: Int, frame: Int, _ parse: (Span<UInt8>) throws(ParseError) -> Header
    ) throws(CaptureError) -> Header {
        do throws(ParseError) {
            return try parse(span(count: count))
        } catch {
            throw brokenOff("record header: \(error)", frame: frame)
        }
    }

    /// Puts the next line without its end in place of what `line` holds; false at the end of the file.
    ///
    /// Of a line that is longer than `longest` octets no more is taken, and the rest passed over.
    mutating func readLine(into line: inout [UInt8], longest: Int, frame: Int) throws(CaptureError) -> Bool {
        line.removeAll(keepingCapacity: true)
        var length = 0
        while length <= longest, require(length + 1) {
            length = distance(to: 0x0A, from: length)
            if length < available { break }
        }
        if let failure = source.failure, length == available { throw brokenOff(failure, frame: frame) }
        guard available > 0 else { return false }
        line.append(span(count: min(length, longest)))
        consume(length)
        // What is left is the end of the line, or what of it is too long.
        while require(1) {
            let rest = distance(to: 0x0A, from: 0)
            let isEnd = rest < available
            consume(isEnd ? rest + 1 : rest)
            if isEnd { break }
        }
        return true
    }
}
