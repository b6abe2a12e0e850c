public import ByteParsing

/// One thing that a frame holds: an AD structure, an attribute value, or that it breaks its format.
///
/// A value of its own, which fills one line of a processor's cache: they go by the million from where frames are peeled to where
/// they are opened.
public struct Heard: Sendable {
    /// What it is.
    public enum Kind: UInt8, Sendable {
        /// An AD structure: Bluetooth Core, "Advertising and Scan Response data format".
        case structure
        /// An AD structure of more than `longest` octets.
        case longStructure
        /// A value that crossed a GATT connection.
        case attributeValue
        /// The frame, or one advertisement of it, breaks its format.
        case malformed
    }

    /// How many octets of a structure's value are part of this value.
    public static let longest = 32

    /// Octets 0…15 of a structure's value, left-aligned; of what is not kept here, the place in the batch.
    public let first: UInt128
    /// Octets 16…31.
    public let second: UInt128
    private let number: Int
    private let nanoseconds: Int64
    private let capture: Int32
    private let addressLow: UInt32
    private let addressHigh: UInt16
    /// Where the structure's value begins in the frame.
    public let offset: UInt16
    /// What it is.
    public let kind: Kind
    /// The AD type of a structure; `ADType` names those of mesh.
    public let type: UInt8
    /// Octets of a structure's value, where they are part of this value.
    public let length: UInt8
    private let flags: UInt8

    private static let isAddressed: UInt8 = 1
    private static let isSent: UInt8 = 2
    private static let isTentative: UInt8 = 4

    /// A structure whose value is short.
    @inline(__always)
    fileprivate init(
        _ type: UInt8, _ octets: (first: UInt128, second: UInt128), count: Int, at offset: Int,
        of advertisement: Advertisement, in frame: FrameStamp
    ) {
        (first, second) = octets
        number = frame.number
        nanoseconds = frame.nanoseconds
        capture = Int32(truncatingIfNeeded: frame.capture)
        let address = advertisement.address ?? 0
        addressLow = UInt32(truncatingIfNeeded: address)
        addressHigh = UInt16(truncatingIfNeeded: address >> 32)
        self.offset = UInt16(clamping: offset)
        kind = .structure
        self.type = type
        length = UInt8(truncatingIfNeeded: count)
        flags =
            (advertisement.address == nil ? 0 : Self.isAddressed) | (advertisement.direction == .sent ? Self.isSent : 0)
            | (advertisement.isCertain ? 0 : Self.isTentative)
    }

    /// What is kept at a place of the batch.
    fileprivate init(
        _ kind: Kind, _ type: UInt8, place: Int, at offset: Int, of advertisement: Advertisement, in frame: FrameStamp
    ) {
        let short = Heard(type, (UInt128(place), 0), count: 0, at: offset, of: advertisement, in: frame)
        (first, second, number, nanoseconds) = (short.first, 0, short.number, short.nanoseconds)
        (capture, addressLow, addressHigh) = (short.capture, short.addressLow, short.addressHigh)
        (self.offset, self.kind, self.type, length, flags) = (short.offset, kind, type, 0, short.flags)
    }

    /// The frame that it stood in.
    @inline(__always)
    public var frame: FrameStamp { FrameStamp(capture: Int(capture), number: number, nanoseconds: nanoseconds) }

    /// The advertiser's device address, 48 bits, where the frame names it.
    @inline(__always)
    public var address: UInt64? {
        flags & Self.isAddressed == 0 ? nil : UInt64(addressHigh) << 32 | UInt64(addressLow)
    }

    /// Whose advertisement it is.
    @inline(__always)
    public var direction: Advertisement.Direction { flags & Self.isSent == 0 ? .heard : .sent }

    /// False for data that may have begun in another frame, where the octets may be no AD structures at all.
    @inline(__always)
    public var isCertain: Bool { flags & Self.isTentative == 0 }

    fileprivate var place: Int { Int(truncatingIfNeeded: first) }
}

/// What frames hold, in their order.
public struct HeardBatch: Sendable {
    /// What was heard; what of it is too long to be part of a value is had from the batch.
    public private(set) var all: [Heard] = []
    private var longValues: [[UInt8]] = []
    private var attributeValues: [AttributeValue] = []
    private var errors: [ParseError] = []
    /// Which AD types are kept, by their number.
    private let isKept: [Bool]
    private static let nowhere = Advertisement(direction: .heard, address: nil)

    /// An empty batch that keeps AD structures of these types; `nil`: of all.
    public init(types: Set<UInt8>? = nil) {
        isKept = (0..<256).map { types?.contains(UInt8($0)) ?? true }
    }

    /// How many things were heard.
    public var count: Int { all.count }

    /// Makes room for so many things that will be heard.
    public mutating func reserveCapacity(_ count: Int) { all.reserveCapacity(count) }

    /// Forgets what was heard, and keeps the room.
    public mutating func removeAll() {
        all.removeAll(keepingCapacity: true)
        guard !longValues.isEmpty || !attributeValues.isEmpty || !errors.isEmpty else { return }
        longValues.removeAll()
        attributeValues.removeAll()
        errors.removeAll()
    }

    // MARK: What was heard

    /// The octets of a structure's value; of anything else none.
    public func octets(of heard: Heard) -> [UInt8] {
        switch heard.kind {
        case .structure: Array((heard.first.octets + heard.second.octets).prefix(Int(heard.length)))
        case .longStructure: longValues[heard.place]
        case .attributeValue, .malformed: []
        }
    }

    /// The attribute value, where it is one.
    public func attributeValue(of heard: Heard) -> AttributeValue? {
        heard.kind == .attributeValue ? attributeValues[heard.place] : nil
    }

    /// In which way the frame breaks its format, where it does.
    public func error(of heard: Heard) -> ParseError? { heard.kind == .malformed ? errors[heard.place] : nil }

    // MARK: Hearing

    /// An AD structure.
    ///
    ///     length 1 · AD type 1 · value length − 1
    @inline(always)
    mutating func append(
        _ type: UInt8, _ value: ByteReader, of advertisement: Advertisement, in frame: FrameStamp
    ) throws(ParseError) {
        guard isKept[Int(type)] else { return }
        let (offset, count) = (value.offset, value.remaining)
        guard count <= Heard.longest else { return try appendLong(type, value, of: advertisement, in: frame) }
        var value = value
        let octets = try value.readTwoLeftAligned(count)
        all.append(Heard(type, octets, count: count, at: offset, of: advertisement, in: frame))
    }

    /// An AD structure that is too long to be part of the value.
    @inline(never)
    private mutating func appendLong(
        _ type: UInt8, _ value: ByteReader, of advertisement: Advertisement, in frame: FrameStamp
    ) throws(ParseError) {
        var value = value
        let offset = value.offset
        longValues.append(try value.readOctets(value.remaining))
        all.append(
            Heard(.longStructure, type, place: longValues.count - 1, at: offset, of: advertisement, in: frame))
    }

    /// Each AD structure of advertising data; a length of zero ends it early.
    mutating func appendStructures(
        _ data: ByteReader, of advertisement: Advertisement, in frame: FrameStamp
    ) throws(ParseError) {
        var data = data
        while !data.isAtEnd {
            let length = try data.readUInt8()
            guard length > 0 else { return }
            var structure = try data.readPiece(Int(length))
            let type = try structure.readUInt8()
            try append(type, structure, of: advertisement, in: frame)
        }
    }

    mutating func append(_ value: AttributeValue, in frame: FrameStamp) {
        attributeValues.append(value)
        all.append(
            Heard(.attributeValue, 0, place: attributeValues.count - 1, at: 0, of: Self.nowhere, in: frame))
    }

    /// Takes note that a frame, or one advertisement of it, breaks its format.
    public mutating func append(_ error: ParseError, in frame: FrameStamp) {
        errors.append(error)
        all.append(Heard(.malformed, 0, place: errors.count - 1, at: 0, of: Self.nowhere, in: frame))
    }
}
