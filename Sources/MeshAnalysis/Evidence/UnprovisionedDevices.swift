import ByteParsing
import MeshProtocol

/// Unprovisioned devices by UUID, and the URIs that their hashes stand for. Both stores are bounded.
struct UnprovisionedDevices {
    private static let mostDevices = 1024
    private static let mostURIs = 1024

    private var places: [UInt128: Int] = [:]
    private(set) var devices: [Analysis.UnprovisionedDevice] = []
    /// The data of URI AD structures by their hash.
    private var uris: [UInt32: [UInt8]] = [:]
    private var seen: Set<[UInt8]> = []

    mutating func take(_ beacon: UnprovisionedDeviceBeacon, at frame: FrameReference) {
        if let place = places[beacon.deviceUUID] {
            devices[place].count += 1
            return
        }
        guard devices.count < Self.mostDevices else { return }
        places[beacon.deviceUUID] = devices.count
        devices.append(
            Analysis.UnprovisionedDevice(
                uuid: beacon.deviceUUID, oobInformation: beacon.oobInformation, uriHash: beacon.uriHash, uri: nil,
                count: 1, first: frame))
    }

    mutating func take(uriData data: [UInt8]) {
        guard seen.count < Self.mostURIs, seen.insert(data).inserted else { return }
        uris[UnprovisionedDeviceBeacon.uriHash(ofURIData: data)] = data
    }

    /// The devices, each with the URI of its hash where that was heard.
    func resolved() -> [Analysis.UnprovisionedDevice] {
        devices.map { device in
            var device = device
            device.uri = device.uriHash.flatMap { uris[$0] }.map(Self.text)
            return device
        }
    }

    /// The data of a URI AD structure: a code for the scheme, and the rest as it is (Assigned Numbers, "URI scheme name
    /// string mapping").
    private static func text(_ data: [UInt8]) -> String {
        let text = String(decoding: data, as: UTF8.self)
        guard let scheme = text.unicodeScalars.first else { return "" }
        let rest = String(text.unicodeScalars.dropFirst())
        switch scheme.value {
        case 0x01: return rest
        case 0x16: return "http:" + rest
        case 0x17: return "https:" + rest
        default: return "[scheme \(Hexadecimal.prefixed(scheme.value, digits: 2))]" + rest
        }
    }
}
