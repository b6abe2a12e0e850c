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
        let header: UInt64
        let index: Int32
        /// Octets of DST and TransportPDU, 0…18.
        let length: Int32

        var isControl: Bool { header >> 47 & 1 == 1 }
    }

    /// Room to work in, kept from batch to batch so that a batch allocates nothing.
    public struct Workspace {
        /// A privacy block of each attempt; then CBC-MAC so far of each candidate.
        fileprivate var blocks: [UInt128] = []
        /// Those of `blocks` that go one step further.
        fileprivate var longer: [UInt128] = []
        /// Of each candidate counter blocks A0 (for the NetMIC), A1 and A2, and the first block of CBC-MAC, encrypted; A1 and A2 make room
        /// for the plaintext.
        fileprivate var counters: [UInt128] = []
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
        work.blocks.makeRoom(attempts.count)
        work.counters.makeRoom(4 * attempts.count)
        Self.askForPECBs(attempts, &work.blocks)
        privacy.encryptStored(&work.blocks, count: attempts.count)
        Self.deobfuscate(attempts, work.blocks, &work.candidates, &work.counters)
        encryption.encryptStored(&work.counters, count: 4 * work.candidates.count)
        Self.decrypt(attempts, work.candidates, &work.counters, &work.blocks)
        encryption.encryptStored(&work.blocks, count: work.candidates.count)
        chainOn(work.candidates, work.counters, &work.blocks, &work.longer)
        Self.compare(attempts, work.candidates, work.counters, work.blocks, &work.results)
    }

    /// PECB = e(PrivacyKey, 0^40 ‖ IV Index ‖ Privacy Random).
    private static func askForPECBs(_ attempts: [Attempt], _ blocks: inout [UInt128]) {
        var asked = blocks.mutableSpan
        let tried = attempts.span
        for index in tried.indices {
            asked[index] = (UInt128(tried[index].ivIndex.value) << 56 | tried[index].pdu.privacyRandom).bigEndian
        }
    }

    /// Only what has a unicast SRC and a possible length goes on, in counter mode.
    private static func deobfuscate(
        _ attempts: [Attempt], _ pecbs: [UInt128], _ candidates: inout [Candidate], _ counters: inout [UInt128]
    ) {
        candidates.removeAll(keepingCapacity: true)
        let (tried, pecbs) = (attempts.span, pecbs.span)
        var asked = counters.mutableSpan
        var place = 0
        for index in tried.indices {
            let attempt = tried[index]
            let header =
                attempt.pdu.obfuscatedHeader ^ UInt64(truncatingIfNeeded: UInt128(bigEndian: pecbs[index]) &>> 80)
            let isControl = header >> 47 & 1 == 1
            let length = attempt.pdu.encryptedLength - (isControl ? 8 : 4)
            guard (1...0x7FFF).contains(header & 0xFFFF), (0...18).contains(length) else { continue }
            let nonce = attempt.nonce.bits(header: header, ivIndex: attempt.ivIndex) << 16
            let counter = (0x01 << 120 | nonce).bigEndian
            asked[place] = counter
            asked[place &+ 1] = counter | (1 as UInt128).bigEndian
            asked[place &+ 2] = counter | (2 as UInt128).bigEndian
            asked[place &+ 3] =
                ((isControl ? 0x19 : 0x09) << 120 | nonce | UInt128(truncatingIfNeeded: length)).bigEndian
            place &+= 4
            candidates.append(
                Candidate(
                    header: header, index: Int32(truncatingIfNeeded: index), length: Int32(truncatingIfNeeded: length)))
        }
    }

    /// Puts the plaintext in the place of what hid it, and asks for the first step of CBC-MAC over it.
    private static func decrypt(
        _ attempts: [Attempt], _ candidates: [Candidate], _ counters: inout [UInt128], _ chains: inout [UInt128]
    ) {
        let (attempts, candidates) = (attempts.span, candidates.span)
        var answers = counters.mutableSpan
        var asked = chains.mutableSpan
        for place in candidates.indices {
            let length = Int(candidates[place].length)
            let (head, tail) = attempts[Int(candidates[place].index)].pdu.encrypted
            let first = (head ^ UInt128(bigEndian: answers[4 &* place &+ 1])) & mask(min(length, 16))
            answers[4 &* place &+ 1] = first
            answers[4 &* place &+ 2] =
                length > 16 ? (tail ^ UInt128(bigEndian: answers[4 &* place &+ 2])) & mask(length &- 16) : 0
            asked[place] = answers[4 &* place &+ 3] ^ first.bigEndian
        }
    }

    /// The second step of CBC-MAC, over what has more than 16 octets.
    private func chainOn(
        _ candidates: [Candidate], _ counters: [UInt128], _ chains: inout [UInt128], _ longer: inout [UInt128]
    ) {
        longer.removeAll(keepingCapacity: true)
        let (candidates, plaintexts) = (candidates.span, counters.span)
        for place in candidates.indices where candidates[place].length > 16 {
            longer.append(chains[place] ^ plaintexts[4 &* place &+ 2].bigEndian)
        }
        guard !longer.isEmpty else { return }
        encryption.encryptStored(&longer, count: longer.count)
        var next = 0
        for place in candidates.indices where candidates[place].length > 16 {
            chains[place] = longer[next]
            next &+= 1
        }
    }

    /// A PDU for each candidate whose NetMIC is that of the attempt.
    private static func compare(
        _ attempts: [Attempt], _ candidates: [Candidate], _ counters: [UInt128], _ chains: [UInt128],
        _ results: inout [NetworkPDU?]
    ) {
        let (attempts, candidates, counters, chains) = (attempts.span, candidates.span, counters.span, chains.span)
        var results = results.mutableSpan
        for place in candidates.indices {
            let candidate = candidates[place]
            let attempt = attempts[Int(candidate.index)]
            // Of nothing at all no step was to be done.
            let chain = candidate.length == 0 ? counters[4 &* place &+ 3] : chains[place]
            let tag = UInt128(bigEndian: counters[4 &* place] ^ chain)
            let heard = octets(attempt.pdu.encrypted, from: Int(candidate.length))
            guard (tag ^ heard) &>> (candidate.isControl ? 64 : 96) == 0 else { continue }
            let content = NetworkPDU.Content(
                head: counters[4 &* place &+ 1], tail: counters[4 &* place &+ 2], length: Int(candidate.length))
            results[Int(candidate.index)] = NetworkPDU(
                ivIndex: attempt.ivIndex, header: candidate.header, content: content)
        }
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
