import ByteParsing

/// The streams of an Ellisys trace, joined from their pages.
///
///     page  capacity 2 · used 2 · number 4 · number of the stream's previous page 4 · payload · 16 octets that are not known
///
/// Pages stand back to back; behind the last one come two zero octets and tables that repeat what the pages say themselves. So a
/// file that is cut off can be read, and one that is damaged is searched for the next page.
struct TracePages {
    struct Page {
        /// Where the payload begins in the file.
        var payload: Int64
        var count: Int
    }

    struct Stream {
        var kind: UInt128
        /// Its octets as the stream's head tells them.
        var length: UInt64
        var pages: [Page]
        var count: Int { pages.reduce(0) { $0 + $1.count } }
        /// The number of the last page.
        var last: UInt32

        /// Its first octets, and nothing else of it.
        func prefix(_ count: Int) -> Stream {
            var prefix = self
            var rest = count
            prefix.pages = []
            for page in pages where rest > 0 {
                prefix.pages.append(Page(payload: page.payload, count: min(rest, page.count)))
                rest -= page.count
            }
            return prefix
        }
    }

    private struct Header {
        var capacity: Int
        var used: Int
        var number: UInt32
        var previous: UInt32
        /// What a stream begins with, where the page is a stream's first: its kind and length.
        var head: (kind: UInt128, length: UInt64)?
    }

    private static let firstPage: Int64 = 0x400
    private static let header = 12
    private static let overhead = 28
    private static let trailer = 16
    private static let streamHead = 26
    /// That a stream begins.
    private static let none: UInt32 = 0xFFFF_FFF0
    /// As many as a trace of hundreds of gigabytes has; damaged files may seem to have more.
    private static let mostPages = 1 << 21

    private(set) var streams: [Stream] = []
    /// Pages whose stream is not known, since a page before them is lost.
    private var orphans: [Stream] = []
    /// How often no page stood where one should.
    private(set) var damages = 0

    private let file: RandomAccessFile
    /// Which stream ends with a page, by its number; those of orphans count from -1 down.
    private var tails: [UInt32: Int] = [:]
    private var pages = 0
    /// Where the last page stands, and whose it is.
    private var last: (place: Int64?, stream: Int) = (nil, 0)

    init(_ file: RandomAccessFile) {
        self.file = file
        var place = Self.firstPage
        while pages < Self.mostPages, let header = nextHeader(&place) {
            add(header, at: place)
            last.place = place
            place += Int64(header.capacity)
        }
        adopt()
    }

    /// The header at a place, or of the next page behind it; `nil` behind the last one.
    private mutating func nextHeader(_ place: inout Int64) -> Header? {
        if let header = header(at: place) { return header }
        guard place + Int64(Self.overhead) <= file.size, !isEnd(place) else { return nil }
        damages += 1
        // Octets of the page before may be missing, so that this one stands earlier.
        var start = last.place.map { $0 + Int64(Self.overhead) } ?? place
        guard let header = search(&start) else { return nil }
        if start < place { clipLast(to: start) }
        place = start
        return header
    }

    /// The last page is shorter than it says: another one begins at a place in it.
    private mutating func clipLast(to place: Int64) {
        change(last.stream) { stream in
            guard var page = stream.pages.popLast() else { return }
            page.count = min(page.count, max(0, Int(place - page.payload) - Self.trailer))
            stream.pages.append(page)
        }
    }

    private mutating func add(_ header: Header, at place: Int64) {
        pages += 1
        defer { last.stream = tails[header.number] ?? 0 }
        let page = Page(payload: place + Int64(Self.header), count: header.used - Self.overhead)
        if let head = header.head {
            tails[header.number] = streams.count
            streams.append(Stream(kind: head.kind, length: head.length, pages: [page], last: header.number))
        } else if let stream = tails.removeValue(forKey: header.previous) {
            tails[header.number] = stream
            change(stream) { stream in
                stream.pages.append(page)
                stream.last = header.number
            }
        } else {
            tails[header.number] = -1 - orphans.count
            orphans.append(Stream(kind: 0, length: 0, pages: [page], last: header.number))
        }
    }

    private mutating func change(_ place: Int, _ change: (inout Stream) -> Void) {
        if place >= 0 { change(&streams[place]) } else { change(&orphans[-1 - place]) }
    }

    /// What lost a page goes on in a data stream that is not whole: other streams hold nothing that is wanted.
    private mutating func adopt() {
        guard !orphans.isEmpty else { return }
        let incomplete = streams.indices.filter {
            streams[$0].kind == TraceIdentifier.data && UInt64(streams[$0].count) < streams[$0].length
        }
        guard let stream = incomplete.max(by: { streams[$0].length < streams[$1].length }) else { return }
        for orphan in orphans { streams[stream].pages += orphan.pages }
    }

    // MARK: Headers

    private func octets(_ count: Int, at place: Int64) -> [UInt8] {
        var octets: [UInt8] = []
        file.append(count, at: place, to: &octets)
        return octets
    }

    private func header(at place: Int64) -> Header? {
        try? Self.header(octets(Self.header + Self.streamHead, at: place).span)
    }

    private static func header(_ octets: Span<UInt8>) throws(ParseError) -> Header? {
        var reader = ByteReader(octets)
        let capacity = Int(try reader.readUInt16LittleEndian())
        let used = Int(try reader.readUInt16LittleEndian())
        let number = try reader.readUInt32LittleEndian()
        let previous = try reader.readUInt32LittleEndian()
        guard used >= overhead, used <= capacity, previous == none || previous < number else { return nil }
        var header = Header(capacity: capacity, used: used, number: number, previous: previous)
        guard previous == none else { return header }
        guard try reader.readUInt16LittleEndian() == 26 else { return nil }
        header.head = (try reader.readGUID(), try reader.readLittleEndian(8))
        return header
    }

    /// Whether the last page ended here: two zero octets, and the directory of streams.
    private func isEnd(_ place: Int64) -> Bool {
        let octets = octets(8, at: place)
        return octets.count < 8 || octets[..<3] == [0, 0, 1] && octets[7] == 16
    }

    /// The next page that is surely one: the stream's previous page is known, or the stream begins, and another page or the end
    /// follows it.
    private func search(_ place: inout Int64) -> Header? {
        var start = place + 1
        while start < file.size {
            let octets = octets(1 << 16, at: start)
            guard octets.count > Self.header else { return nil }
            for index in 0..<(octets.count - Self.header) where octets[index] | octets[index + 1] != 0 {
                let end = min(octets.count, index + Self.header + Self.streamHead)
                guard let header = try? Self.header(octets.span.extracting(index..<end)),
                    header.head != nil || tails[header.previous] != nil
                else { continue }
                let next = start + Int64(index + header.capacity)
                guard next >= file.size || isEnd(next) || self.header(at: next) != nil else { continue }
                place = start + Int64(index)
                return header
            }
            start += Int64(octets.count - Self.header)
        }
        return nil
    }
}
