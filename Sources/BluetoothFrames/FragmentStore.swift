import BoundedCollections
import ByteParsing

/// Advertising data that arrives in fragments, joined. Bounded: the oldest set gives way.
struct FragmentStore {
    struct Key: Hashable {
        var adapter: UInt16
        /// The advertiser's address, or an advertising handle.
        var advertiser: UInt64
        var set: UInt8
    }

    /// The longest advertising data of Bluetooth Core, "LE Set Extended Advertising Data command".
    private static let longestData = 1650

    private static let mostSets = 256

    /// The set that began last, which nearly always is the only one: nothing is looked up for it, and its room is used again.
    private var latest: Key?
    private var octetsOfLatest: [UInt8] = []
    private var others = BoundedStore<Key, [UInt8]>(capacity: mostSets - 1)

    /// How many sets have begun.
    var count: Int { others.count + (latest == nil ? 0 : 1) }

    func holds(_ key: Key) -> Bool { latest == key || (others.count > 0 && others.contains(key)) }

    mutating func begin(_ key: Key) {
        if others.count > 0 { others[key] = nil }
        if let latest, latest != key {
            others[latest] = octetsOfLatest
            octetsOfLatest = []
        }
        latest = key
        octetsOfLatest.removeAll(keepingCapacity: true)
    }

    /// Appends to a set that has begun; a set that becomes too long is given up.
    mutating func append(_ octets: Span<UInt8>, to key: Key) {
        guard latest == key else {
            others[key]?.append(octets)
            if others[key]?.count ?? 0 > Self.longestData { others[key] = nil }
            return
        }
        octetsOfLatest.append(octets)
        if octetsOfLatest.count > Self.longestData { latest = nil }
    }

    /// The joined data, which is forgotten.
    mutating func end(_ key: Key) -> [UInt8]? {
        guard latest == key else { return others.removeValue(forKey: key) }
        latest = nil
        return octetsOfLatest
    }
}
