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

    private var sets: [Key: [UInt8]] = [:]
    private var order: [Key] = []

    mutating func begin(_ key: Key) {
        if sets[key] == nil { order.append(key) }
        sets[key] = []
        guard order.count > Self.mostSets else { return }
        sets[order.removeFirst()] = nil
    }

    var count: Int { sets.count }

    func holds(_ key: Key) -> Bool { sets[key] != nil }

    /// Appends to a set that has begun; a set that becomes too long is given up.
    mutating func append(_ octets: [UInt8], to key: Key) {
        guard let old = sets[key] else { return }
        guard old.count + octets.count <= Self.longestData else {
            _ = end(key)
            return
        }
        sets[key] = old + octets
    }

    /// The joined data, which is forgotten.
    mutating func end(_ key: Key) -> [UInt8]? {
        guard let data = sets.removeValue(forKey: key) else { return nil }
        order.removeAll { $0 == key }
        return data
    }
}
