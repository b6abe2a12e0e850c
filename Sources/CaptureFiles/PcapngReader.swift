import ByteParsing

/// A pcapng file (draft-ietf-opsawg-pcapng), read block by block.
///
/// For what libpcap refuses: interfaces that differ in link type or snapshot length, sections that differ in byte
/// order; and for pipes, which cannot be opened a second time when libpcap refuses them half way.
///
///     block  type 4 · total length 4 · body, padded to 4 · total length 4
struct PcapngReader: ~Copyable {
    static let magic: [UInt8] = [0x0A, 0x0D, 0x0D, 0x0A]
    private static let longestBlock = 16 << 20

    private struct Interface {
        var linkType: LinkType
        var snapshotLength: Int
        var resolution = TimeResolution.decimal(6)
        var offsetSeconds: Int64 = 0
    }

    private enum TimeResolution {
        case decimal(Int)
        case binary(Int)
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
    private var interfaces: [Interface] = []
    private var bigEndian = false
    private var inSection = false
    private(set) var number = 0
    private var pending = 0

    init(_ source: ByteSource) {
        input = InputBuffer(source)
    }

    /// The next frame; `nil` at the end of the file.
    @_lifetime(&self)
    mutating func nextFrame() throws(CaptureError) -> CapturedFrame? {
        while true {
            input.consume(pending)
            pending = 0
            guard let (type, length) = try nextBlock() else { return nil }
            pending = length
            guard let frame = try parse(blockType: type, length: length) else { continue }
            number += 1
            return CapturedFrame(
                number: number, time: frame.time, linkType: frame.linkType, originalLength: frame.original,
                bytes: input.span(at: frame.distance, count: frame.captured))
        }
    }

    /// Makes the next block available whole.
    private mutating func nextBlock() throws(CaptureError) -> (type: UInt32, length: Int)? {
        guard input.require(12) else {
            if let failure = input.source.failure { throw brokenOff(failure) }
            guard input.available > 0 else { return nil }
            throw brokenOff("a block header is cut off after \(input.available) octets")
        }
        let isSectionHeader = input.span(count: 4)[0] == 0x0A && input.span(count: 4)[3] == 0x0A
        if isSectionHeader { try readByteOrder() }
        guard inSection else { throw brokenOff("a block stands before the first section header") }
        let type = number(at: 0)
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
        return (type, length)
    }

    private mutating func readByteOrder() throws(CaptureError) {
        bigEndian = true
        switch number(at: 8) {
        case 0x1A2B_3C4D: break
        case 0x4D3C_2B1A: bigEndian = false
        default: throw brokenOff("a section header has no byte-order magic")
        }
        inSection = true
        interfaces = []
    }

    private func number(at distance: Int) -> UInt32 {
        let octets = input.span(at: distance, count: 4)
        let value = UInt32(octets[0]) << 24 | UInt32(octets[1]) << 16 | UInt32(octets[2]) << 8 | UInt32(octets[3])
        return bigEndian ? value : value.byteSwapped
    }

    private mutating func parse(blockType: UInt32, length: Int) throws(CaptureError) -> Frame? {
        do {
            var body = ByteReader(input.span(count: length - 4))
            try body.skip(8)
            switch blockType {
            case 1:
                interfaces.append(try interface(&body))
                return nil
            case 2: return try frame(&body, interface: Int(try read16(&body)), enhanced: false)
            case 3: return try simpleFrame(&body)
            case 6: return try frame(&body, interface: Int(try read32(&body)), enhanced: true)
            default: return nil
            }
        } catch {
            throw brokenOff("a block of type \(blockType): \(error)")
        }
    }

    private func read16(_ body: inout ByteReader) throws(ParseError) -> UInt16 {
        bigEndian ? try body.readUInt16BigEndian() : try body.readUInt16LittleEndian()
    }

    private func read32(_ body: inout ByteReader) throws(ParseError) -> UInt32 {
        bigEndian ? try body.readUInt32BigEndian() : try body.readUInt32LittleEndian()
    }

    ///     link type 2 · reserved 2 · snapshot length 4 · options
    private func interface(_ body: inout ByteReader) throws(ParseError) -> Interface {
        let number = UInt32(try read16(&body))
        try body.skip(2)
        let snapshotLength = Int(try read32(&body))
        var interface = Interface(
            linkType: LinkType(.pcap, number), snapshotLength: snapshotLength == 0 ? .max : snapshotLength)
        while body.remaining >= 4 {
            let code = try read16(&body)
            let length = Int(try read16(&body))
            var value = try body.readPiece(length)
            try body.skip(min((4 - length % 4) % 4, body.remaining))
            switch (code, length) {
            case (0, _): return interface
            case (9, 1):
                let resolution = Int(try value.readUInt8())
                interface.resolution = resolution & 0x80 == 0 ? .decimal(resolution) : .binary(resolution & 0x7F)
            case (14, 8):
                let seconds = bigEndian ? try value.readBigEndian(8) : try value.readLittleEndian(8)
                interface.offsetSeconds = Int64(bitPattern: seconds)
            default: break
            }
        }
        return interface
    }

    ///     [interface] · [drops 2] · time high 4 · time low 4 · captured length 4 · original length 4 · octets
    private func frame(_ body: inout ByteReader, interface index: Int, enhanced: Bool) throws(ParseError) -> Frame {
        guard index < interfaces.count else { throw ParseError(.invalidValue(UInt64(index)), at: body.offset) }
        if !enhanced { try body.skip(2) }
        let high = UInt64(try read32(&body))
        let low = UInt64(try read32(&body))
        let captured = Int(try read32(&body))
        let original = Int(try read32(&body))
        guard captured <= body.remaining else {
            throw ParseError(.lengthBeyondEnd(length: captured, available: body.remaining), at: body.offset)
        }
        return Frame(
            linkType: interfaces[index].linkType, time: Self.time(high << 32 | low, interfaces[index]),
            captured: captured, original: original, distance: body.offset)
    }

    ///     original length 4 · octets (of the first interface, without a time)
    private func simpleFrame(_ body: inout ByteReader) throws(ParseError) -> Frame {
        guard let interface = interfaces.first else { throw ParseError(.invalidValue(0), at: body.offset) }
        let original = Int(try read32(&body))
        return Frame(
            linkType: interface.linkType, time: CaptureTime(nanoseconds: 0),
            captured: min(original, interface.snapshotLength, body.remaining), original: original, distance: body.offset
        )
    }

    private static func time(_ units: UInt64, _ interface: Interface) -> CaptureTime {
        let perSecond: UInt64
        switch interface.resolution {
        case .decimal(let digits) where digits <= 19: perSecond = (0..<digits).reduce(1) { power, _ in power * 10 }
        case .binary(let bits) where bits <= 63: perSecond = 1 << UInt64(bits)
        default: return CaptureTime(seconds: interface.offsetSeconds)
        }
        let (whole, rest) = units.quotientAndRemainder(dividingBy: perSecond)
        let nanoseconds = Int64(perSecond.dividingFullWidth(rest.multipliedFullWidth(by: 1_000_000_000)).quotient)
        let (seconds, overflow) = Int64(truncatingIfNeeded: min(whole, UInt64(Int64.max)))
            .addingReportingOverflow(interface.offsetSeconds)
        return CaptureTime(seconds: overflow ? .max : seconds, nanoseconds: nanoseconds)
    }

    private func brokenOff(_ what: String) -> CaptureError {
        CaptureError(
            .brokenOff, path: input.source.path, "\(what) (frame \(number + 1), octet \(input.offset) of the file)")
    }
}
