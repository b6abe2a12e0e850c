public import MeshCrypto

/// Tries the counters of a friendship on Network PDUs whose NID no key derives: the NID first, then SRC of the de-obfuscated header, which is
/// the Low Power node's or its Friend's; what is left is for the NetMIC to decide.
///
/// One NetKey; not to be shared between threads.
public struct FriendshipTrial {
    /// A PDU, and the IV Index that it may have been sent with.
    public struct Sample: Sendable {
        /// As heard.
        public let pdu: ObfuscatedNetworkPDU
        /// What opens it if the counters do.
        public let ivIndex: IVIndex

        /// A PDU to try.
        public init(_ pdu: ObfuscatedNetworkPDU, ivIndex: IVIndex) {
            self.pdu = pdu
            self.ivIndex = ivIndex
        }
    }

    private var keys: FriendshipKeys
    private let privacy = AESCipher(key: 0)
    private let isWanted: [Bool]
    /// In the order of their NIDs; those of a NID stand from its place in `starts` to the next one's.
    private let samples: [Sample]
    private let starts: [Int]
    private var candidates: [FriendshipKeys.Candidate] = []

    /// Made ready to try these PDUs.
    public init(_ netKey: NetKey, _ samples: [Sample]) {
        keys = FriendshipKeys(netKey)
        self.samples = samples.sorted { $0.pdu.nid < $1.pdu.nid }
        var counts = [Int](repeating: 0, count: 128)
        for sample in samples { counts[Int(sample.pdu.nid)] += 1 }
        starts = counts.reduce(into: [0]) { $0.append(($0.last ?? 0) + $1) }
        isWanted = counts.map { $0 > 0 }
    }

    /// Counters (LPNCounter and FriendCounter) under which one of the PDUs opens, in their order: `count` of them from `first` on, each
    /// `step` behind the one before, modulo 2³².
    public mutating func search(
        lpn: UnicastAddress, friend: UnicastAddress, first: UInt32, step: UInt32, count: UInt64
    ) -> [UInt32] {
        var hits: [UInt32] = []
        var done: UInt64 = 0
        while done < count {
            let size = Int(min(UInt64(FriendshipKeys.batch), count - done))
            keys.derive(
                lpnAddress: lpn.value, friendAddress: friend.value,
                first: first &+ step &* UInt32(truncatingIfNeeded: done), step: step, count: size, isWanted: isWanted,
                into: &candidates)
            for candidate in candidates where isHit(candidate, lpn, friend) { hits.append(candidate.counters) }
            done += UInt64(size)
        }
        return hits
    }

    private func isHit(_ candidate: FriendshipKeys.Candidate, _ lpn: UnicastAddress, _ friend: UnicastAddress) -> Bool {
        privacy.rekey(candidate.privacyKey)
        let samples = samples.span
        for place in starts[Int(candidate.nid)]..<starts[Int(candidate.nid) + 1] {
            let sample = samples[place]
            let pecb = privacy.encryptOne(UInt128(sample.ivIndex.value) << 56 | sample.pdu.privacyRandom)
            let header = sample.pdu.obfuscatedHeader ^ UInt64(truncatingIfNeeded: pecb >> 80)
            let source = UInt16(truncatingIfNeeded: header)
            guard source == lpn.value || source == friend.value else { continue }
            let material = SecurityMaterial(candidate)
            if NetworkPDU.open(sample.pdu, with: material, ivIndex: sample.ivIndex) != nil { return true }
        }
        return false
    }
}
