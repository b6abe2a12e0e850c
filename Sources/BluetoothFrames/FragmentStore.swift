import BoundedCollections

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

    private var sets = BoundedStore<Key, [UInt8]>(capacity: 256)

    mutating func begin(_ key: Key) {
        sets[key] = []
    }

    var count: Int { sets.count }

    func holds(_ key: Key) -> Bool { sets.count > 0 && sets.contains(key) }

    /// Appends to a set that has begun; a set that becomes too long is given up.
    mutating func append(_ octets: [UInt8], to key: Key) {
        sets[key]? += octets
        if sets[key]?.count ?? 0 > Self.longestData { sets[key] = nil }
    }

    /// The joined data, which is forgotten.
    mutating func end(_ key: Key) -> [UInt8]? { sets.removeValue(forKey: key) }
}
