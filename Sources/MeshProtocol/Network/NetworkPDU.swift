import ByteParsing

/// A Network PDU whose NetMIC matched: Mesh Protocol 1.1, "Network PDU".
///
/// Only opening makes one, and reading one that was written down (`Codable`); it holds the IV Index that opened it.
public struct NetworkPDU: Hashable, Sendable {
    // In two vectors of two words: PDUs go by the million from where they are opened to where they are kept, and a processor waits
    // where a value is read as a whole right after its fields were written one by one.
    /// IV Index 32 bits, octets of the content 8, nothing 8, octets 16 and 17 of the content; CTL and what follows as in `header`.
    private let fields: SIMD2<UInt64>
    /// Octets 0…15 of the content.
    private let body: SIMD2<UInt64>

    /// The IV Index that it was sent with, which opened it.
    public var ivIndex: IVIndex { IVIndex(UInt32(truncatingIfNeeded: fields.x >> 32)) }
    /// CTL: a control message, whose NetMIC has 64 bits; an access message has 32.
    public var isControl: Bool { fields.y >> 47 & 1 == 1 }
    /// 0…127.
    public var ttl: UInt8 { UInt8(truncatingIfNeeded: fields.y >> 40) & 0x7F }
    /// SEQ.
    public var sequence: SequenceNumber { SequenceNumber(truncating: UInt32(truncatingIfNeeded: fields.y >> 16)) }
    /// SRC.
    public var source: UnicastAddress { UnicastAddress(known: UInt16(truncatingIfNeeded: fields.y)) }
    /// DST and TransportPDU.
    public var content: Content {
        Content(
            first: body.x, second: body.y, last: UInt16(truncatingIfNeeded: fields.x),
            count: UInt8(truncatingIfNeeded: fields.x >> 24))
    }

    /// Octets of the content, 0…18.
    var contentLength: Int { Int(truncatingIfNeeded: fields.x >> 24 & 0xFF) }

    /// What the source said, whatever a relay did to TTL and credentials: DST and TransportPDU.
    public struct Content: Hashable, Sendable {
        // In words, so that a content has 19 octets: it is kept by the thousand.
        fileprivate let first: UInt64
        fileprivate let second: UInt64
        fileprivate let last: UInt16
        fileprivate let count: UInt8

        /// Octets 0…15.
        var head: UInt128 { UInt128(first) << 64 | UInt128(second) }
        /// Octets 16 and 17, left-aligned.
        var tail: UInt128 { UInt128(last) << 112 }
        /// 0…18.
        var length: Int { Int(count) }

        /// Octets of DST and TransportPDU in the longest PDU, beside a NetMIC of 8 or 4.
        static func maximumLength(isControl: Bool) -> Int { isControl ? 14 : 18 }

        /// Whatever the octets are; those behind the first 18 are lost.
        init(octets: [UInt8]) {
            self.init(
                head: UInt128(leftAligned: octets.prefix(16)), tail: UInt128(leftAligned: octets.dropFirst(16)),
                length: octets.count)
        }

        /// `head`: octets 0…15.
        /// `tail`: octets 16 and 17, left-aligned.
        /// `length`: 0…18.
        init(head: UInt128, tail: UInt128, length: Int) {
            first = UInt64(truncatingIfNeeded: head >> 64)
            second = UInt64(truncatingIfNeeded: head)
            last = UInt16(truncatingIfNeeded: tail >> 112)
            count = UInt8(clamping: length)
        }

        fileprivate init(first: UInt64, second: UInt64, last: UInt16, count: UInt8) {
            (self.first, self.second, self.last, self.count) = (first, second, last, count)
        }

        /// Octets 0…7; 8…15; 16 and 17, with the length before them: for who keeps contents by the thousand.
        public var words: [UInt64] { [first, second, UInt64(count) << 16 | UInt64(last)] }

        /// `nil` for words that are not those of a content.
        public init?(words: [UInt64]) {
            guard words.count == 3, words[2] >> 16 <= Self.maximumLength(isControl: false) else { return nil }
            self.init(
                first: words[0], second: words[1], last: UInt16(truncatingIfNeeded: words[2]),
                count: UInt8(truncatingIfNeeded: words[2] >> 16))
        }

        /// DST and TransportPDU.
        var octets: [UInt8] { octets(from: 0) }

        /// What stands from a place on.
        func octets(from start: Int) -> [UInt8] {
            var octets: [UInt8] = []
            octets.reserveCapacity(max(0, length - start))
            for place in start..<max(start, length) {
                let word = place < 8 ? first : place < 16 ? second : UInt64(last) << 48
                octets.append(UInt8(truncatingIfNeeded: word >> UInt64(56 - 8 * (place & 7))))
            }
            return octets
        }

        /// 16 bits that tell contents apart; not secret.
        public var digest: UInt16 {
            let mix = (second ^ first.byteSwapped ^ UInt64(last) << 48 ^ UInt64(count)) &* 0xD6E8_FEB8_6659_FD93
            return UInt16(truncatingIfNeeded: mix >> 48)
        }

        /// Whether this is what relays made of `other` that cut PDUs short, each by the length of a NetMIC: 32 or 64 bits.
        public func isCut(from other: Content) -> Bool {
            (other.length - length) % 4 == 0 && isBeginning(of: other)
        }

        /// Whether `other` begins with this, and goes on.
        public func isBeginning(of other: Content) -> Bool {
            guard length < other.length else { return false }
            let differsInHead = (head ^ other.head) >> UInt128(128 - 8 * min(length, 16)) != 0
            let differsInTail = (tail ^ other.tail) >> UInt128(128 - 8 * max(length - 16, 0)) != 0
            return !differsInHead && !differsInTail
        }
    }

    /// `header`: CTL 1 bit, TTL 7, SEQ 24, SRC 16; `nil` where SRC is no unicast address.
    init?(ivIndex: IVIndex, header: UInt64, content: Content) {
        guard UnicastAddress(UInt16(truncatingIfNeeded: header)) != nil else { return nil }
        self.init(ivIndex: ivIndex, known: header, content: content)
    }

    /// `header`: likewise, with a unicast address.
    init(ivIndex: IVIndex, known header: UInt64, content: Content) {
        fields = [UInt64(ivIndex.value) << 32 | UInt64(content.count) << 24 | UInt64(content.last), header]
        body = [content.first, content.second]
    }

    /// CTL 1 bit, TTL 7, SEQ 24, SRC 16.
    static func header(isControl: Bool, ttl: UInt8, sequence: SequenceNumber, source: UnicastAddress) -> UInt64 {
        (isControl ? 1 : 0) << 47 | UInt64(ttl & 0x7F) << 40 | UInt64(sequence.value) << 16 | UInt64(source.value)
    }

    /// An opened PDU as a test writes it, without sealing and opening; nothing else may.
    ///
    /// `ttl`: 0…127.
    /// `transportPDU`: at most 16 octets, 12 of a control message.
    init(
        position: SequencePosition, isControl: Bool, ttl: UInt8, source: UnicastAddress, destination: MeshAddress,
        transportPDU: [UInt8]
    ) {
        precondition(ttl <= 0x7F && transportPDU.count + 2 <= Content.maximumLength(isControl: isControl))
        let octets = [UInt8(destination.value >> 8), UInt8(destination.value & 0xFF)] + transportPDU
        let header = Self.header(isControl: isControl, ttl: ttl, sequence: position.sequence, source: source)
        self.init(ivIndex: position.ivIndex, known: header, content: Content(octets: octets))
    }

    /// IV Index and SEQ, which the source never uses again.
    public var position: SequencePosition { SequencePosition(ivIndex, sequence) }

    /// `nil` where a faulty relay cut the PDU within its DST.
    public var destination: MeshAddress? {
        contentLength < 2 ? nil : MeshAddress(UInt16(truncatingIfNeeded: body.x >> 48))
    }

    /// The first octet of the TransportPDU: SEG, and AKF and AID or the opcode; 0 where there is none.
    public var transportHeader: UInt8 { UInt8(truncatingIfNeeded: body.x >> 40) }

    /// 1…16 octets; fewer, or none, where a faulty relay cut them.
    public var transportPDU: [UInt8] {
        content.octets(from: 2)
    }
}
