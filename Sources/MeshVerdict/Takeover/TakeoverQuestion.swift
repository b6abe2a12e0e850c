public import CaptureFiles
public import MeshEvidence
public import MeshProtocol
public import MeshTimelines

/// Asks for one address, in whichever of the networks it is meant, whether a replacement was taken for its old device.
public struct TakeoverQuestion {
    private var states: [TakeoverState]
    private let named: [Bool]

    /// - Parameters:
    ///   - address: of the replacement, and of the device that it replaces.
    ///   - since: when the replacement took over.
    ///   - old: the last position of the old device, where the user knows it.
    ///   - keys: the networks that it may be in.
    public init(
        _ address: UnicastAddress, since: CaptureTime, old: SequencePosition? = nil, in keys: KeyRing
    ) {
        states = keys.networks.indices.map {
            TakeoverState(address, network: NetworkIndex($0), since: since, old: old)
        }
        named = keys.networks.map { $0.master == address }
    }

    /// Takes an observation; `novelty`: what the network's state made of it.
    public mutating func apply(_ observation: Observation, _ novelty: Novelty) {
        guard let network = observation.network, states.indices.contains(network.value) else { return }
        states[network.value].apply(observation, novelty)
    }

    /// The answer as it stands, for the network whose key file names the address, or else one in which it was heard; `nil`
    /// without a network.
    public func judge() -> Takeover? {
        let all = states.map { $0.judge() }
        let heard = all.indices.filter { all[$0].first != nil }
        let place = heard.first { named[$0] } ?? heard.first ?? named.firstIndex(of: true) ?? all.indices.first
        return place.map { all[$0] }
    }
}
