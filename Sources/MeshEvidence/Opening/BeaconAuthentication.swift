import BoundedCollections
import MeshCrypto
import MeshProtocol

/// Who said a network beacon, if a key tells.
enum BeaconOutcome: Hashable {
    case authentic(NetworkIndex, SubnetIndex, KeyPlace, NetworkBeaconStatement)
    /// The Network ID is ours and the Authentication Value is not.
    case notAuthentic(NetworkIndex, SubnetIndex)
    case foreign
}

/// Holds beacons against every key. Beacons repeat for minutes, so that outcomes are remembered; the memory is bounded.
///
/// Beacons that no key authenticates are remembered too, since a key may be learned later.
struct BeaconAuthentication {
    private struct Key {
        let network: NetworkIndex
        let subnet: SubnetIndex
        let place: KeyPlace
        let networkID: UInt64
        let beaconKey: AESCMAC
        let privateBeaconKey: UInt128
    }

    /// A foreign beacon, and how often it was heard.
    struct Foreign {
        let beacon: MeshBeacon
        let first: Origin
        var last: Origin
        var count = 1
    }

    private var keys: [Key] = []
    private var known = BoundedStore<MeshBeacon, BeaconOutcome>(capacity: mostKnown)
    private var foreign = BoundedStore<MeshBeacon, Foreign>(capacity: mostForeign)
    private static let mostKnown = 4096
    private static let mostForeign = 1024

    /// Takes one more key, at this place of the network's list.
    mutating func learn(_ place: KeyPlace, of list: NetworkKeyList) {
        let entry = list[place]
        keys.append(
            Key(
                network: list.network, subnet: entry.subnet, place: place, networkID: entry.keys.networkID,
                beaconKey: AESCMAC(key: entry.keys.beaconKey), privateBeaconKey: entry.keys.privateBeaconKey))
        known.removeAll()
    }

    mutating func authenticate(_ beacon: MeshBeacon) -> BeaconOutcome {
        if let outcome = known[beacon] { return outcome }
        let outcome = judge(beacon)
        known[beacon] = outcome
        return outcome
    }

    /// Remembers a beacon that no key authenticates.
    mutating func remember(_ beacon: MeshBeacon, from origin: Origin) {
        guard foreign[beacon] != nil else {
            foreign[beacon] = Foreign(beacon: beacon, first: origin, last: origin)
            return
        }
        foreign[beacon]?.count += 1
        foreign[beacon]?.last = origin
    }

    /// The foreign beacons that a key authenticates by now, each with what it says; they are foreign no more.
    mutating func removeRecognised() -> [(Foreign, BeaconOutcome)] {
        let recognised = foreign.entries.map { ($0.value, judge($0.key)) }.filter { $0.1 != .foreign }
        for (beacon, _) in recognised { foreign[beacon.beacon] = nil }
        return recognised
    }

    private func judge(_ beacon: MeshBeacon) -> BeaconOutcome {
        switch beacon {
        case .unprovisionedDevice: return .foreign
        case .secureNetwork(let beacon):
            let ours = keys.filter { $0.networkID == beacon.networkID }
            for key in ours {
                guard let statement = beacon.authenticate(with: key.beaconKey) else { continue }
                return .authentic(key.network, key.subnet, key.place, statement)
            }
            return ours.first.map { .notAuthentic($0.network, $0.subnet) } ?? .foreign
        case .meshPrivate(let beacon):
            for key in keys {
                guard let statement = beacon.authenticate(withPrivateBeaconKey: key.privateBeaconKey) else { continue }
                return .authentic(key.network, key.subnet, key.place, statement)
            }
            return .foreign
        }
    }
}
