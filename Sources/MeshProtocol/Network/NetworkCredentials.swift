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
        deobfuscate(attempts, &work.blocks, &work.candidates)
        decrypt(attempts, &work.blocks, &work.candidates)
        authenticate(&work.blocks, &work.candidates)
        compare(attempts, work.candidates, &work.results)
    }

    /// A PDU for each candidate whose NetMIC is that of the attempt.
    private func compare(_ attempts: [Attempt], _ candidates: [Candidate], _ results: inout [NetworkPDU?]) {
        let (attempts, candidates) = (attempts.span, candidates.span)
        var results = results.mutableSpan
        for place in candidates.indices {
            let candidate = candidates[place]
            let attempt = attempts[candidate.index]
            let isControl = candidate.header >> 47 & 1 == 1
            let unused: UInt128 = isControl ? 64 : 96
            let encrypted = attempt.pdu.encrypted
            guard (candidate.tag ^ Self.octets(encrypted, from: candidate.length)) >> unused == 0 else { continue }
            let content = NetworkPDU.Content(
                head: candidate.plaintext.0, tail: candidate.plaintext.1, length: candidate.length)
            results[candidate.index] = NetworkPDU(
                ivIndex: attempt.ivIndex, header: candidate.header, content: content)
        }
    }

    /// PECB = e(PrivacyKey, 0^40 ‖ IV Index ‖ Privacy Random); only what has a unicast SRC and a possible length goes on.
    private func deobfuscate(_ attempts: [Attempt], _ blocks: inout [UInt128], _ candidates: inout [Candidate]) {
        candidates.removeAll(keepingCapacity: true)
        blocks.makeRoom(attempts.count)
        var asked = blocks.mutableSpan
        let tried = attempts.span
        for index in tried.indices {
            asked[index] = (UInt128(tried[index].ivIndex.value) << 56 | tried[index].pdu.privacyRandom).bigEndian
        }
        privacy.encryptStored(&blocks, count: attempts.count)
        let answers = blocks.span
        for index in tried.indices {
            let attempt = tried[index]
            let header =
                attempt.pdu.obfuscatedHeader ^ UInt64(truncatingIfNeeded: UInt128(bigEndian: answers[index]) >> 80)
            let length = attempt.pdu.encryptedLength - (header >> 47 & 1 == 1 ? 8 : 4)
            guard (1...0x7FFF).contains(header & 0xFFFF), (0...18).contains(length) else { continue }
            let nonce = attempt.nonce.bits(header: header, ivIndex: attempt.ivIndex)
            candidates.append(Candidate(index: index, header: header, nonce: nonce, length: length))
        }
    }

    /// Counter mode: blocks A0 (for the NetMIC), A1 and A2 of each candidate, and CBC-MAC's first block beside them.
    private func decrypt(_ attempts: [Attempt], _ blocks: inout [UInt128], _ candidates: inout [Candidate]) {
        blocks.makeRoom(4 * candidates.count)
        var opening = candidates.mutableSpan
        var asked = blocks.mutableSpan
        for place in opening.indices {
            let (nonce, length) = (opening[place].nonce, opening[place].length)
            let counter = UInt128(0x01) << 120 | nonce << 16
            let flags: UInt128 = opening[place].header >> 47 & 1 == 1 ? 0x19 : 0x09
            asked[4 &* place] = counter.bigEndian
            asked[4 &* place &+ 1] = (counter | 1).bigEndian
            asked[4 &* place &+ 2] = (counter | 2).bigEndian
            asked[4 &* place &+ 3] = (flags << 120 | nonce << 16 | UInt128(truncatingIfNeeded: length)).bigEndian
        }
        encryption.encryptStored(&blocks, count: 4 * opening.count)
        let (answers, attempts) = (blocks.span, attempts.span)
        for place in opening.indices {
            let length = opening[place].length
            let (head, tail) = attempts[opening[place].index].pdu.encrypted
            let first = (head ^ UInt128(bigEndian: answers[4 &* place &+ 1])) & Self.mask(min(length, 16))
            let second = (tail ^ UInt128(bigEndian: answers[4 &* place &+ 2])) & Self.mask(max(0, length &- 16))
            opening[place].plaintext = (first, second)
            opening[place].tag = UInt128(bigEndian: answers[4 &* place])
            opening[place].chain = UInt128(bigEndian: answers[4 &* place &+ 3])
        }
    }

    /// CBC-MAC over the plaintext, a step for each block that there is; the first step is done already. Leaves the
    /// encrypted NetMIC in `tag`.
    private func authenticate(_ blocks: inout [UInt128], _ candidates: inout [Candidate]) {
        var opening = candidates.mutableSpan
        for step in 0..<2 {
            var asked = blocks.mutableSpan
            var count = 0
            for place in opening.indices where opening[place].length > 16 &* step {
                let plaintext = opening[place].plaintext
                asked[count] = (opening[place].chain ^ (step == 0 ? plaintext.0 : plaintext.1)).bigEndian
                count &+= 1
            }
            encryption.encryptStored(&blocks, count: count)
            let answers = blocks.span
            var next = 0
            for place in opening.indices where opening[place].length > 16 &* step {
                opening[place].chain = UInt128(bigEndian: answers[next])
                next &+= 1
            }
        }
        for place in opening.indices { opening[place].tag ^= opening[place].chain }
    }

    /// Ones in the first octets, 0…16 of them.
    @inline(__always)
    private static func mask(_ octets: Int) -> UInt128 {
        octets == 0 ? 0 : UInt128.max &<< UInt128(truncatingIfNeeded: 128 &- 8 &* octets)
    }

    /// 16 octets of two blocks, from an octet 0…31 on.
    @inline(__always)
    private static func octets(_ blocks: (UInt128, UInt128), from start: Int) -> UInt128 {
        let bits = UInt128(truncatingIfNeeded: 8 &* start)
        guard start < 16 else { return blocks.1 &<< (bits &- 128) }
        return start == 0 ? blocks.0 : blocks.0 &<< bits | blocks.1 &>> (128 &- bits)
    }
}

extension [UInt128] {
    /// Makes room for so many blocks.
    fileprivate mutating func makeRoom(_ count: Int) {
        guard self.count < count else { return }
        append(contentsOf: repeatElement(0, count: count - self.count))
    }
}
