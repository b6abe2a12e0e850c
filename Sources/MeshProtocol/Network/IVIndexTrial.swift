public import MeshCrypto

/// Tries IV Indexes on one Network PDU, in batches: de-obfuscation first, which half of the candidates survive since SRC
/// must be a unicast address; then what stands first behind it; then the NetMIC.
///
/// A candidate is its counter block with counter 0 (Mesh Protocol 1.1, "Network nonce"), as it lies in memory: 01, 00, then what was
/// obfuscated (CTL and TTL, SEQ, SRC), two octets of 0, the IV Index, and the counter. Octet 0 is the least significant one of a block
/// here, so that neither a cipher nor a loop turns octets round.
///
/// One PDU and one set of credentials; not to be shared between threads.
public struct IVIndexTrial {
    private let credentials: NetworkCredentials
    private let pdu: ObfuscatedNetworkPDU
    private let encrypted: (UInt128, UInt128)
    private let forms: Forms
    /// What is encrypted for all candidates of a batch, or up to three blocks for each of those that are left.
    private var blocks: [UInt128]
    /// Those that are not ruled out yet.
    private var candidates: [UInt128]
    /// Their first counter block's, then the chain of CBC-MAC.
    private var streams: [UInt128]
    private var chains: [UInt128]
    /// How many candidates are tried at once: what is worked with stays in the nearest cache.
    private static let batch = 512

    /// Made ready to try this PDU; the NID is not looked at.
    public init(_ pdu: ObfuscatedNetworkPDU, with material: SecurityMaterial) {
        credentials = NetworkCredentials(material)
        self.pdu = pdu
        encrypted = (pdu.encrypted.0.bigEndian, pdu.encrypted.1.bigEndian)
        forms = Forms(pdu)
        blocks = Array(repeating: 0, count: 3 * Self.batch)
        candidates = Array(repeating: 0, count: Self.batch)
        streams = candidates
        chains = candidates
    }

    /// The IV Indexes of a stretch that have the PDU's IVI and under which its NetMIC matches.
    public mutating func search(_ stretch: Range<UInt64>) -> [IVIndex] {
        var hits: [IVIndex] = []
        var next = stretch.lowerBound + (stretch.lowerBound & 1 == UInt64(pdu.ivi) ? 0 : 1)
        while next < stretch.upperBound {
            let count = min(Self.batch, Int((stretch.upperBound - next + 1) / 2))
            encryptPrivacyPlaintexts(from: UInt32(truncatingIfNeeded: next), count: count)
            let possible = Self.keepPossible(
                count, from: UInt32(truncatingIfNeeded: next), of: pdu, forms, blocks, in: &candidates, &streams)
            credentials.encryption.encryptStored(&streams, count: possible)
            let plausible = Self.keepPlausible(possible, of: pdu, in: &candidates, &streams)
            if plausible > 0 { authenticate(plausible, into: &hits) }
            next += 2 * UInt64(count)
        }
        return hits
    }

    /// "Privacy Plaintext": five octets of 0, the IV Index, the Privacy Random.
    private mutating func encryptPrivacyPlaintexts(from first: UInt32, count: Int) {
        let random = UInt64(truncatingIfNeeded: pdu.privacyRandom).bigEndian
        var plaintexts = blocks.mutableSpan
        for index in 0..<count {
            let ivIndex = first &+ 2 &* UInt32(truncatingIfNeeded: index)
            let (front, back) = (UInt64(ivIndex &>> 8).bigEndian, random | UInt64(ivIndex & 0xFF))
            plaintexts[index] = UInt128(back) &<< 64 | UInt128(front)
        }
        credentials.privacy.encryptStored(&blocks, count: count)
    }

    // What rules candidates out does so half of the time, so that a processor cannot foresee it: each is written behind those that
    // are kept, and counts as 1 or 0 by arithmetic, since a branch would be taken wrongly every other time.

    @inline(__always)
    private static func one(if condition: Bool) -> Int { condition ? 1 : 0 }

    /// CTL: 1 of a control message.
    @inline(__always)
    private static func control(_ candidate: UInt128) -> Int { Int(truncatingIfNeeded: candidate &>> 23) & 1 }

    /// De-obfuscates, and keeps those with a unicast SRC and a length that there is; returns how many.
    private static func keepPossible(
        _ count: Int, from first: UInt32, of pdu: ObfuscatedNetworkPDU, _ forms: Forms, _ blocks: [UInt128],
        in candidates: inout [UInt128], _ streams: inout [UInt128]
    ) -> Int {
        // Bit 0 of an access message, bit 1 of a control message.
        let possible = one(if: forms.access.isPossible) | one(if: forms.control.isPossible) &<< 1
        let obfuscated = (pdu.obfuscatedHeader &<< 16).bigEndian
        let pecbs = blocks.span
        var keeping = candidates.mutableSpan
        var counters = streams.mutableSpan
        var kept = 0
        for index in 0..<count {
            let ivIndex = first &+ 2 &* UInt32(truncatingIfNeeded: index)
            let header = obfuscated ^ UInt64(truncatingIfNeeded: pecbs[index])
            let candidate = UInt128(UInt64(ivIndex.bigEndian) &<< 16) &<< 64 | UInt128(header &<< 16 | 0x01)
            keeping[kept] = candidate
            counters[kept] = candidate | 0x01 &<< 120
            // SRC, octets 4 and 5, begins with a 0 as a unicast address does: nobody sends with another one.
            let isUnicast = Int(truncatingIfNeeded: ~header &>> 39) & 1
            kept &+= isUnicast & possible &>> control(candidate)
        }
        return kept
    }

    /// Of the first counter block's octets: keeps those that begin like a TransportPDU that the specification knows;
    /// returns how many.
    private static func keepPlausible(
        _ count: Int, of pdu: ObfuscatedNetworkPDU, in candidates: inout [UInt128], _ streams: inout [UInt128]
    ) -> Int {
        let encrypted = UInt64(truncatingIfNeeded: pdu.encrypted.0 &>> 64)
        // Only the last segment is shorter than the others: 12 octets and a NetMIC of 4, or 8 and one of 8, behind DST and a header of 4;
        // or by 4 or 8 octets less, as some relays cut what they pass on.
        let mostBehind: UInt64 = pdu.encryptedLength & 3 == 22 & 3 ? 31 : 0
        let beginnings = beginnings.span
        var keeping = candidates.mutableSpan
        var opening = streams.mutableSpan
        var kept = 0
        for place in 0..<count {
            let (candidate, stream) = (keeping[place], opening[place])
            // DST, then the TransportPDU; a segment's SegO and SegN stand behind SZMIC or a reserved bit and SeqZero.
            let start = encrypted ^ UInt64(truncatingIfNeeded: stream).bigEndian
            let behind = (start &>> 16 & 0x1F) &- (start &>> 21 & 0x1F)
            let beginning = Int(beginnings[control(candidate) &<< 8 | Int(truncatingIfNeeded: start &>> 40 & 0xFF)])
            keeping[kept] = candidate
            opening[kept] = stream
            kept &+= beginning & 1 | beginning &>> 1 & one(if: behind <= mostBehind)
        }
        return kept
    }

    /// What begins like a TransportPDU that the specification knows, by its first octet, those of control messages behind those of access
    /// messages: 1 whole, 2 a segment, otherwise 0.
    private static let beginnings: [UInt8] = (0..<512).map { index in
        let (octet, isControl) = (index & 0xFF, index > 0xFF)
        // Opcodes end at 17 for now; AID is 0 under a device key, where AKF is 0.
        let isKnown = isControl ? octet & 0x7F <= 0x1F : octet & 0x40 != 0 || octet & 0x3F == 0
        return !isKnown ? 0 : octet & 0x80 == 0 ? 1 : 2
    }

    /// In what an access message and a control message of the same octets differ.
    private struct Form {
        /// Octets of DST and TransportPDU: what is left without the NetMIC.
        let length: Int
        /// What makes the first block of CBC-MAC of a counter block: flags for the one in front, and the length at the end.
        let start: UInt128
        /// What of the first and of the second block is encrypted.
        let masks: (UInt128, UInt128)
        /// The NetMIC as it was heard, in front, and which octets it has.
        let netMIC: UInt128
        let netMICMask: UInt128

        init(_ pdu: ObfuscatedNetworkPDU, netMICOctets: Int) {
            length = pdu.encryptedLength - netMICOctets
            let flags: UInt128 = netMICOctets == 8 ? 0x19 : 0x09
            start = ((flags ^ 0x01) << 120 | UInt128(truncatingIfNeeded: length)).bigEndian
            masks = (Self.mask(length), Self.mask(length - 16))
            netMICMask = Self.mask(netMICOctets)
            let (first, second) = pdu.encrypted
            let bits = 8 * length
            let heard =
                bits < 128
                ? first << UInt128(max(bits, 0)) | second >> UInt128(128 - max(bits, 0)) : second << UInt128(bits - 128)
            netMIC = heard.bigEndian
        }

        var isPossible: Bool { (3...18).contains(length) }
        var isLong: Bool { length > 16 }

        private static func mask(_ octets: Int) -> UInt128 {
            (UInt128.max << UInt128(128 - 8 * min(max(octets, 0), 16))).bigEndian
        }
    }

    private struct Forms {
        let access: Form
        let control: Form

        init(_ pdu: ObfuscatedNetworkPDU) {
            access = Form(pdu, netMICOctets: 4)
            control = Form(pdu, netMICOctets: 8)
        }

        func of(_ candidate: UInt128) -> Form { IVIndexTrial.control(candidate) == 1 ? control : access }
    }

    /// The other counter blocks and CBC-MAC of the first `count` candidates, step by step.
    private mutating func authenticate(_ count: Int, into hits: inout [IVIndex]) {
        // The same number of blocks for each: the third counter block is only there where some payload needs it.
        let stride = forms.access.isLong ? 3 : 2
        for place in 0..<count {
            let candidate = candidates[place]
            blocks[place * stride] = candidate
            if stride == 3 { blocks[place * stride + 1] = candidate | 0x02 << 120 }
            blocks[place * stride + stride - 1] = candidate ^ forms.of(candidate).start
        }
        credentials.encryption.encryptStored(&blocks, count: count * stride)
        for place in 0..<count {
            let payload = (encrypted.0 ^ streams[place]) & forms.of(candidates[place]).masks.0
            chains[place] = payload ^ blocks[place * stride + stride - 1]
        }
        credentials.encryption.encryptStored(&chains, count: count)
        if stride == 3 { chainTails(count) }
        for place in 0..<count {
            let form = forms.of(candidates[place])
            let netMIC = chains[place] ^ blocks[place * stride]
            if (netMIC ^ form.netMIC) & form.netMICMask == 0 { hits.append(Self.ivIndex(of: candidates[place])) }
        }
    }

    /// The second step of CBC-MAC for payloads of more than 16 octets; the others keep their first. Of each there are three blocks.
    private mutating func chainTails(_ count: Int) {
        for place in 0..<count {
            let payload = (encrypted.1 ^ blocks[place * 3 + 1]) & forms.of(candidates[place]).masks.1
            streams[place] = payload ^ chains[place]
        }
        credentials.encryption.encryptStored(&streams, count: count)
        for place in 0..<count where forms.of(candidates[place]).isLong { chains[place] = streams[place] }
    }

    private static func ivIndex(of candidate: UInt128) -> IVIndex {
        IVIndex(UInt32(truncatingIfNeeded: candidate.bigEndian &>> 16))
    }
}
