import MeshCrypto
import MeshProtocol

/// How far to search for an IV Index that no beacon tells.
public enum IVSearchExtent: String, Hashable, Sendable, CaseIterable {
    case off, bounded, full
}

/// Finds the IV Index of PDUs that no candidate opens, by trial. A hit counts when a second PDU confirms it, or the 64-bit
/// NetMIC of a control message does.
struct IVIndexSearch {
    /// An IV Index lasts 192 hours at the least (96 in each state), so that a network as old as mesh itself has seen some
    /// 450 of them. The default bound leaves room for networks in test mode and for those that began elsewhere.
    static let bound: UInt64 = 1 << 20
    private static let all: UInt64 = 1 << 32
    private static let slab: UInt64 = 1 << 26
    /// What networks reach that step as the specification has it: forty years.
    private static let likely: UInt64 = 1 << 12
    /// PDUs that are searched with, one after the other: most may be other people's with the same NID, so that there are the more
    /// of them the shorter the stretch is. Through all of 32 bits each takes a while.
    private static let mostLikelyBases = 256
    private static let mostBases = 48
    private static let mostFullBases = 3
    /// Keys of one network share these numbers; of more keys than this only what is likely is searched.
    private static let mostKeys = 256
    private static let mostConfirmed = 256

    let material: SecurityMaterial
    /// Distinct PDUs with the NID of the material.
    let pdus: [ObfuscatedNetworkPDU]

    private let isParallel: Bool
    private let likelyBases: Int
    private let boundBases: Int

    /// `keys`: how many of the network are searched with.
    /// `held`: of which those are drawn that are tried, in an order that only the key tells.
    /// `isParallel`: on all processors.
    init(_ material: SecurityMaterial, _ held: [ObfuscatedNetworkPDU], keys: Int = 1, isParallel: Bool = true) {
        self.material = material
        self.isParallel = isParallel
        likelyBases = max(4, Self.mostLikelyBases / max(1, keys))
        boundBases = keys > Self.mostKeys ? 0 : max(1, Self.mostBases / max(1, keys))
        var seen: Set<ObfuscatedNetworkPDU> = []
        let ours = held.filter { $0.nid == material.nid && seen.insert($0).inserted }
        var order = ours.map { UInt128($0.fingerprint) << 8 | UInt128($0.length) }
        AESCipher(key: material.privacyKey).encrypt(&order)
        pdus = zip(order, ours).sorted { $0.0 < $1.0 }.prefix(Self.mostConfirmed).map(\.1)
    }

    struct Found {
        let ivIndex: IVIndex
        let base: ObfuscatedNetworkPDU
    }

    /// The IV Index that most PDUs confirm; `nil` where none does.
    func run(_ extent: IVSearchExtent, _ progress: (Double) -> Void) -> Found? {
        find(in: 0..<Self.likely, bases: likelyBases) ?? search(from: Self.likely, extent, progress)
    }

    /// The same for a network that is known to have reached an IV Index; how far beyond what is likely, `extent` tells, `nil` for
    /// not at all.
    func run(beyond known: IVIndex, _ extent: IVSearchExtent?, _ progress: (Double) -> Void) -> Found? {
        let start = UInt64(known.value) + 1
        let likely = min(start + Self.likely, Self.all)
        if let found = find(in: start..<max(start, likely), bases: likelyBases) { return found }
        return extent.flatMap { search(from: likely, $0, progress) }
    }

    private func search(from start: UInt64, _ extent: IVSearchExtent, _ progress: (Double) -> Void) -> Found? {
        let bound = max(start, Self.bound)
        if let found = find(in: start..<bound, bases: boundBases) { return found }
        guard extent == .full else { return nil }
        let slabs = bases.prefix(Self.mostFullBases).flatMap { base in
            stride(from: bound, to: Self.all, by: Int(Self.slab)).map { (base, $0) }
        }
        for (index, (base, start)) in slabs.enumerated() {
            progress(Double(index) / Double(slabs.count))
            let hits = self.hits(of: base, in: start..<min(start + Self.slab, Self.all))
            if let found = best(of: hits, base) { return found }
        }
        return nil
    }

    private func find(in stretch: Range<UInt64>, bases count: Int) -> Found? {
        for base in bases.prefix(count) {
            if let found = best(of: hits(of: base, in: stretch), base) { return found }
        }
        return nil
    }

    /// Both IVI bits in turn: a neighbour often keeps to the other one.
    private var bases: [ObfuscatedNetworkPDU] {
        let (even, odd) = (pdus.filter { $0.ivi == 0 }, pdus.filter { $0.ivi == 1 })
        let (more, fewer) = even.count >= odd.count ? (even, odd) : (odd, even)
        return more.indices.flatMap { index in
            fewer.indices.contains(index) ? [more[index], fewer[index]] : [more[index]]
        }
    }

    /// The hits of a stretch.
    private func hits(of base: ObfuscatedNetworkPDU, in stretch: Range<UInt64>) -> [IVIndex] {
        let material = material
        return searchInPieces(stretch, isParallel: isParallel) { piece in
            // A cipher is not shared between threads.
            var trial = IVIndexTrial(base, with: material)
            return trial.search(piece)
        }
    }

    private func best(of hits: [IVIndex], _ base: ObfuscatedNetworkPDU) -> Found? {
        var best: (index: IVIndex, count: Int)?
        for hit in hits {
            let count = confirmations(of: hit, base)
            if count > (best?.count ?? 0) { best = (hit, count) }
        }
        return best.map { Found(ivIndex: $0.index, base: base) }
    }

    /// Other PDUs that open under this IV Index or the one before or behind it; one more where the base has 64 bits.
    private func confirmations(of hit: IVIndex, _ base: ObfuscatedNetworkPDU) -> Int {
        let credentials = NetworkCredentials(material)
        var workspace = NetworkCredentials.Workspace()
        let others = pdus.filter { $0 != base }
        var attempts = [NetworkCredentials.Attempt(base, ivIndex: hit)]
        for pdu in others {
            let indexes = pdu.ivi == hit.ivi ? [hit] : [hit.advanced(by: -1), hit.advanced(by: 1)].compactMap(\.self)
            attempts += indexes.map { .init(pdu, ivIndex: $0) }
        }
        credentials.open(attempts, in: &workspace)
        let isControl = workspace.results.first.flatMap { $0?.isControl } ?? false
        return workspace.results.dropFirst().filter { $0 != nil }.count + (isControl ? 1 : 0)
    }
}
