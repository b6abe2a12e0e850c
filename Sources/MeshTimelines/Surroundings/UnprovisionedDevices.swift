import BoundedCollections
public import MeshEvidence
public import MeshProtocol

/// A device that waits to be provisioned, by its beacons.
public struct UnprovisionedDevice: Hashable, Codable, Sendable {
    /// Device UUID, 128 bits, the first octet on top.
    public let uuid: UInt128
    /// Where the out-of-band data is to be found: Mesh Protocol 1.1, "Unprovisioned Device beacon".
    public let oobInformation: OOBInformation
    /// The hash of the URI that the device advertises, 32 bits; `nil` where the beacon has none.
    public let uriHash: UInt32?
    /// The URI of its hash, where that was heard.
    public internal(set) var uri: String?
    /// How often it was heard.
    public internal(set) var count: Int
    /// Where it was heard first.
    public let first: FrameReference
}

/// Unprovisioned devices by UUID, and the URIs that their hashes stand for. Both stores are bounded: the oldest give way.
struct UnprovisionedDevices: Hashable, Codable {
    private static let most = 1024

    private var devices = BoundedStore<UInt128, UnprovisionedDevice>(capacity: most)
    /// By their hash.
    private var uris = BoundedStore<UInt32, String>(capacity: most)

    mutating func apply(_ beacon: UnprovisionedDeviceBeacon, at frame: FrameReference) {
        guard devices[beacon.deviceUUID] == nil else {
            devices[beacon.deviceUUID]?.count += 1
            return
        }
        devices[beacon.deviceUUID] = UnprovisionedDevice(
            uuid: beacon.deviceUUID, oobInformation: beacon.oobInformation, uriHash: beacon.uriHash, uri: nil,
            count: 1, first: frame)
    }

    mutating func apply(_ uri: HeardURI) { uris[uri.hash] = uri.text }

    /// The devices, each with the URI of its hash where that was heard.
    var resolved: [UnprovisionedDevice] {
        devices.entries.map { entry in
            var device = entry.value
            device.uri = device.uriHash.flatMap { uris[$0] }
            return device
        }
    }
}
