public import MeshEvidence
public import MeshProtocol

/// What messages say of the keys above the network layer, of all networks: a fold beside the state, which knows no keys.
public struct MessageTallies {
    private var tallies: [MessageTally]
    /// Only keys above the network layer have messages to be looked at.
    private let areNeeded: Bool

    /// - Parameters:
    ///   - keys: of the networks.
    ///   - counts: what was counted before with the same keys, by network.
    public init(_ keys: KeyRing, continuing counts: [MessageTally.Counts] = []) {
        tallies = keys.networks.enumerated().map { place, keys in
            MessageTally(keys, continuing: counts.indices.contains(place) ? counts[place] : MessageTally.Counts())
        }
        areNeeded = keys.networks.contains { !$0.upperKeys.isEmpty }
    }

    /// Takes an observation; `novelty`: what the network's state made of it.
    public mutating func apply(_ observation: Observation, _ novelty: Novelty) {
        guard areNeeded, novelty == .new, case .authentic(let network, .networkPDU(let opened)) = observation.statement
        else { return }
        tallies[network.value].apply(opened)
    }

    /// Takes observations into a state, and what messages among them say of the keys.
    public mutating func apply(_ observations: [Observation], to state: inout MeshState) {
        guard areNeeded else {
            state.apply(observations)
            return
        }
        for observation in observations { apply(observation, state.apply(observation)) }
    }

    /// By network.
    public var counts: [MessageTally.Counts] { tallies.map(\.counts) }
}
