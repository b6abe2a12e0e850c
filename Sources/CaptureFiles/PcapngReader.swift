import ByteParsing

/// A pcapng file (draft-ietf-opsawg-pcapng), read block by block.
///
/// The one reader for pcapng, and not libpcap, since libpcap refuses interfaces that differ in link type or snapshot
/// length and sections that differ in byte order, which people have (a sniffer beside `btmon`, captures joined by
/// `cat`); it says so only when it meets the second interface, when a pipe can no longer be read from its start; and it
/// shows only one link type for a whole file.
///
///     block  type 4 · total length 4 · body, padded to 4 · total length 4
struct PcapngReader: ~Copyable {
    private static let longestBlock = 16 << 20
    /// The type of a Section Header Block, which reads the same in both byte orders.
    private static let sectionHeader: UInt32 = 0x0A0D_0D0A

    private struct Block {
        var type: UInt32
        var length: Int
    }

    /// A frame block's fields; its octets begin `distance` octets into the block.
    private struct Frame {
        var linkType: LinkType
        var time: CaptureTime
        var captured: Int
        var original: Int
        var distance: Int
    }

    private var input: InputBuffer
    /// The interfaces of the section that is being read.
    private var interfaces: [PcapngInterface] = []
    /// The byte order of the machine that wrote the section.
    private var byteOrder = CaptureContainer.ByteOrder.little
    private var inSection = false
    private(set) var number = 0
    private var pending = 0
    private var records = FrameRecords()
    /// Of the frames that were read last.
    private var linkType = LinkType(.pcap, 0)

    init(_ source: ByteSource) {
        input = InputBuffer(source)
    }

    /// The next frame, and as many behind it as are there already, `most` in all; `nil` at the end of the file.
    @_lifetime(&self)
    mutating func nextFrames(atMost most: Int) throws(CaptureError) -> CapturedFrames? {
        input.consume(pending)
        pending = 0
        records.begin(atMost: most)
        takeUsual()
        while records.count == 0 {
            guard let block = try nextBlock() else { return nil }
            if let frame = try parse(block) {
                linkType = frame.linkType
                records.append(
                    FrameRecord(
                        start: input.place + frame.distance, count: frame.captured, originalLength: frame.original,
                        time: frame.time))
                pending = block.length
            } else {
                input.consume(block.length)
            }
        }
        number += records.count
        return CapturedFrames(records.all, in: input.all, linkType, lastNumber: number)
    }

    /// Takes the Enhanced Packet Blocks of one link type that come next, as many as are there whole and surely good ones.
    private mutating func takeUsual() {
        let (interfaces, isBig) = (interfaces, byteOrder == .big)
        guard inSection else { return }
        (pending, linkType) = Self.takeUsual(input, interfaces, isBig, linkType, &records)
    }

    ///     type 4 · total length 4 · interface 4 · time high 4 · time low 4 · captured length 4 · original length 4 · octets · …
    private static func takeUsual(
        _ input: borrowing InputBuffer, _ interfaces: [PcapngInterface], _ isBig: Bool, _ before: LinkType,
        _ records: inout FrameRecords
    ) -> (length: Int, linkType: LinkType) {
        let octets = input.all
        var (place, linkType) = (input.place, before)
        func number(at place: Int) -> UInt32 {
            let low = octets.loadLittleEndian(UInt32.self, at: place)
            return isBig ? low.byteSwapped : low
        }
        records.fill { room, most in
            var count = 0
            while count < most, octets.count &- place >= 32, number(at: place) == 6 {
                let (length, index) = (Int(number(at: place &+ 4)), Int(number(at: place &+ 8)))
                let captured = Int(number(at: place &+ 20))
                guard length >= 32, length % 4 == 0, length <= octets.count &- place, index < interfaces.count,
                    captured <= length &- 32, Int(number(at: place &+ length &- 4)) == length,
                    count == 0 || interfaces[index].linkType == linkType
                else { break }
                linkType = interfaces[index].linkType
                let time = UInt64(number(at: place &+ 12)) << 32 | UInt64(number(at: place &+ 16))
                room[count] = FrameRecord(
                    start: place &+ 28, count: captured, originalLength: Int(number(at: place &+ 24)),
                    time: interfaces[index].time(time))
                count &+= 1
                place &+= length
            }
            return count
        }
        return (place - input.place, linkType)
    }

    /// Makes the next block available whole; `nil` at the end of the file.
    private mutating func nextBlock() throws(CaptureError) -> Block? {
        guard input.require(12) else {
            if let failure = input.source.failure { throw brokenOff(failure) }
            guard input.available > 0 else { return nil }
            throw brokenOff("a block header is cut off after \(input.available) octets")
        }
        let type = number(at: 0)
        if type == Self.sectionHeader { try beginSection() }
        guard inSection else { throw brokenOff("a block stands before the first section header") }
        let length = Int(number(at: 4))
        guard length >= 12, length % 4 == 0, length <= Self.longestBlock else {
            throw brokenOff("a block has the length \(length), which no block can have")
        }
        guard input.require(length) else {
            throw brokenOff(input.source.failure ?? "a block of \(length) octets is cut off after \(input.available)")
        }
        guard Int(number(at: length - 4)) == length else {
            throw brokenOff("a block begins with the length \(length) and ends with \(number(at: length - 4))")
        }
        return Block(type: type, length: length)
    }

    private mutating func beginSection() throws(CaptureError) {
        byteOrder = .big
        switch number(at: 8) {
        case 0x1A2B_3C4D: break
        case 0x4D3C_2B1A: byteOrder = .little
        default: throw brokenOff("a section header has no byte-order magic")
        }
        inSection = true
        interfaces = []
    }

    /// A number of the block that is known to be available.
    private func number(at distance: Int) -> UInt32 {
        let low = input.span(at: distance, count: 4).loadLittleEndian(UInt32.self, at: 0)
        return byteOrder == .big ? low.byteSwapped : low
    }

    /// Learns what a block says of the section; the frame, if it holds one.
    private mutating func parse(_ block: Block) throws(CaptureError) -> Frame? {
        do {
            var body = ByteReader(input.span(count: block.length - 4))
            try body.skip(8)
            switch block.type {
            case 1:
                interfaces.append(try PcapngInterface(parsing: &body, byteOrder))
                return nil
            case 2: return try frame(&body, interface: Int(try body.readUInt16(byteOrder)), hasDrops: true)
            case 3: return try simpleFrame(&body)
            case 6: return try frame(&body, interface: Int(try body.readUInt32(byteOrder)), hasDrops: false)
            default: return nil
            }
        } catch {
            throw brokenOff("a block of type \(block.type): \(error)")
        }
    }

    /// Enhanced Packet Block (6), and the Packet Block (2) that came before it.
    ///
    ///     [interface] · [drops 2] · time high 4 · time low 4 · captured length 4 · original length 4 · octets
    private func frame(_ body: inout ByteReader, interface index: Int, hasDrops: Bool) throws(ParseError) -> Frame {
        guard index < interfaces.count else { throw ParseError(.invalidValue(UInt64(index)), at: body.offset) }
        if hasDrops { try body.skip(2) }
        let high = UInt64(try body.readUInt32(byteOrder))
        let low = UInt64(try body.readUInt32(byteOrder))
        let captured = Int(try body.readUInt32(byteOrder))
        let original = Int(try body.readUInt32(byteOrder))
        guard captured <= body.remaining else {
            throw ParseError(.lengthBeyondEnd(length: captured, available: body.remaining), at: body.offset)
        }
        return Frame(
            linkType: interfaces[index].linkType, time: interfaces[index].time(high << 32 | low),
            captured: captured, original: original, distance: body.offset)
    }

    /// Simple Packet Block (3): of the first interface, without a time.
    ///
    ///     original length 4 · octets
    private func simpleFrame(_ body: inout ByteReader) throws(ParseError) -> Frame {
        guard let interface = interfaces.first else { throw ParseError(.invalidValue(0), at: body.offset) }
        let original = Int(try body.readUInt32(byteOrder))
        return Frame(
            linkType: interface.linkType, time: .unknown,
            captured: min(original, interface.snapshotLength, body.remaining), original: original, distance: body.offset
        )
    }

    private func brokenOff(_ what: String) -> CaptureError {
        input.brokenOff(what, frame: number + 1)
    }
}

extension ByteReader {
    @inline(__always)
    mutating func readUInt16(_ order: CaptureContainer.ByteOrder) throws(ParseError) -> UInt16 {
        let low = try readUInt16LittleEndian()
        return order == .big ? low.byteSwapped : low
    }

    @inline(__always)
    mutating func readUInt32(_ order: CaptureContainer.ByteOrder) throws(ParseError) -> UInt32 {
        let low = try readUInt32LittleEndian()
        return order == .big ? low.byteSwapped : low
    }
}
