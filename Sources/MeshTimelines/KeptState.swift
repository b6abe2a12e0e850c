public import CaptureFiles
public import MeshEvidence
public import MeshProtocol

/// A state and what it takes to go on from it: what another run kept.
public struct KeptState: Sendable {
    /// What was folded until the last time that all was kept.
    public var state: MeshState
    /// What handed out keys and credentials of friendships, sealed: so they are known again, and were never written down.
    public var teaching: [SealedEvidence]
    /// What was authenticated since then, in the order of hearing.
    public var later: [SealedEvidence]
    /// The latest of what was authenticated before, and is folded: for questions that the state does not answer.
    public var folded: [SealedEvidence]
    /// What messages say of the keys above the network layer, by network; empty where they are other keys now.
    public var messages: [MessageTally.Counts] = []

    /// As it was kept.
    public init(
        _ state: MeshState, teaching: [SealedEvidence] = [], later: [SealedEvidence] = [], folded: [SealedEvidence] = []
    ) {
        self.state = state
        self.teaching = teaching
        self.later = later
        self.folded = folded
    }

    /// What messages say of the keys, to be counted on.
    public func tallies(_ keys: KeyRing) -> MessageTallies { MessageTallies(keys, continuing: messages) }

    /// The last position of a source that was heard before a moment, where all of it was folded before that; `nil` where the state goes
    /// beyond the moment, so that the evidence itself has to tell.
    public func last(of address: UnicastAddress, before moment: CaptureTime) -> SequencePosition? {
        let timelines = state.networks.compactMap { $0.source(address) }
        let positions = timelines.filter { $0.lastHeard.map { $0.time < moment } ?? false }.compactMap(\.lastPosition)
        return positions.max()
    }

    /// Makes a stream know what this state knows, and folds what was authenticated later.
    ///
    /// - Parameters:
    ///   - stream: of the same keys, which has heard nothing yet.
    ///   - keys: those of the user.
    ///   - lookBack: is handed each observation of what is folded already, with what another state makes of it.
    ///   - receive: is handed each observation of what is folded now, with what the state makes of it.
    public mutating func resume(
        _ stream: inout EvidenceStream, _ keys: KeyRing, lookBack: ((Observation, Novelty) -> Void)? = nil,
        _ receive: (Observation, Novelty) -> Void
    ) {
        for network in state.networks { network.teach(&stream) }
        // It is in the state already.
        for evidence in teaching { stream.hear(evidence) }
        stream.openHeard()
        stream.searchOfferedFriendships()
        stream.removeObserved { _ in }
        if let lookBack { look(back: &stream, keys, lookBack) }
        for evidence in later { stream.hear(evidence) }
        stream.openHeard()
        stream.removeObserved { observations in
            for observation in observations {
                let novelty = state.apply(observation)
                receive(observation, novelty)
            }
        }
    }

    /// What is folded already is observed once more, beside the state.
    private func look(back stream: inout EvidenceStream, _ keys: KeyRing, _ receive: (Observation, Novelty) -> Void) {
        var beside = MeshState(keys)
        for evidence in folded { stream.hear(evidence) }
        stream.openHeard()
        stream.removeObserved { observations in
            for observation in observations { receive(observation, beside.apply(observation)) }
        }
    }
}

extension NetworkState {
    /// Tells a stream the IV states that were proved.
    fileprivate func teach(_ stream: inout EvidenceStream) {
        for (place, subnet) in subnets.enumerated() {
            if let highest = subnet.highest { stream.start(from: highest, of: SubnetIndex(place), in: index) }
        }
        guard let current = iv.current else { return }
        let primary = subnets.firstIndex { $0.identity.keyIndex == .primary } ?? 0
        stream.start(from: current.state, of: SubnetIndex(primary), in: index)
    }
}

// MARK: Kept in parts

extension MeshState {
    /// Whether it is of these keys: each network has the same subnets in the same order, and perhaps some that were learned.
    public func isOf(_ keys: KeyRing) -> Bool {
        let given = MeshState(keys)
        return given.networks.count == networks.count
            && zip(given.networks, networks).allSatisfy { given, kept in
                kept.subnets.count >= given.subnets.count
                    && zip(given.subnets, kept.subnets).allSatisfy { $1.identity.follows($0.identity) }
            }
    }

    /// The same, without what was heard of the sources: that changes often, and is kept source by source.
    public func withoutSources() -> MeshState {
        var state = self
        state.replaceSources { _ in [] }
        return state
    }

    /// The same, of other keys for the same networks: what was heard of each source and of the IV Index stays, what was heard of each key
    /// begins anew. `nil` where no network is the same.
    public func rekeyed(_ keys: KeyRing) -> MeshState? {
        var state = MeshState(keys)
        var isSame = false
        for place in state.networks.indices {
            let ids = state.networks[place].networkIDs
            guard let kept = networks.first(where: { !$0.networkIDs.isDisjoint(with: ids) }) else { continue }
            state.carry(kept, to: place)
            isSame = true
        }
        guard isSame else { return nil }
        state.carrySurroundings(of: self)
        return state
    }
}

extension SubnetIdentity {
    /// Whether it is that of the same subnet, or became so by a key that was handed out.
    fileprivate func follows(_ given: SubnetIdentity) -> Bool {
        keyIndex == given.keyIndex
            && (networkID == given.networkID ? oldNetworkID == given.oldNetworkID : oldNetworkID == given.networkID)
    }
}

extension NetworkState {
    /// The Network IDs of all its subnets, the old ones of a Key Refresh included.
    public var networkIDs: Set<UInt64> {
        Set(subnets.flatMap { [$0.identity.networkID, $0.identity.oldNetworkID].compactMap(\.self) })
    }
}
