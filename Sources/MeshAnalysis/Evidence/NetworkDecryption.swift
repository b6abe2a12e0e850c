import MeshCrypto
import MeshProtocol

/// Opens Network PDUs in batches and hands each on in the order in which it was heard.
///
/// A PDU that is byte-identical to a recent one is recognised before any AES. What no candidate opens is held, in a
/// bounded store, and tried again when the IV state of a network moves.
struct NetworkDecryption {
    private struct Credential {
        let network: Int
        let credentials: NetworkCredentials
    }

    /// A credential and an IV Index to try.
    private struct Option {
        let credential: Int
        let ivIndex: IVIndex
    }

    /// A recent PDU and what became of it; small, so that the table stays in a processor's cache.
    private struct Slot {
        enum State { case empty, pending, opened, failed }

        var pdu: ObfuscatedNetworkPDU
        var state = State.empty
        var network: Int16 = 0
        /// Where its copies count, if it was opened.
        var source: UInt16 = 0
        var ivIndex = IVIndex(0)
        /// Its place among what is held, if it failed.
        var held = -1
    }

    private struct Heard {
        var slot: Int
        /// The PDU's place among those of this batch that wait for AES; −1 for a copy.
        var pending: Int
        var frame: FrameReference
    }

    private struct Pending {
        var pdu: ObfuscatedNetworkPDU
        var network = 0
        var opened: NetworkPDU?
    }

    /// Copies of a PDU come within a fraction of a second; the table stays within a processor's cache.
    private static let slotCount = 2048
    private static let batch = 256
    private static let longestQueue = 1024

    private let credentials: [Credential]
    private let networksByNID: [[Int]]
    private let credentialsByNID: [[Int]]
    /// For each first octet of a PDU (IVI and NID), what to try, the likeliest first.
    private var options: [[Option]] = Array(repeating: [], count: 256)

    private var slots: [Slot]
    private var queue: [Heard] = []
    private var pending: [Pending] = []
    private(set) var held = HeldPDUs()
    /// PDUs that no key opened, by NID.
    private(set) var notOpenedByNID = [Int](repeating: 0, count: 128)
    private var workspace = NetworkCredentials.Workspace()
    /// For each credential what to try in a round, and whose attempts those are.
    private var attempts: [[NetworkCredentials.Attempt]]
    private var owners: [[Int]]

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
        attempts = Array(repeating: [], count: credentials.count)
        owners = Array(repeating: [], count: credentials.count)
        slots = Array(repeating: Slot(pdu: .none), count: credentials.isEmpty ? 0 : Self.slotCount)
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
    mutating func hear(_ pdu: ObfuscatedNetworkPDU, at frame: FrameReference) -> Bool {
        var index = Int(truncatingIfNeeded: pdu.fingerprint) & (Self.slotCount - 1)
        if slots[index].pdu != pdu {
            if slots[index].state == .pending {
                // Its place is taken by another PDU of this batch: it gets one of its own until the flush.
                index = slots.count
                slots.append(Slot(pdu: pdu))
            } else {
                slots[index] = Slot(pdu: pdu)
            }
        }
        let isFirst = slots[index].state == .empty
        if isFirst {
            slots[index].state = .pending
            pending.append(Pending(pdu: pdu))
        }
        queue.append(Heard(slot: index, pending: isFirst ? pending.count - 1 : -1, frame: frame))
        return pending.count >= Self.batch || queue.count >= Self.longestQueue
    }

    /// Opens what is queued and hands it on, in the order of hearing; true if a network's IV state moved by it.
    mutating func flush(into records: inout NetworkRecords) -> Bool {
        resolve()
        var moved = false
        for heard in queue {
            if heard.pending >= 0 {
                moved = deliver(heard, into: &records) || moved
            } else {
                count(heard, into: &records)
            }
        }
        pending.removeAll(keepingCapacity: true)
        queue.removeAll(keepingCapacity: true)
        if slots.count > Self.slotCount { slots.removeLast(slots.count - Self.slotCount) }
        return moved
    }

    /// The first hearing of a PDU.
    private mutating func deliver(_ heard: Heard, into records: inout NetworkRecords) -> Bool {
        guard let pdu = pending[heard.pending].opened else {
            slots[heard.slot].state = .failed
            hold(heard)
            return false
        }
        let network = pending[heard.pending].network
        slots[heard.slot].state = .opened
        slots[heard.slot].network = Int16(network)
        slots[heard.slot].source = pdu.source.value
        slots[heard.slot].ivIndex = pdu.ivIndex
        return records.take(pdu, network: network, at: heard.frame)
    }

    /// One more copy of a PDU.
    private mutating func count(_ heard: Heard, into records: inout NetworkRecords) {
        let slot = slots[heard.slot]
        guard slot.state == .opened, let source = UnicastAddress(slot.source) else {
            hold(heard)
            return
        }
        records.takeCopies(of: source, ivIndex: slot.ivIndex, network: Int(slot.network), count: 1)
    }

    private mutating func hold(_ heard: Heard) {
        let pdu = slots[heard.slot].pdu
        notOpenedByNID[Int(pdu.nid)] += 1
        slots[heard.slot].held = held.take(pdu, at: heard.frame, place: slots[heard.slot].held)
    }

    /// Tries every option of each pending PDU, round by round, all attempts of a credential in one batch.
    private mutating func resolve() {
        var unresolved = Array(pending.indices)
        var round = 0
        while !unresolved.isEmpty {
            for index in unresolved {
                let pdu = pending[index].pdu
                let first = Int(pdu.ivi) << 7 | Int(pdu.nid)
                guard round < options[first].count else { continue }
                let option = options[first][round]
                attempts[option.credential].append(.init(pdu, ivIndex: option.ivIndex))
                owners[option.credential].append(index)
            }
            unresolved.removeAll(keepingCapacity: true)
            for credential in attempts.indices where !attempts[credential].isEmpty {
                credentials[credential].credentials.open(attempts[credential], in: &workspace)
                for (position, owner) in owners[credential].enumerated() {
                    pending[owner].opened = workspace.results[position]
                    pending[owner].network = credentials[credential].network
                    if workspace.results[position] == nil { unresolved.append(owner) }
                }
                attempts[credential].removeAll(keepingCapacity: true)
                owners[credential].removeAll(keepingCapacity: true)
            }
            round += 1
        }
    }

    /// The IV state of a network moved: what is held is tried again; true if a state moved by that.
    ///
    /// The queue must have been flushed.
    mutating func retry(into records: inout NetworkRecords) -> Bool {
        updateOptions(records.networks)
        for index in slots.indices where slots[index].state == .failed { slots[index] = Slot(pdu: .none) }
        let waiting = held.removeAll()
        var moved = false
        for start in stride(from: 0, to: waiting.count, by: Self.batch) {
            let batch = waiting[start..<min(start + Self.batch, waiting.count)]
            moved = retry(batch, into: &records) || moved
        }
        return moved
    }

    private mutating func retry(_ batch: ArraySlice<HeldPDUs.Entry>, into records: inout NetworkRecords) -> Bool {
        pending = batch.map { Pending(pdu: $0.pdu) }
        resolve()
        var moved = false
        for (tried, entry) in zip(pending, batch) {
            guard let pdu = tried.opened else {
                held.restore(entry)
                continue
            }
            notOpenedByNID[Int(entry.pdu.nid)] -= entry.count
            moved = records.take(pdu, network: tried.network, at: entry.first) || moved
            records.takeCopies(of: pdu.source, ivIndex: pdu.ivIndex, network: tried.network, count: entry.count - 1)
        }
        pending.removeAll(keepingCapacity: true)
        return moved
    }

    mutating func updateOptions(_ networks: [NetworkRecord]) {
        for octet in 0..<256 {
            let ranked = credentialsByNID[octet & 0x7F].flatMap { credential in
                let timeline = networks[credentials[credential].network].timeline
                return timeline.candidates(ivi: UInt8(octet >> 7)).enumerated().map {
                    (rank: $0, option: Option(credential: credential, ivIndex: $1))
                }
            }
            let ranks = Set(ranked.map(\.rank)).sorted()
            options[octet] = ranks.flatMap { rank in ranked.filter { $0.rank == rank }.map(\.option) }
        }
    }
}
