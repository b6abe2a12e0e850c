/// Derives friendship security material by the million: k2 of one NetKey, whose T is the same for all friendships (Mesh Protocol 1.1,
/// "Friendship security" and "k2 derivation function").
///
///     P    01 · LPNAddress 2 · FriendAddress 2 · LPNCounter 2 · FriendCounter 2
///     T1   CMAC(P · 01), one block; its last 7 bits are the NID
///     T2   CMAC(T1 · P · 02), two blocks: the EncryptionKey
///     T3   CMAC(T2 · P · 03), two blocks: the PrivacyKey
///
/// Not to be shared between threads.
public struct FriendshipKeys {
    /// A friendship whose NID is wanted.
    public struct Candidate: Sendable {
        /// LPNCounter and FriendCounter.
        public let counters: UInt32
        /// 7 bits.
        public fileprivate(set) var nid: UInt8
        /// The key of AES-CCM over DST and TransportPDU.
        public fileprivate(set) var encryptionKey: UInt128 = 0
        /// The key of the obfuscation.
        public fileprivate(set) var privacyKey: UInt128 = 0
    }

    /// How many counters are tried in one call at most: their blocks stay in the nearest cache.
    public static let batch = 1024

    private let cipher: AESCipher
    /// K2 of CMAC, for a last block that is not full: RFC 4493, "Subkey Generation Algorithm".
    private let subkey: UInt128
    private var blocks: [UInt128] = []
    /// T1 of each candidate, then T2, then T3.
    private var chain: [UInt128] = []

    /// Of this NetKey.
    public init(_ netKey: NetKey) {
        cipher = AESCipher(key: SecurityToolbox.t(netKey.value, SecurityToolbox.s1(Array("smk2".utf8))))
        subkey = Self.double(Self.double(cipher.encrypt(0)))
    }

    private static func double(_ value: UInt128) -> UInt128 { value << 1 ^ (value >> 127 == 1 ? 0x87 : 0) }

    /// The material of a pair of nodes under `count` counters, at most `batch`: LPNCounter and FriendCounter from `first` on, each `step`
    /// behind the one before, modulo 2³². Those whose NID is wanted become the candidates; `isWanted` says so of each of 128 NIDs.
    public mutating func derive(
        lpnAddress: UInt16, friendAddress: UInt16, first: UInt32, step: UInt32, count: Int, isWanted: [Bool],
        into candidates: inout [Candidate]
    ) {
        candidates.removeAll(keepingCapacity: true)
        chain.removeAll(keepingCapacity: true)
        if blocks.count < count { blocks = [UInt128](repeating: 0, count: count) }
        let fixed: UInt128 = 0x01 << 120 | UInt128(lpnAddress) << 104 | UInt128(friendAddress) << 88
        let base = fixed | Self.end(1)
        fill(base ^ subkey, first, step, count)
        cipher.encryptStored(&blocks, count: count)
        Self.keepWanted(of: count, blocks, first, step, isWanted, in: &candidates, &chain)
        guard !candidates.isEmpty else { return }
        chainOn(fixed, 2, candidates)
        for place in candidates.indices { candidates[place].encryptionKey = chain[place] }
        chainOn(fixed, 3, candidates)
        for place in candidates.indices { candidates[place].privacyKey = chain[place] }
    }

    private static func keepWanted(
        of count: Int, _ blocks: [UInt128], _ first: UInt32, _ step: UInt32, _ isWanted: [Bool],
        in candidates: inout [Candidate], _ chain: inout [UInt128]
    ) {
        let (answers, isWanted) = (blocks.span, isWanted.span)
        for place in 0..<count {
            let nid = UInt8(truncatingIfNeeded: UInt128(bigEndian: answers[place])) & 0x7F
            guard isWanted[Int(nid)] else { continue }
            let counters = first &+ step &* UInt32(truncatingIfNeeded: place)
            candidates.append(Candidate(counters: counters, nid: nid))
            chain.append(UInt128(bigEndian: answers[place]))
        }
    }

    private mutating func fill(_ base: UInt128, _ first: UInt32, _ step: UInt32, _ count: Int) {
        var asked = blocks.mutableSpan
        // As it lies in memory: the counters are octets 5 to 8, where nothing but the subkey's bits stands.
        let base = base.bigEndian
        let (front, back) = (UInt64(truncatingIfNeeded: base), UInt64(truncatingIfNeeded: base &>> 64))
        var counters = first
        for place in 0..<count {
            let (ahead, last) = (UInt64(counters &>> 8).bigEndian, UInt64(counters & 0xFF))
            asked[place] = UInt128(back ^ last) &<< 64 | UInt128(front ^ ahead)
            counters &+= step
        }
    }

    /// CMAC over the block before and P with a number behind it.
    private mutating func chainOn(_ fixed: UInt128, _ number: UInt128, _ candidates: [Candidate]) {
        cipher.encrypt(&chain)
        let last = fixed ^ Self.end(number) ^ subkey
        for place in chain.indices { chain[place] ^= last ^ UInt128(candidates[place].counters) << 56 }
        cipher.encrypt(&chain)
    }

    /// The number behind P, and the bit behind a message that does not fill its block.
    private static func end(_ number: UInt128) -> UInt128 { number << 48 | 0x80 << 40 }
}
