public import MeshCrypto

/// Security material made ready to open Network PDUs: Mesh Protocol 1.1, "Network layer security".
public struct NetworkCredentials {
    let encryption: AESCipher
    let privacy: AESCipher

    /// Makes a cipher of each key, once.
    public init(_ material: SecurityMaterial) {
        encryption = AESCipher(key: material.encryptionKey)
        privacy = AESCipher(key: material.privacyKey)
    }

    /// One PDU to try with one IV Index.
    public struct Attempt: Sendable {
        /// As heard.
        public let pdu: ObfuscatedNetworkPDU
        /// The IV Index that it may have been sent with.
        public let ivIndex: IVIndex
        /// `.network`, or `.proxy` for a Proxy Configuration message.
        public let nonce: NonceKind

        /// An attempt with the network nonce, or with the one that is named.
        public init(_ pdu: ObfuscatedNetworkPDU, ivIndex: IVIndex, nonce: NonceKind = .network) {
            self.pdu = pdu
            self.ivIndex = ivIndex
            self.nonce = nonce
        }
    }

    /// An attempt behind de-obfuscation.
    fileprivate struct Candidate {
        var index: Int
        var header: UInt64
        /// The nonce, 104 bits.
        var nonce: UInt128
        /// Octets of DST and TransportPDU, 0…18.
        var length: Int
        var plaintext: (UInt128, UInt128) = (0, 0)
        /// CBC-MAC so far.
        var chain: UInt128 = 0
        /// The NetMIC that would match, before its encryption.
        var tag: UInt128 = 0
    }

    /// Room to work in, kept from batch to batch so that a batch allocates nothing.
    public struct Workspace {
        fileprivate var blocks: [UInt128] = []
        fileprivate var candidates: [Candidate] = []
        /// The outcome of each attempt of the last batch: the PDU, or `nil` where the NetMIC does not match.
        public fileprivate(set) var results: [NetworkPDU?] = []

        /// Without room yet; the first batch makes it.
        public init() {}
    }

    /// Opens each attempt into the workspace's results.
    ///
    /// AES runs in batches over all attempts: the privacy blocks, then the counter blocks, then CBC-MAC step by step.
    public func open(_ attempts: [Attempt], in work: inout Workspace) {
        work.results.removeAll(keepingCapacity: true)
        work.results.append(contentsOf: repeatElement(nil, count: attempts.count))
        deobfuscate(attempts, in: &work)
        decrypt(attempts, in: &work)
        authenticate(in: &work)
        for candidate in work.candidates {
            let attempt = attempts[candidate.index]
            let isControl = candidate.header >> 47 & 1 == 1
            let unused: UInt128 = isControl ? 64 : 96
            let encrypted = attempt.pdu.encrypted
            guard (candidate.tag ^ Self.octets(encrypted, from: candidate.length)) >> unused == 0 else { continue }
            let content = NetworkPDU.Content(
                head: candidate.plaintext.0, tail: candidate.plaintext.1, length: candidate.length)
            work.results[candidate.index] = NetworkPDU(
                ivIndex: attempt.ivIndex, header: candidate.header, content: content)
        }
    }

    /// PECB = e(PrivacyKey, 0^40 ‖ IV Index ‖ Privacy Random); only what has a unicast SRC and a possible length goes on.
    private func deobfuscate(_ attempts: [Attempt], in work: inout Workspace) {
        work.blocks.removeAll(keepingCapacity: true)
        work.candidates.removeAll(keepingCapacity: true)
        for attempt in attempts {
            work.blocks.append(UInt128(attempt.ivIndex.value) << 56 | attempt.pdu.privacyRandom)
        }
        privacy.encrypt(&work.blocks)
        for (index, attempt) in attempts.enumerated() {
            let header = attempt.pdu.obfuscatedHeader ^ UInt64(truncatingIfNeeded: work.blocks[index] >> 80)
            let length = attempt.pdu.encryptedLength - (header >> 47 & 1 == 1 ? 8 : 4)
            guard (1...0x7FFF).contains(header & 0xFFFF), (0...18).contains(length) else { continue }
            let nonce = attempt.nonce.bits(header: header, ivIndex: attempt.ivIndex)
            work.candidates.append(Candidate(index: index, header: header, nonce: nonce, length: length))
        }
    }

    /// Counter mode: blocks A0 (for the NetMIC), A1 and A2 of each candidate, and CBC-MAC's first block beside them.
    private func decrypt(_ attempts: [Attempt], in work: inout Workspace) {
        work.blocks.removeAll(keepingCapacity: true)
        for candidate in work.candidates {
            let counter = UInt128(0x01) << 120 | candidate.nonce << 16
            let flags: UInt128 = candidate.header >> 47 & 1 == 1 ? 0x19 : 0x09
            work.blocks.append(counter)
            work.blocks.append(counter | 1)
            work.blocks.append(counter | 2)
            work.blocks.append(flags << 120 | candidate.nonce << 16 | UInt128(candidate.length))
        }
        encryption.encrypt(&work.blocks)
        for index in work.candidates.indices {
            let length = work.candidates[index].length
            let (head, tail) = attempts[work.candidates[index].index].pdu.encrypted
            let first = (head ^ work.blocks[4 * index + 1]) & Self.mask(min(length, 16))
            let second = (tail ^ work.blocks[4 * index + 2]) & Self.mask(max(0, length - 16))
            work.candidates[index].plaintext = (first, second)
            work.candidates[index].tag = work.blocks[4 * index]
        }
    }

    /// CBC-MAC over the plaintext, a step for each block that there is; the first step is done already. Leaves the
    /// encrypted NetMIC in `tag`.
    private func authenticate(in work: inout Workspace) {
        for index in work.candidates.indices { work.candidates[index].chain = work.blocks[4 * index + 3] }
        for step in 0..<2 {
            work.blocks.removeAll(keepingCapacity: true)
            for candidate in work.candidates where candidate.length > 16 * step {
                work.blocks.append(candidate.chain ^ (step == 0 ? candidate.plaintext.0 : candidate.plaintext.1))
            }
            encryption.encrypt(&work.blocks)
            var next = 0
            for index in work.candidates.indices where work.candidates[index].length > 16 * step {
                work.candidates[index].chain = work.blocks[next]
                next += 1
            }
        }
        for index in work.candidates.indices { work.candidates[index].tag ^= work.candidates[index].chain }
    }

    private static func mask(_ octets: Int) -> UInt128 { octets == 0 ? 0 : UInt128.max << UInt128(128 - 8 * octets) }

    /// 16 octets of two blocks, from an octet on.
    private static func octets(_ blocks: (UInt128, UInt128), from start: Int) -> UInt128 {
        let bits = UInt128(8 * start)
        return start < 16 ? blocks.0 << bits | (start == 0 ? 0 : blocks.1 >> (128 - bits)) : blocks.1 << (bits - 128)
    }
}
