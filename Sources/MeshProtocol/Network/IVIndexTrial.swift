public import MeshCrypto

/// Tries IV Indexes on one Network PDU, in batches: de-obfuscation first, which half of the candidates survive since SRC
/// must be a unicast address; then what stands first behind it; then the NetMIC.
///
/// One PDU and one set of credentials; not to be shared between threads.
public struct IVIndexTrial {
    /// A candidate that is not ruled out yet.
    private struct Survivor {
        var ivIndex: UInt32 = 0
        var header: UInt64 = 0

        /// CTL: 1 of a control message.
        var control: Int { Int(truncatingIfNeeded: header &>> 47) & 1 }
        var isControl: Bool { control == 1 }
    }

    private let credentials: NetworkCredentials
    private let pdu: ObfuscatedNetworkPDU
    private let encrypted: (UInt128, UInt128)
    private var blocks: [UInt128]
    /// Those of the first counter block.
    private var streams: [UInt128]
    private var survivors: [Survivor]
    /// How many candidates are tried at once: what is worked with stays in the nearest cache.
    private static let batch = 512

    /// Made ready to try this PDU; the NID is not looked at.
    public init(_ pdu: ObfuscatedNetworkPDU, with material: SecurityMaterial) {
        credentials = NetworkCredentials(material)
        self.pdu = pdu
        encrypted = pdu.encrypted
        blocks = Array(repeating: 0, count: 3 * Self.batch)
        streams = Array(repeating: 0, count: Self.batch)
        survivors = Array(repeating: Survivor(), count: Self.batch)
    }

    /// The IV Indexes of a stretch that have the PDU's IVI and under which its NetMIC matches.
    public mutating func search(_ stretch: Range<UInt64>) -> [IVIndex] {
        var hits: [IVIndex] = []
        var next = stretch.lowerBound + (stretch.lowerBound & 1 == UInt64(pdu.ivi) ? 0 : 1)
        while next < stretch.upperBound {
            let count = min(Self.batch, Int((stretch.upperBound - next + 1) / 2))
            let possible = deobfuscate(from: UInt32(truncatingIfNeeded: next), count: count)
            let plausible = keepPlausible(of: possible)
            if plausible > 0 { authenticate(plausible, into: &hits) }
            next += 2 * UInt64(count)
        }
        return hits
    }

    private mutating func deobfuscate(from first: UInt32, count: Int) -> Int {
        let random = pdu.privacyRandom
        for index in 0..<count {
            let ivIndex = first &+ 2 &* UInt32(truncatingIfNeeded: index)
            blocks[index] = (UInt128(ivIndex) &<< 56 | random).bigEndian
        }
        credentials.privacy.encryptStored(&blocks, count: count)
        return Self.keepPossible(count, from: first, of: pdu, blocks, in: &survivors)
    }

    private mutating func keepPlausible(of count: Int) -> Int {
        for place in 0..<count {
            streams[place] = (Self.counter(survivors[place].header, survivors[place].ivIndex) | 1).bigEndian
        }
        credentials.encryption.encryptStored(&streams, count: count)
        return Self.keepPlausible(count, of: pdu, in: &streams, &survivors)
    }

    // What rules candidates out does so half of the time, so that a processor cannot foresee it: each is written behind those that
    // are kept, and counts as 1 or 0 by arithmetic, since a branch would be taken wrongly every other time.

    @inline(__always)
    private static func one(if condition: Bool) -> Int { condition ? 1 : 0 }

    /// Keeps those with a unicast SRC and a length that there is; returns how many.
    private static func keepPossible(
        _ count: Int, from first: UInt32, of pdu: ObfuscatedNetworkPDU, _ blocks: [UInt128],
        in survivors: inout [Survivor]
    ) -> Int {
        // Bit 0 of an access message, bit 1 of a control message.
        let possible = one(if: isPossible(pdu.encryptedLength - 4)) | one(if: isPossible(pdu.encryptedLength - 8)) << 1
        let obfuscated = pdu.obfuscatedHeader
        let answers = blocks.span
        var keeping = survivors.mutableSpan
        var kept = 0
        for index in 0..<count {
            let header = obfuscated ^ UInt64(truncatingIfNeeded: UInt128(bigEndian: answers[index]) &>> 80)
            let survivor = Survivor(ivIndex: first &+ 2 &* UInt32(truncatingIfNeeded: index), header: header)
            keeping[kept] = survivor
            // SRC is a unicast address, 0001…7FFF: nobody sends with another one.
            let isUnicast = one(if: UInt16(truncatingIfNeeded: header) &- 1 < 0x7FFF)
            kept &+= isUnicast & (possible &>> survivor.control)
        }
        return kept
    }

    /// Of the first counter block's octets: keeps those with a destination and a TransportPDU's beginning that the specification knows;
    /// returns how many.
    private static func keepPlausible(
        _ count: Int, of pdu: ObfuscatedNetworkPDU, in streams: inout [UInt128], _ survivors: inout [Survivor]
    ) -> Int {
        let (encrypted, octets) = (pdu.encrypted.0, pdu.encryptedLength)
        var opening = streams.mutableSpan
        var keeping = survivors.mutableSpan
        var kept = 0
        for place in 0..<count {
            let (survivor, stream) = (keeping[place], UInt128(bigEndian: opening[place]))
            let start = UInt64(truncatingIfNeeded: (encrypted ^ stream) &>> 64)
            keeping[kept] = survivor
            opening[kept] = stream
            kept &+= plausible(start, control: survivor.control, octets: octets)
        }
        return kept
    }

    /// 1 for what the specification knows, otherwise 0. `start`: DST and the first six octets of the TransportPDU; `octets`: those of
    /// both with the NetMIC.
    @inline(__always)
    private static func plausible(_ start: UInt64, control: Int, octets: Int) -> Int {
        let octet = start &>> 40 & 0xFF
        // Opcodes end at 17 for now; AID is 0 under a device key, where AKF is 0.
        let isOpcode = one(if: octet & 0x7F <= 0x1F)
        let isKey = one(if: octet & 0x40 != 0) | one(if: octet & 0x3F == 0)
        let isKnown = control & isOpcode | (control ^ 1) & isKey
        // SegO and SegN, behind SZMIC or a reserved bit and SeqZero. Only the last segment is shorter than the others: 12 octets and
        // a NetMIC of 4, or 8 and one of 8, behind DST and a header of 4; or by 4 or 8 octets less, as some relays cut what they pass on.
        let (offset, last) = (start &>> 21 & 0x1F, start &>> 16 & 0x1F)
        let isSegment = one(if: offset == last) | one(if: offset < last) & one(if: octets & 3 == 22 & 3)
        let isWhole = one(if: octet & 0x80 == 0)
        return one(if: start &>> 48 != 0) & isKnown & (isWhole | isSegment)
    }

    private static func counter(_ header: UInt64, _ index: UInt32) -> UInt128 {
        UInt128(0x01) &<< 120 | UInt128(header) &<< 64 | UInt128(index) &<< 16
    }

    /// Octets of DST and TransportPDU: what is left without a NetMIC of 8 or 4.
    private func length(_ header: UInt64) -> Int { pdu.encryptedLength - (header >> 47 & 1 == 1 ? 8 : 4) }

    private static func isPossible(_ length: Int) -> Bool { (3...18).contains(length) }

    /// The other counter blocks and CBC-MAC of the first `count` survivors, step by step.
    private mutating func authenticate(_ count: Int, into hits: inout [IVIndex]) {
        // The same number of blocks for each: the third counter block is only there where some payload needs it.
        let isLong = pdu.encryptedLength - 4 > 16
        let stride = isLong ? 3 : 2
        for place in 0..<count {
            let survivor = survivors[place]
            let counter = Self.counter(survivor.header, survivor.ivIndex)
            let flags: UInt128 = survivor.isControl ? 0x19 : 0x09
            blocks[place * stride] = counter
            if isLong { blocks[place * stride + 1] = counter | 2 }
            blocks[place * stride + stride - 1] =
                (counter ^ UInt128(0x01) << 120) | flags << 120 | UInt128(length(survivor.header))
        }
        credentials.encryption.encrypt(&blocks, count: count * stride)
        var chains = (0..<count).map { place in
            let first = (encrypted.0 ^ streams[place]) & Self.mask(min(length(survivors[place].header), 16))
            return first ^ blocks[place * stride + stride - 1]
        }
        credentials.encryption.encrypt(&chains)
        if isLong { chainTail(&chains) }
        for place in 0..<count {
            let survivor = survivors[place]
            let tag = chains[place] ^ blocks[place * stride]
            let heard = Self.octets(encrypted, from: length(survivor.header))
            if (tag ^ heard) >> (survivor.isControl ? 64 : 96) == 0 { hits.append(IVIndex(survivor.ivIndex)) }
        }
    }

    /// The second step of CBC-MAC for payloads of more than 16 octets; the others keep their first. Of each there are three blocks.
    private func chainTail(_ chains: inout [UInt128]) {
        let long = chains.indices.filter { length(survivors[$0].header) > 16 }
        var tails = long.map { place in
            let tail = (encrypted.1 ^ blocks[place * 3 + 1]) & Self.mask(length(survivors[place].header) - 16)
            return chains[place] ^ tail
        }
        credentials.encryption.encrypt(&tails)
        for (place, tail) in zip(long, tails) { chains[place] = tail }
    }

    private static func mask(_ octets: Int) -> UInt128 { UInt128.max << UInt128(128 - 8 * octets) }

    private static func octets(_ blocks: (UInt128, UInt128), from start: Int) -> UInt128 {
        let bits = UInt128(8 * start)
        return start < 16 ? blocks.0 << bits | blocks.1 >> (128 - bits) : blocks.1 << (bits - 128)
    }
}
