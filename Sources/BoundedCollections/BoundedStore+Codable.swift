/// A store as it is saved: the order of the entries is that of the store, so that the same store gives the same bytes.
private struct SavedStore<Key, Value> {
    struct Entry {
        var key: Key
        var value: Value
    }

    var capacity: Int
    var dropped: Int
    /// Oldest first.
    var entries: [Entry]
}

extension SavedStore: Encodable where Key: Encodable, Value: Encodable {}
extension SavedStore.Entry: Encodable where Key: Encodable, Value: Encodable {}
extension SavedStore: Decodable where Key: Decodable, Value: Decodable {}
extension SavedStore.Entry: Decodable where Key: Decodable, Value: Decodable {}

extension BoundedStore: Encodable where Key: Encodable, Value: Encodable {
    /// Writes the capacity, the count of what was dropped, and the entries as an array, oldest first.
    public func encode(to encoder: any Encoder) throws {
        let entries = entries.map { SavedStore.Entry(key: $0.key, value: $0.value) }
        try SavedStore(capacity: capacity, dropped: dropped, entries: entries).encode(to: encoder)
    }
}

extension BoundedStore: Decodable where Key: Decodable, Value: Decodable {
    /// Reads what `encode(to:)` wrote.
    ///
    /// - Throws: `DecodingError`, also where a count cannot be that of a store, or a key stands twice.
    public init(from decoder: any Decoder) throws {
        let saved = try SavedStore<Key, Value>(from: decoder)
        func corrupted(_ what: String) -> DecodingError {
            .dataCorrupted(.init(codingPath: decoder.codingPath, debugDescription: what))
        }
        guard saved.capacity > 0, saved.dropped >= 0 else {
            throw corrupted("a store without room, or less than none dropped")
        }
        guard saved.entries.count <= saved.capacity else {
            throw corrupted("\(saved.entries.count) entries in a store with room for \(saved.capacity)")
        }
        self.init(capacity: saved.capacity)
        for entry in saved.entries { insert(entry.value, for: entry.key) }
        guard count == saved.entries.count else { throw corrupted("a key stands twice in a store") }
        evictions = saved.dropped
    }
}
