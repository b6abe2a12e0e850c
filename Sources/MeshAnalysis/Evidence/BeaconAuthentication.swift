import MeshCrypto
import MeshProtocol

/// Who said a network beacon, if a key tells.
enum BeaconOutcome: Hashable {
    /// `key`: its place in the network's list of keys.
    case authentic(network: Int, subnet: Int, key: Int, statement: NetworkBeaconStatement)
    /// The Network ID is ours and the Authentication Value is not.
    case notAuthentic(network: Int, subnet: Int)
    case foreign
}

/// Holds beacons against every key. Beacons repeat for minutes, so that outcomes are remembered; the memory is bounded.
final class BeaconAuthentication {
    private struct Key {
        let network: Int
        let subnet: Int
        let place: Int
        let networkID: UInt64
        let beaconKey: AESCMAC
        let privateBeaconKey: UInt128
    }

    private var keys: [Key] = []
    private var known: [MeshBeacon: BeaconOutcome] = [:]
    private static let mostKnown = 4096

    init(_ networks: [NetworkRecord]) {
        for network in networks {
            for place in network.keyList.indices { learn(place, of: network) }
        }
    }

    /// Takes one more key, at this place of the network's list.
    func learn(_ place: Int, of network: NetworkRecord) {
        let (subnet, keys) = network.keyList[place]
        self.keys.append(
            Key(
                network: network.index, subnet: subnet, place: place, networkID: keys.networkID,
                beaconKey: AESCMAC(key: keys.beaconKey), privateBeaconKey: keys.privateBeaconKey))
        known = [:]
    }

    func authenticate(_ beacon: MeshBeacon) -> BeaconOutcome {
        if let outcome = known[beacon] { return outcome }
        if known.count >= Self.mostKnown { known.removeAll(keepingCapacity: true) }
        let outcome = judge(beacon)
        known[beacon] = outcome
        return outcome
    }

    private func judge(_ beacon: MeshBeacon) -> BeaconOutcome {
        switch beacon {
        case .unprovisionedDevice: return .foreign
        case .secureNetwork(let beacon):
            let ours = keys.filter { $0.networkID == beacon.networkID }
            for key in ours {
                guard let statement = beacon.authenticate(with: key.beaconKey) else { continue }
                return .authentic(
                    network: key.network, subnet: key.subnet, key: key.place, statement: statement)
            }
            return ours.first.map { .notAuthentic(network: $0.network, subnet: $0.subnet) } ?? .foreign
        case .meshPrivate(let beacon):
            for key in keys {
                guard let statement = beacon.authenticate(withPrivateBeaconKey: key.privateBeaconKey) else { continue }
                return .authentic(
                    network: key.network, subnet: key.subnet, key: key.place, statement: statement)
            }
            return .foreign
        }
    }
}
