import MeshCrypto
public import MeshProtocol

/// How far to search for friendships that were made before the capture began.
public enum FriendshipSearchExtent: String, Hashable, Sendable, CaseIterable {
    /// Where the Friend Offer was heard: 2¹⁶ counters each.
    case offers
    /// Also where nothing of the making was heard: 2³² counters for each pair of nodes that could be one.
    case full
}

/// Two nodes that could have a friendship.
public struct FriendshipPair: Hashable, Sendable {
    /// The network of both.
    public let network: NetworkIndex
    /// The node that polls.
    public let lowPowerNode: UnicastAddress
    /// The node that stores.
    public let friend: UnicastAddress

    /// A pair to try.
    public init(network: NetworkIndex, lowPowerNode: UnicastAddress, friend: UnicastAddress) {
        self.network = network
        self.lowPowerNode = lowPowerNode
        self.friend = friend
    }
}

/// Finds the counters of a friendship by PDUs that no key opens. A hit counts when a second PDU confirms it, or the 64-bit NetMIC of a control
/// message does.
struct FriendshipSearch {
    private static let slab: UInt64 = 1 << 26
    private static let mostConfirmed = 64
    /// A Friend Poll: NID, header, DST, opcode and one octet, NetMIC of 64 bits. Nothing else that nodes send often is as short.
    private static let pollLength = 19

    let netKey: NetKey
    /// What is tried, some for each NID.
    private let samples: [FriendshipTrial.Sample]
    /// What may confirm a hit, by NID.
    private let closed: [[FriendshipTrial.Sample]]
    private let isParallel: Bool

    /// - Parameters:
    ///   - netKey: from which the credentials are derived.
    ///   - closed: PDUs that nothing opens, each with the IV Indexes that it may have been sent with, the likeliest first.
    ///   - each: how many of each NID are tried.
    ///   - most: of how many NIDs; those with most Friend Polls.
    ///   - isParallel: on all processors.
    init(
        _ netKey: NetKey, _ closed: [(pdu: ObfuscatedNetworkPDU, ivIndexes: [IVIndex])], each: Int,
        nids most: Int = 128,
        isParallel: Bool
    ) {
        self.netKey = netKey
        self.isParallel = isParallel
        var byNID = [[(pdu: ObfuscatedNetworkPDU, ivIndexes: [IVIndex])]](repeating: [], count: 128)
        var seen: Set<ObfuscatedNetworkPDU> = []
        for one in closed where seen.insert(one.pdu).inserted { byNID[Int(one.pdu.nid)].append(one) }
        func polls(_ nid: Int) -> Int { byNID[nid].count { $0.pdu.length == Self.pollLength } }
        let wanted = byNID.indices.filter { !byNID[$0].isEmpty }
            .sorted { (polls($1), byNID[$1].count, $0) < (polls($0), byNID[$0].count, $1) }.prefix(most)
        samples = wanted.flatMap { nid -> [FriendshipTrial.Sample] in
            let polls = byNID[nid].filter { $0.pdu.length == Self.pollLength }
            let others = byNID[nid].filter { $0.pdu.length != Self.pollLength }
            return (Self.spread(polls, each) + Self.spread(others, max(1, each / 2))).flatMap { one in
                one.ivIndexes.prefix(1).map { FriendshipTrial.Sample(one.pdu, ivIndex: $0) }
            }
        }
        self.closed = byNID.map { all in
            Self.spread(all, Self.mostConfirmed).flatMap { one in
                one.ivIndexes.map { FriendshipTrial.Sample(one.pdu, ivIndex: $0) }
            }
        }
    }

    /// So many of them, from the first to the last.
    private static func spread<Value>(_ all: [Value], _ most: Int) -> [Value] {
        guard all.count > most else { return all }
        return (0..<most).map { all[$0 * all.count / most] }
    }

    /// Whether there is nothing to try.
    var isEmpty: Bool { samples.isEmpty }

    /// LPNCounter and FriendCounter of a friendship whose Friend Offer was heard.
    func find(_ lpn: UnicastAddress, _ friend: UnicastAddress, friendCounter: UInt16) -> UInt32? {
        var trial = FriendshipTrial(netKey, samples)
        return trial.search(lpn: lpn, friend: friend, first: UInt32(friendCounter), step: 1 << 16, count: 1 << 16)
            .first { isConfirmed($0, lpn, friend) }
    }

    /// Counters to try, the likeliest stretch first: nodes begin at 0, and count how often a friendship was asked for and offered.
    static let stretches: [Range<UInt64>] = [0..<1 << 24, 1 << 24..<1 << 28, 1 << 28..<1 << 32]

    /// The same of a friendship of which nothing was heard, in a stretch of LPNCounter and FriendCounter. `progress`: how many counters
    /// were tried.
    func find(
        _ lpn: UnicastAddress, _ friend: UnicastAddress, in stretch: Range<UInt64>, _ progress: (UInt64) -> Void
    ) -> UInt32? {
        for start in stride(from: stretch.lowerBound, to: stretch.upperBound, by: Int(Self.slab)) {
            progress(start - stretch.lowerBound)
            let hits = hits(lpn, friend, in: start..<min(start + Self.slab, stretch.upperBound))
            if let found = hits.first(where: { isConfirmed($0, lpn, friend) }) { return found }
        }
        return nil
    }

    private func hits(_ lpn: UnicastAddress, _ friend: UnicastAddress, in stretch: Range<UInt64>) -> [UInt32] {
        let (netKey, samples) = (netKey, samples)
        return searchInPieces(stretch, isParallel: isParallel) { piece in
            // A cipher is not shared between threads.
            var trial = FriendshipTrial(netKey, samples)
            let first = UInt32(truncatingIfNeeded: piece.lowerBound)
            return trial.search(lpn: lpn, friend: friend, first: first, step: 1, count: UInt64(piece.count))
        }
    }

    private func isConfirmed(_ counters: UInt32, _ lpn: UnicastAddress, _ friend: UnicastAddress) -> Bool {
        let material = NetworkKeys(netKey).friendship(
            lpnAddress: lpn.value, friendAddress: friend.value, lpnCounter: UInt16(counters >> 16),
            friendCounter: UInt16(counters & 0xFFFF))
        var opened: Set<SequencePosition> = []
        for sample in closed[Int(material.nid)] {
            guard let pdu = NetworkPDU.open(sample.pdu, with: material, ivIndex: sample.ivIndex) else { continue }
            opened.insert(pdu.position)
            if pdu.isControl || opened.count > 1 { return true }
        }
        return false
    }
}
