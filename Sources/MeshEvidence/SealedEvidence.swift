public import ByteParsing
import CaptureFiles
public import MeshCrypto
public import MeshProtocol

/// Something authentic as it was heard, still sealed: with the keys it opens again, at any time, and without them it says nothing.
///
/// What is kept between two runs is kept like this, so that what a run learned from it (an IV Index, a NetKey, a friendship) is learned
/// again, and no key is ever written down.
public struct SealedEvidence: Hashable, Sendable {
    /// What was heard.
    public enum Content: Hashable, Sendable {
        /// A Network PDU or a Proxy Configuration message.
        case pdu(ObfuscatedNetworkPDU, NonceKind)
        /// A Secure Network or Mesh Private beacon.
        case beacon(MeshBeacon)
    }

    /// The octets and what they are.
    public let content: Content
    /// Where it was heard.
    public let origin: Origin
    /// Who sent the PDU, as it said when it was opened; `nil` for a beacon.
    public let source: UnicastAddress?

    init(_ content: Content, from origin: Origin, source: UnicastAddress? = nil) {
        self.content = content
        self.origin = origin
        self.source = source
    }
}

/// The octets of one entry, all numbers big-endian:
///
///     kind 1 (nonce, or FF: a beacon) · bearer 1 (bit 7: tentative; bit 6: has an advertiser) · capture 4 · frame 8 · time 8 ·
///     advertiser 8 · source 2 (0: none) · length 1 · octets
extension SealedEvidence {
    private static let beaconKind: UInt8 = 0xFF
    private static let isTentative: UInt8 = 0x80
    private static let hasAdvertiser: UInt8 = 0x40

    /// Appends the octets of this entry.
    public func write(to target: inout [UInt8]) {
        let octets: [UInt8]
        switch content {
        case .pdu(let pdu, let nonce):
            target.append(nonce.rawValue)
            octets = pdu.octets
        case .beacon(let beacon):
            target.append(Self.beaconKind)
            octets = beacon.octets
        }
        target.append(
            origin.bearer.rawValue | (origin.isCertain ? 0 : Self.isTentative)
                | (origin.advertiser == nil ? 0 : Self.hasAdvertiser))
        append(UInt64(UInt32(truncatingIfNeeded: origin.frame.capture)), 4, to: &target)
        append(UInt64(bitPattern: Int64(origin.frame.number)), 8, to: &target)
        append(UInt64(bitPattern: origin.time.nanoseconds), 8, to: &target)
        append(origin.advertiser?.value ?? 0, 8, to: &target)
        append(UInt64(source?.value ?? 0), 2, to: &target)
        target.append(UInt8(clamping: octets.count))
        target += octets
    }

    private func append(_ number: UInt64, _ count: Int, to target: inout [UInt8]) {
        for place in (0..<count).reversed() { target.append(UInt8(truncatingIfNeeded: number >> (8 * place))) }
    }

    /// Reads the next entry.
    ///
    /// - Throws: `ParseError` where the octets are no such entry.
    public init(parsing reader: inout ByteReader) throws(ParseError) {
        let start = reader.offset
        let kind = try reader.readUInt8()
        let flags = try reader.readUInt8()
        guard let bearer = Bearer(rawValue: flags & 3) else {
            throw ParseError(.invalidValue(UInt64(flags)), at: start + 1)
        }
        let capture = Int(Int32(truncatingIfNeeded: try reader.readUInt32BigEndian()))
        let number = Int(Int64(bitPattern: try reader.readBigEndian(8)))
        let time = CaptureTime(nanoseconds: Int64(bitPattern: try reader.readBigEndian(8)))
        let advertiser = try reader.readBigEndian(8)
        source = UnicastAddress(try reader.readUInt16BigEndian())
        origin = Origin(
            FrameReference(capture: capture, number: number, time: time), bearer: bearer,
            advertiser: flags & Self.hasAdvertiser == 0 ? nil : DeviceAddress(advertiser),
            isCertain: flags & Self.isTentative == 0)
        let octets = try reader.readOctets(Int(try reader.readUInt8()))
        var inner = ByteReader(octets.span)
        if kind == Self.beaconKind {
            content = .beacon(try MeshBeacon(parsing: &inner))
            return
        }
        guard let nonce = NonceKind(rawValue: kind) else { throw ParseError(.invalidValue(UInt64(kind)), at: start) }
        content = .pdu(try ObfuscatedNetworkPDU(parsing: &inner), nonce)
    }
}

extension SealedEvidence {
    /// Reads entries one behind the other; `nil` where the octets are none.
    public static func list(_ octets: [UInt8]) -> [SealedEvidence]? {
        var reader = ByteReader(octets.span)
        var entries: [SealedEvidence] = []
        while reader.remaining > 0 {
            guard let entry = try? SealedEvidence(parsing: &reader) else { return nil }
            entries.append(entry)
        }
        return entries
    }
}

extension [SealedEvidence] {
    /// All entries, one behind the other.
    public var octets: [UInt8] { reduce(into: []) { $1.write(to: &$0) } }
}

/// What was authenticated since it was last looked at: all PDUs that opened, and of each subnet's beacons one in ten seconds and each
/// that says something new. Bounded.
struct EvidenceJournal {
    private static let interval: Int64 = 10_000_000_000

    let capacity: Int
    private(set) var entries: [SealedEvidence] = []
    /// Whether there was no room for all.
    private(set) var isFull = false
    private var lastBeacons: [KeyPlace: Int64] = [:]

    init(capacity: Int) {
        self.capacity = capacity
    }

    mutating func append(_ pdu: ObfuscatedNetworkPDU, _ nonce: NonceKind, source: UnicastAddress, from origin: Origin) {
        append(SealedEvidence(.pdu(pdu, nonce), from: origin, source: source))
    }

    mutating func append(_ beacon: MeshBeacon, under key: KeyPlace, isNews: Bool, from origin: Origin) {
        let time = origin.time.nanoseconds
        if !isNews, let last = lastBeacons[key], time >= last,
            time.subtractingReportingOverflow(last).partialValue < Self.interval
        {
            return
        }
        lastBeacons[key] = time
        append(SealedEvidence(.beacon(beacon), from: origin))
    }

    private mutating func append(_ entry: SealedEvidence) {
        guard entries.count < capacity else {
            isFull = true
            return
        }
        entries.append(entry)
    }

    mutating func removeAll() {
        entries.removeAll(keepingCapacity: true)
        isFull = false
    }
}
