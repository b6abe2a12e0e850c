import BoundedCollections
import ByteParsing
import MeshProtocol

/// A URI that was advertised, and the hash by which an unprovisioned device names it: Mesh Protocol 1.1, "Unprovisioned Device
/// beacon".
public struct HeardURI: Hashable, Codable, Sendable {
    /// The first four octets of the s1 of its data.
    public let hash: UInt32
    /// With its scheme in words, as far as that is known here.
    public let text: String

    /// - Parameter data: of a URI AD structure: a code for the scheme, and the rest as it is (Assigned Numbers, "URI scheme
    ///   name string mapping").
    public init(_ data: [UInt8]) {
        hash = UnprovisionedDeviceBeacon.uriHash(ofURIData: data)
        let whole = String(decoding: data, as: UTF8.self)
        let rest = String(whole.unicodeScalars.dropFirst())
        switch whole.unicodeScalars.first?.value {
        case nil: text = ""
        case 0x01?: text = rest
        case 0x16?: text = "http:" + rest
        case 0x17?: text = "https:" + rest
        case let scheme?: text = "[scheme \(Hexadecimal.prefixed(scheme, digits: 2))]" + rest
        }
    }
}

/// The data of URI AD structures that were told. Bounded: a URI that is forgotten is told once more.
struct URIMemory {
    private var known = BoundedStore<[UInt8], Bool>(capacity: 1024)

    /// Whether the data was not told before.
    mutating func isNew(_ data: [UInt8]) -> Bool {
        guard known[data] == nil else { return false }
        known[data] = true
        return true
    }
}
