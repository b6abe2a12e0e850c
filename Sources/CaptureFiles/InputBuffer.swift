/// A window of a byte source for the readers of our own: octets are consumed in whole records.
struct InputBuffer: ~Copyable {
    private var octets: [UInt8] = []
    private var start = 0
    /// Octets consumed so far, for messages.
    private(set) var offset: Int64 = 0
    let source: ByteSource

    private static let chunk = 128 << 10

    init(_ source: ByteSource) {
        self.source = source
    }

    var available: Int { octets.count - start }

    /// Reads on until `count` octets are available; false if the source ends before.
    mutating func require(_ count: Int) -> Bool {
        guard available < count else { return true }
        octets.removeFirst(start)
        start = 0
        while octets.count < count {
            guard source.append(max(Self.chunk, min(count - octets.count, Self.chunk)), to: &octets) > 0 else { break }
        }
        return octets.count >= count
    }

    /// `count` octets that lie `distance` octets behind the next unconsumed one.
    @_lifetime(borrow self)
    func span(at distance: Int = 0, count: Int) -> Span<UInt8> {
        octets.span.extracting((start + distance)..<(start + distance + count))
    }

    /// How far behind the next unconsumed octet `octet` stands, the first `distance` ones not looked at; the number of the available
    /// ones where it does not.
    func distance(to octet: UInt8, from distance: Int) -> Int {
        var place = start + distance
        while place < octets.count, octets[place] != octet { place += 1 }
        return place - start
    }

    mutating func consume(_ count: Int) {
        start += count
        offset += Int64(count)
    }

    /// That the file cannot be read on at the next octet, where a frame should stand.
    func brokenOff(_ what: String, frame: Int) -> CaptureError {
        CaptureError(.brokenOff, path: source.path, "\(what) (frame \(frame), octet \(offset) of the file)")
    }
}
