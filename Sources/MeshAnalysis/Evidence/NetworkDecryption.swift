import CaptureFiles
import MeshCrypto
import MeshProtocol

/// Opens Network PDUs in batches and hands each on in the order in which it was heard.
///
/// A PDU that is byte-identical to a recent one is recognised before any AES. What no candidate opens is held, in a
/// bounded store, and tried again when the IV state of a network moves.
struct NetworkDecryption {
    private struct Credential {
        let network: Int
        let kind: CredentialKind
        /// Which key of the network it is derived from.
        let key: Int
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
        /// Its place among what is pending, or among what is held if it failed.
        var place = -1
        /// Of its first hearing, nanoseconds.
        var time: Int64 = 0
    }

    /// A PDU that waits for AES, and the copies of it that were heard meanwhile.
    private struct Pending {
        /// `last` is the frame of the latest copy.
        var heard: HeldPDUs.Entry
        /// −1 if its slot was another PDU's.
        var slot: Int
        var credential = 0
        var opened: NetworkPDU?
    }

    /// Copies of a PDU come within a fraction of a second; the table stays within a processor's cache.
    private static let slotCount = 2048
    private static let batch = 256
    /// Nanoseconds after which a copy is no mere copy any more, and is opened again to be looked at.
    private static let copyTime: Int64 = 10_000_000_000
    /// PDUs and copies from flush to flush.
    private static let longestWait = 1024

    private var credentials: [Credential] = []
    private var networksByNID: [[Int]] = Array(repeating: [], count: 128)
    private var credentialsByNID: [[Int]] = Array(repeating: [], count: 128)
    /// The latest PDUs with a NID of no credentials, since a friendship may turn out to have it.
    private var unknown: [HeldPDUs.Entry] = []
    private static let mostUnknown = 4096
    /// For each first octet of a PDU (IVI and NID), what to try, the likeliest first.
    private var options: [[Option]] = Array(repeating: [], count: 256)

    private var slots: [Slot]
    private var pending: [Pending] = []
    /// PDUs and copies since the last flush.
    private var waited = 0
    private(set) var held = HeldPDUs()
    /// PDUs that no key opened, by NID.
    private(set) var notOpenedByNID = [Int](repeating: 0, count: 128)
    private var workspace = NetworkCredentials.Workspace()
    /// For each credential what to try in a round, and whose attempts those are.
    private var attempts: [[NetworkCredentials.Attempt]] = []
    private var owners: [[Int]] = []

    init(_ networks: [NetworkRecord]) {
        slots = Array(repeating: Slot(pdu: .none), count: networks.isEmpty ? 0 : Self.slotCount)
        for network in networks {
            for place in network.keyList.indices { add(place, of: network) }
        }
        updateOptions(networks)
    }

    private mutating func add(_ place: Int, of network: NetworkRecord) {
        let keys = network.keyList[place].keys
        add(keys.flooding, .flooding, network: network.index, key: place)
        add(keys.directed, .directed, network: network.index, key: place)
    }

    private mutating func add(_ material: SecurityMaterial, _ kind: CredentialKind, network: Int, key: Int) {
        let nid = Int(material.nid)
        credentialsByNID[nid].append(credentials.count)
        if !networksByNID[nid].contains(network) { networksByNID[nid].append(network) }
        credentials.append(
            Credential(network: network, kind: kind, key: key, credentials: NetworkCredentials(material)))
        attempts.append([])
        owners.append([])
    }

    /// Learns the credentials of a friendship; returns the PDUs that had its NID when nobody knew it.
    ///
    /// Nothing may be pending.
    mutating func learn(_ friendship: Friendship, _ networks: [NetworkRecord]) -> [UInt8: Int] {
        add(friendship.material, .friendship, network: friendship.network, key: friendship.key)
        return recover(networks)
    }

    /// Learns a NetKey, at this place of the network's list; returns as above. Nothing may be pending.
    mutating func learn(_ place: Int, of network: Int, _ networks: [NetworkRecord]) -> [UInt8: Int] {
        add(place, of: networks[network])
        return recover(networks)
    }

    /// Makes pending what had an unknown NID that is known now.
    private mutating func recover(_ networks: [NetworkRecord]) -> [UInt8: Int] {
        updateOptions(networks)
        var recovered: [UInt8: Int] = [:]
        for entry in unknown where isKnown(nid: entry.pdu.nid) {
            pending.append(Pending(heard: entry, slot: -1))
            recovered[entry.pdu.nid, default: 0] += entry.count
        }
        unknown = unknown.filter { !isKnown(nid: $0.pdu.nid) }
        return recovered
    }

    /// A PDU with a NID of no credentials.
    mutating func remember(_ pdu: ObfuscatedNetworkPDU, at frame: FrameReference) {
        guard !credentials.isEmpty else { return }
        if unknown.count >= 2 * Self.mostUnknown { unknown.removeFirst(Self.mostUnknown) }
        unknown.append(.init(pdu: pdu, first: frame, last: frame, count: 1))
    }

    /// Whether a key has this NID.
    func isKnown(nid: UInt8) -> Bool { !credentialsByNID[Int(nid)].isEmpty }

    /// The networks that have a key with this NID.
    func networks(nid: UInt8) -> [Int] { networksByNID[Int(nid)] }

    /// PDUs with a NID of this network's keys that nothing opened.
    func notOpened(network: Int) -> Int {
        (0..<128).filter { networksByNID[$0].contains(network) }.reduce(0) { $0 + notOpenedByNID[$1] }
    }

    /// Takes a PDU and counts a copy; true if enough are pending to be flushed before the next one.
    @inline(__always)
    mutating func hear(
        _ pdu: ObfuscatedNetworkPDU, at frame: FrameReference, into records: inout NetworkRecords
    ) -> Bool {
        waited += 1
        let index = Int(truncatingIfNeeded: pdu.fingerprint) & (Self.slotCount - 1)
        if slots[index].pdu == pdu, frame.time.nanoseconds &- slots[index].time <= Self.copyTime {
            count(frame, slot: index, into: &records)
        } else {
            queue(pdu, at: frame, slot: index)
        }
        return pending.count >= Self.batch || waited >= Self.longestWait
    }

    /// Takes a PDU that is not to be recognised in other copies: octets that may be no PDU at all, which count only if
    /// they open; and Proxy Configuration messages, which stay on their connection.
    mutating func hearApart(
        _ pdu: ObfuscatedNetworkPDU, at frame: FrameReference, isTentative: Bool, nonce: NonceKind = .network
    ) {
        let heard = HeldPDUs.Entry(
            pdu: pdu, first: frame, last: frame, count: 1, isTentative: isTentative,
            nonce: nonce)
        pending.append(Pending(heard: heard, slot: -1))
    }

    /// Whether as much is pending as a batch has room for.
    var isFull: Bool { pending.count >= Self.batch }

    /// The first hearing of a PDU. Where another one's that is pending has its slot, it goes without.
    private mutating func queue(_ pdu: ObfuscatedNetworkPDU, at frame: FrameReference, slot index: Int) {
        let isFree = slots[index].state != .pending
        if isFree { slots[index] = Slot(pdu: pdu, state: .pending, place: pending.count, time: frame.time.nanoseconds) }
        pending.append(
            Pending(heard: .init(pdu: pdu, first: frame, last: frame, count: 1), slot: isFree ? index : -1))
    }

    /// One more copy of the PDU in a slot.
    private mutating func count(_ frame: FrameReference, slot index: Int, into records: inout NetworkRecords) {
        let slot = slots[index]
        switch slot.state {
        case .empty: break
        case .pending: pending[slot.place].heard.count(frame)
        case .opened:
            guard let source = UnicastAddress(slot.source) else { return }
            records.takeCopies(of: source, ivIndex: slot.ivIndex, network: Int(slot.network), count: 1)
        case .failed:
            notOpenedByNID[Int(slot.pdu.nid)] += 1
            slots[index].place = held.take(slot.pdu, at: frame, place: slot.place)
        }
    }

    /// Opens what is pending and hands it on, in the order of hearing; true if a network's IV state moved by it.
    mutating func flush(into records: inout NetworkRecords) -> Bool {
        resolve()
        var moved = false
        for index in pending.indices { moved = deliver(index, into: &records) || moved }
        pending.removeAll(keepingCapacity: true)
        waited = 0
        return moved
    }

    @inline(__always)
    private mutating func deliver(_ index: Int, into records: inout NetworkRecords) -> Bool {
        let slot = pending[index].slot
        guard let pdu = pending[index].opened else {
            let place = keep(pending[index].heard)
            if slot >= 0 {
                slots[slot].state = .failed
                slots[slot].place = place
            }
            return false
        }
        if slot >= 0 {
            slots[slot].state = .opened
            slots[slot].network = Int16(credentials[pending[index].credential].network)
            slots[slot].source = pdu.source.value
            slots[slot].ivIndex = pdu.ivIndex
        }
        return handOn(pdu, index, into: &records)
    }

    /// Hands on what a pending PDU was opened to; true if a network's IV state moved by it.
    @inline(__always)
    private func handOn(_ pdu: NetworkPDU, _ index: Int, into records: inout NetworkRecords) -> Bool {
        let credential = credentials[pending[index].credential]
        let kind = pending[index].heard.nonce == .proxy ? .proxyConfiguration : credential.kind
        return records.take(
            pdu, network: credential.network, kind, key: credential.key, at: pending[index].heard.first,
            times: pending[index].heard.count)
    }

    /// Holds what nothing opened; returns its place.
    private mutating func keep(_ heard: HeldPDUs.Entry) -> Int {
        notOpenedByNID[Int(heard.pdu.nid)] += heard.closedCount
        return held.keep(heard)
    }

    /// Tries every option of each pending PDU, round by round, all attempts of a credential in one batch.
    private mutating func resolve() {
        var unresolved = Array(pending.indices)
        var round = 0
        while !unresolved.isEmpty {
            for index in unresolved {
                let heard = pending[index].heard
                let pdu = heard.pdu
                let first = Int(pdu.ivi) << 7 | Int(pdu.nid)
                guard round < options[first].count else { continue }
                let option = options[first][round]
                attempts[option.credential].append(.init(pdu, ivIndex: option.ivIndex, nonce: heard.nonce))
                owners[option.credential].append(index)
            }
            unresolved.removeAll(keepingCapacity: true)
            for credential in attempts.indices where !attempts[credential].isEmpty {
                credentials[credential].credentials.open(attempts[credential], in: &workspace)
                for (position, owner) in owners[credential].enumerated() {
                    pending[owner].opened = workspace.results[position]
                    pending[owner].credential = credential
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
    /// Nothing may be pending.
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
        pending = batch.map { Pending(heard: $0, slot: -1) }
        resolve()
        var moved = false
        for index in pending.indices {
            let heard = pending[index].heard
            guard let pdu = pending[index].opened else {
                _ = held.keep(heard)
                continue
            }
            notOpenedByNID[Int(heard.pdu.nid)] -= heard.closedCount
            moved = handOn(pdu, index, into: &records) || moved
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
