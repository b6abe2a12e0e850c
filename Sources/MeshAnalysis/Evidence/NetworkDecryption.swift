import MeshCrypto
import MeshProtocol

/// Opens Network PDUs in batches and hands each on in the order in which it was heard.
///
/// A PDU that is byte-identical to a recent one is recognised before any AES. What no candidate opens is held, in a
/// bounded store, and tried again when the IV state of a network moves.
final class NetworkDecryption {
    /// What becomes of a heard PDU.
    enum Outcome {
        case opened(network: Int, pdu: NetworkPDU)
        /// One more copy of a PDU that was handed on before.
        case copy(network: Int, pdu: NetworkPDU)
    }

    private struct Credential {
        let network: Int
        let credentials: NetworkCredentials
    }

    /// A credential and an IV Index to try.
    private struct Option {
        let credential: Int
        let ivIndex: IVIndex
    }

    private enum Verdict {
        case empty
        case pending
        case opened(network: Int, pdu: NetworkPDU)
        case failed(held: Int)
    }

    private struct Slot {
        var pdu: ObfuscatedNetworkPDU
        var verdict = Verdict.empty
        var isHandedOn = false
    }

    private struct Heard {
        var slot: Int
        var frame: FrameReference
    }

    private static let slotCount = 8192
    private static let batch = 256
    private static let longestQueue = 1024

    private let credentials: [Credential]
    private let networksByNID: [[Int]]
    private let credentialsByNID: [[Int]]
    /// For each first octet of a PDU (IVI and NID), what to try, the likeliest first.
    private var options: [[Option]] = Array(repeating: [], count: 256)

    private var slots: [Slot?] = Array(repeating: nil, count: slotCount)
    private var queue: [Heard] = []
    private var pending: [Int] = []
    private(set) var held = HeldPDUs()
    /// PDUs that no key opened, by NID.
    private(set) var notOpenedByNID = [Int](repeating: 0, count: 128)
    private var results: [NetworkPDU?] = []

    init(_ keyRing: KeyRing) {
        var credentials: [Credential] = []
        var byNID: [[Int]] = Array(repeating: [], count: 128)
        var networks: [[Int]] = Array(repeating: [], count: 128)
        for (network, keys) in keyRing.networks.enumerated() {
            for keys in keys.subnets.flatMap({ [$0.keys, $0.oldKeys].compactMap(\.self) }) {
                let nid = Int(keys.flooding.nid)
                byNID[nid].append(credentials.count)
                if !networks[nid].contains(network) { networks[nid].append(network) }
                credentials.append(Credential(network: network, credentials: NetworkCredentials(keys.flooding)))
            }
        }
        self.credentials = credentials
        credentialsByNID = byNID
        networksByNID = networks
    }

    /// Whether a key has this NID.
    func isKnown(nid: UInt8) -> Bool { !credentialsByNID[Int(nid)].isEmpty }

    /// The networks that have a key with this NID.
    func networks(nid: UInt8) -> [Int] { networksByNID[Int(nid)] }

    /// PDUs with a NID of this network's keys that nothing opened.
    func notOpened(network: Int) -> Int {
        (0..<128).filter { networksByNID[$0].contains(network) }.reduce(0) { $0 + notOpenedByNID[$1] }
    }

    /// Queues a PDU; true if the queue is full and is to be flushed before the next one.
    func hear(_ pdu: ObfuscatedNetworkPDU, at frame: FrameReference) -> Bool {
        let index = Int(truncatingIfNeeded: pdu.fingerprint) & (Self.slotCount - 1)
        if let slot = slots[index], slot.pdu == pdu {
            if case .empty = slot.verdict { wait(index) }
        } else {
            if let slot = slots[index], case .pending = slot.verdict { return spill(pdu, frame) }
            slots[index] = Slot(pdu: pdu)
            wait(index)
        }
        queue.append(Heard(slot: index, frame: frame))
        return pending.count >= Self.batch || queue.count >= Self.longestQueue
    }

    /// A PDU whose place is taken by another one of this batch gets a place of its own until the flush.
    private func spill(_ pdu: ObfuscatedNetworkPDU, _ frame: FrameReference) -> Bool {
        slots.append(Slot(pdu: pdu))
        wait(slots.count - 1)
        queue.append(Heard(slot: slots.count - 1, frame: frame))
        return pending.count >= Self.batch
    }

    private func wait(_ index: Int) {
        slots[index]?.verdict = .pending
        pending.append(index)
    }

    /// Opens what is queued and hands it on, in the order of hearing.
    func flush(_ handOn: (Outcome, FrameReference) -> Void) {
        resolve(pending)
        pending.removeAll(keepingCapacity: true)
        for heard in queue { deliver(heard, handOn) }
        queue.removeAll(keepingCapacity: true)
        if slots.count > Self.slotCount { slots.removeLast(slots.count - Self.slotCount) }
    }

    private func deliver(_ heard: Heard, _ handOn: (Outcome, FrameReference) -> Void) {
        guard let slot = slots[heard.slot] else { return }
        switch slot.verdict {
        case .opened(let network, let pdu):
            handOn(
                slot.isHandedOn ? .copy(network: network, pdu: pdu) : .opened(network: network, pdu: pdu), heard.frame)
            slots[heard.slot]?.isHandedOn = true
        case .failed(let place):
            notOpenedByNID[Int(slot.pdu.nid)] += 1
            let kept = held.take(slot.pdu, at: heard.frame, place: place)
            slots[heard.slot]?.verdict = .failed(held: kept)
        case .empty, .pending:
            break
        }
    }

    /// Tries every option of each slot, round by round, all attempts of a credential in one batch.
    private func resolve(_ indexes: [Int]) {
        var unresolved = indexes
        var round = 0
        while !unresolved.isEmpty {
            var attempts: [[NetworkCredentials.Attempt]] = Array(repeating: [], count: credentials.count)
            var owners: [[Int]] = Array(repeating: [], count: credentials.count)
            for index in unresolved {
                guard let pdu = slots[index]?.pdu else { continue }
                let options = options[Int(pdu.ivi) << 7 | Int(pdu.nid)]
                guard round < options.count else {
                    slots[index]?.verdict = .failed(held: -1)
                    continue
                }
                attempts[options[round].credential].append(.init(pdu, ivIndex: options[round].ivIndex))
                owners[options[round].credential].append(index)
            }
            unresolved.removeAll(keepingCapacity: true)
            for (credential, attempts) in attempts.enumerated() where !attempts.isEmpty {
                credentials[credential].credentials.open(attempts, into: &results)
                for (owner, result) in zip(owners[credential], results) {
                    guard let result else {
                        unresolved.append(owner)
                        continue
                    }
                    slots[owner]?.verdict = .opened(network: credentials[credential].network, pdu: result)
                }
            }
            round += 1
        }
    }

    /// The IV state of a network moved: what is held is tried again.
    ///
    /// The queue must have been flushed.
    func retry(_ timelines: [NetworkTimeline], _ handOn: (Outcome, FrameReference) -> Void) {
        updateOptions(timelines)
        for index in slots.indices {
            if case .failed = slots[index]?.verdict { slots[index] = nil }
        }
        let waiting = held.removeAll()
        for start in stride(from: 0, to: waiting.count, by: Self.batch) {
            let batch = waiting[start..<min(start + Self.batch, waiting.count)]
            let first = slots.count
            slots.append(contentsOf: batch.map { Slot(pdu: $0.pdu) })
            resolve(Array(first..<slots.count))
            for (index, entry) in zip(first..., batch) {
                guard case .opened(let network, let pdu) = slots[index]?.verdict else {
                    held.restore(entry)
                    continue
                }
                notOpenedByNID[Int(entry.pdu.nid)] -= entry.count
                handOn(.opened(network: network, pdu: pdu), entry.first)
                for _ in 1..<max(1, entry.count) { handOn(.copy(network: network, pdu: pdu), entry.last) }
            }
            slots.removeLast(slots.count - first)
        }
    }

    func updateOptions(_ timelines: [NetworkTimeline]) {
        for octet in 0..<256 {
            let ranked = credentialsByNID[octet & 0x7F].flatMap { credential in
                timelines[credentials[credential].network].candidates(ivi: UInt8(octet >> 7)).enumerated().map {
                    (rank: $0, option: Option(credential: credential, ivIndex: $1))
                }
            }
            let ranks = Set(ranked.map(\.rank)).sorted()
            options[octet] = ranks.flatMap { rank in ranked.filter { $0.rank == rank }.map(\.option) }
        }
    }
}
