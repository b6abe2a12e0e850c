import ByteParsing

/// A Network PDU whose NetMIC matched: Mesh Protocol 1.1, "Network PDU".
///
/// Only opening makes one, and reading one that was written down (`Codable`); it holds the IV Index that opened it.
public struct NetworkPDU: Hashable, Sendable {
    /// The IV Index that it was sent with, which opened it.
    public let ivIndex: IVIndex
    /// CTL: a control message, whose NetMIC has 64 bits; an access message has 32.
    public let isControl: Bool
    /// 0…127.
    public let ttl: UInt8
    /// SEQ.
    public let sequence: SequenceNumber
    /// SRC.
    public let source: UnicastAddress
    /// DST and TransportPDU.
    public let content: Content

    /// What the source said, whatever a relay did to TTL and credentials: DST and TransportPDU.
    public struct Content: Hashable, Sendable {
        // In words, so that a content has 19 octets: it is kept by the thousand.
        private let first: UInt64
        private let second: UInt64
        private let last: UInt16
        private let count: UInt8

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

    /// `header`: CTL 1 bit, TTL 7, SEQ 24, SRC 16.
    init?(ivIndex: IVIndex, header: UInt64, content: Content) {
        guard let source = UnicastAddress(UInt16(truncatingIfNeeded: header)) else { return nil }
        self.ivIndex = ivIndex
        isControl = header >> 47 & 1 == 1
        ttl = UInt8(truncatingIfNeeded: header >> 40) & 0x7F
        sequence = SequenceNumber(truncating: UInt32(truncatingIfNeeded: header >> 16))
        self.source = source
        self.content = content
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
        ivIndex = position.ivIndex
        sequence = position.sequence
        self.isControl = isControl
        self.ttl = ttl
        self.source = source
        content = Content(octets: [UInt8(destination.value >> 8), UInt8(destination.value & 0xFF)] + transportPDU)
    }

    /// IV Index and SEQ, which the source never uses again.
    public var position: SequencePosition { SequencePosition(ivIndex, sequence) }

    /// `nil` where a faulty relay cut the PDU within its DST.
    public var destination: MeshAddress? {
        content.length < 2 ? nil : MeshAddress(UInt16(truncatingIfNeeded: content.head >> 112))
    }

    /// The first octet of the TransportPDU: SEG, and AKF and AID or the opcode; 0 where there is none.
    public var transportHeader: UInt8 { UInt8(truncatingIfNeeded: content.head >> 104) }

    /// 1…16 octets; fewer, or none, where a faulty relay cut them.
    public var transportPDU: [UInt8] {
        content.octets(from: 2)
    }
}
