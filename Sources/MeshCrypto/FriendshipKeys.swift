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
        if blocks.count < count { blocks = [UInt128](repeating: 0, count: count) }
        let fixed: UInt128 = 0x01 << 120 | UInt128(lpnAddress) << 104 | UInt128(friendAddress) << 88
        let base = fixed | Self.end(1)
        fill(base ^ subkey, first, step, count)
        cipher.encryptStored(&blocks, count: count)
        var ones: [UInt128] = []
        let (answers, isWanted) = (blocks.span, isWanted.span)
        for place in 0..<count {
            let nid = UInt8(truncatingIfNeeded: UInt128(bigEndian: answers[place])) & 0x7F
            guard isWanted[Int(nid)] else { continue }
            let counters = first &+ step &* UInt32(truncatingIfNeeded: place)
            candidates.append(Candidate(counters: counters, nid: nid))
            ones.append(UInt128(bigEndian: answers[place]))
        }
        guard !candidates.isEmpty else { return }
        let twos = chain(ones, fixed, 2, candidates)
        let threes = chain(twos, fixed, 3, candidates)
        for place in candidates.indices {
            candidates[place].encryptionKey = twos[place]
            candidates[place].privacyKey = threes[place]
        }
    }

    private mutating func fill(_ base: UInt128, _ first: UInt32, _ step: UInt32, _ count: Int) {
        var asked = blocks.mutableSpan
        // All but the counters' octets, 5 to 8.
        let base = base.bigEndian
        var counters = first
        for place in 0..<count {
            // What stands there is nothing but the subkey's bits.
            asked[place] = base ^ (UInt128(truncatingIfNeeded: counters) &<< 56).bigEndian
            counters &+= step
        }
    }

    /// CMAC over a block and P with a number behind it.
    private func chain(
        _ before: [UInt128], _ fixed: UInt128, _ number: UInt128, _ candidates: [Candidate]
    ) -> [UInt128] {
        var chain = before
        cipher.encrypt(&chain)
        for place in chain.indices {
            chain[place] ^= fixed ^ Self.end(number) ^ subkey ^ UInt128(candidates[place].counters) << 56
        }
        cipher.encrypt(&chain)
        return chain
    }

    /// The number behind P, and the bit behind a message that does not fill its block.
    private static func end(_ number: UInt128) -> UInt128 { number << 48 | 0x80 << 40 }
}
