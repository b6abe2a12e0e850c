public import DequeModule

/// A dictionary with room for `capacity` entries: a new key that does not fit takes the place of the oldest one.
///
/// Memory that does not grow with the capture is kept in these. What was dropped to make room is counted, so that it
/// can be told. Entries are in the order in which their keys were first inserted, never in hash order; a new value for
/// a known key keeps the key's age. Every operation takes amortised constant time, but those that say otherwise.
public struct BoundedStore<Key: Hashable, Value> {
    /// A value, and when its key was inserted.
    @usableFromInline
    struct Slot {
        @usableFromInline var age: Int
        /// `nil` only while the value is lent out to be changed in place.
        @usableFromInline var value: Value?

        @inlinable
        init(age: Int, value: Value?) {
            self.age = age
            self.value = value
        }
    }

    /// A key at one insertion. It is stale when the key has gone, or has been inserted again since.
    @usableFromInline
    struct Arrival {
        @usableFromInline var key: Key
        @usableFromInline var age: Int

        @inlinable
        init(key: Key, age: Int) {
            self.key = key
            self.age = age
        }
    }

    /// The most entries that are held at one time; at least 1.
    public let capacity: Int
    /// Entries that had to give way to newer ones, over the whole life of the store. What was removed does not count.
    @inlinable public var dropped: Int { evictions }

    @usableFromInline var evictions = 0
    @usableFromInline var slots: [Key: Slot] = [:]
    /// Oldest first. Stale arrivals stay until they are at the front, or are more than the others.
    @usableFromInline var arrivals: Deque<Arrival> = []
    @usableFromInline var nextAge = 0

    /// - Parameter capacity: the most entries to hold, at least 1.
    @inlinable
    public init(capacity: Int) {
        precondition(capacity > 0, "a store without room")
        self.capacity = capacity
    }

    /// Entries held now.
    @inlinable public var count: Int { slots.count }
    /// Whether nothing is held.
    @inlinable public var isEmpty: Bool { slots.isEmpty }

    /// Whether `key` is held.
    @inlinable
    public func contains(_ key: Key) -> Bool { slots[key] != nil }

    /// The value of a key. `nil` removes it; a value for a known key keeps the key's age, and one for a new key may make
    /// the oldest entry give way.
    @inlinable
    public subscript(key: Key) -> Value? {
        get { slots[key]?.value }
        set {
            if let value = newValue { insert(value, for: key) } else { removeValue(forKey: key) }
        }
        _modify {
            // The value moves out and back, so that a change in place copies nothing.
            let place = slots.index(forKey: key)
            var value: Value?
            if let place { swap(&value, &slots.values[place].value) }
            defer {
                switch (place, value) {
                case (let place?, .some): swap(&value, &slots.values[place].value)
                case (.some, nil): removeValue(forKey: key)
                case (nil, let new?): insert(new, for: key)
                case (nil, nil): break
                }
            }
            yield &value
        }
    }

    /// The value of a key, to be read or to be changed in place; changing an unknown key begins with `initial`.
    @inlinable
    public subscript(key: Key, default initial: @autoclosure () -> Value) -> Value {
        get { slots[key]?.value ?? initial() }
        _modify {
            var value = lend(key) ?? initial()
            defer { insert(value, for: key) }
            yield &value
        }
    }

    /// Moves a value out of its slot, into which it is to be put back.
    @inlinable
    mutating func lend(_ key: Key) -> Value? {
        guard let place = slots.index(forKey: key) else { return nil }
        var value: Value?
        swap(&value, &slots.values[place].value)
        return value
    }

    /// Sets the value of a key.
    ///
    /// - Returns: the entry that gave way, where the key is new and there was no room.
    @inlinable
    @discardableResult
    public mutating func insert(_ value: Value, for key: Key) -> (key: Key, value: Value)? {
        if let place = slots.index(forKey: key) {
            slots.values[place].value = value
            return nil
        }
        let evicted = slots.count < capacity ? nil : evictOldest()
        slots[key] = Slot(age: nextAge, value: value)
        arrivals.append(Arrival(key: key, age: nextAge))
        nextAge += 1
        return evicted
    }

    /// Removes a key.
    ///
    /// - Returns: the value that it had.
    @inlinable
    @discardableResult
    public mutating func removeValue(forKey key: Key) -> Value? {
        guard let slot = slots.removeValue(forKey: key) else { return nil }
        dropStaleArrivals()
        return slot.value
    }

    /// Removes the oldest entry; it does not count as dropped.
    ///
    /// - Returns: the entry, where there is any.
    @inlinable
    @discardableResult
    public mutating func removeOldest() -> (key: Key, value: Value)? {
        guard let oldest = evictOldest() else { return nil }
        evictions -= 1
        return oldest
    }

    /// Removes every entry. `dropped` stays.
    @inlinable
    public mutating func removeAll() {
        slots.removeAll()
        arrivals.removeAll()
    }

    /// Removes the entries that `isUnwanted` says; takes time in proportion to the entries held.
    ///
    /// - Throws: what `isUnwanted` throws; the entries that it named until then are gone.
    @inlinable
    public mutating func removeAll(where isUnwanted: (Key, Value) throws -> Bool) rethrows {
        for (key, value) in entries where try isUnwanted(key, value) { slots[key] = nil }
        dropStaleArrivals()
    }

    @inlinable
    mutating func evictOldest() -> (key: Key, value: Value)? {
        while let oldest = arrivals.popFirst() {
            guard slots[oldest.key]?.age == oldest.age else { continue }
            guard let value = slots.removeValue(forKey: oldest.key)?.value else { continue }
            evictions += 1
            return (oldest.key, value)
        }
        return nil
    }

    /// Keeps the arrivals from outgrowing the entries: each sweep is paid for by as many removals before it.
    @inlinable
    mutating func dropStaleArrivals() {
        guard arrivals.count > 2 * slots.count + 16 else { return }
        arrivals.removeAll { slots[$0.key]?.age != $0.age }
    }
}

extension BoundedStore {
    /// The entries of a store, oldest first.
    public struct Entries: Sequence {
        @usableFromInline let store: BoundedStore

        @inlinable
        init(_ store: BoundedStore) {
            self.store = store
        }

        /// A walk from the oldest entry to the newest.
        public struct Iterator: IteratorProtocol {
            @usableFromInline let slots: [Key: Slot]
            @usableFromInline var arrivals: Deque<Arrival>.Iterator

            @inlinable
            init(_ store: BoundedStore) {
                slots = store.slots
                arrivals = store.arrivals.makeIterator()
            }

            /// The next entry; `nil` behind the newest.
            @inlinable
            public mutating func next() -> (key: Key, value: Value)? {
                while let arrival = arrivals.next() {
                    guard let slot = slots[arrival.key], slot.age == arrival.age, let value = slot.value else {
                        continue
                    }
                    return (arrival.key, value)
                }
                return nil
            }
        }

        /// A walk from the oldest entry to the newest.
        @inlinable
        public func makeIterator() -> Iterator { Iterator(store) }

        /// Entries in all.
        @inlinable public var underestimatedCount: Int { store.count }
    }

    /// The entries held now, oldest first.
    @inlinable public var entries: Entries { Entries(self) }
}

extension BoundedStore: Sendable where Key: Sendable, Value: Sendable {}
extension BoundedStore.Slot: Sendable where Value: Sendable {}
extension BoundedStore.Arrival: Sendable where Key: Sendable {}

/// Stores are equal that hold the same entries in the same order, and dropped as many.
extension BoundedStore: Equatable where Value: Equatable {
    /// Compares capacity, what was dropped, and the entries in their order.
    public static func == (left: Self, right: Self) -> Bool {
        guard left.capacity == right.capacity, left.dropped == right.dropped, left.count == right.count else {
            return false
        }
        return zip(left.entries, right.entries).allSatisfy { $0.key == $1.key && $0.value == $1.value }
    }
}

extension BoundedStore: Hashable where Value: Hashable {
    /// Hashes what `==` compares.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(capacity)
        hasher.combine(dropped)
        for (key, value) in entries {
            hasher.combine(key)
            hasher.combine(value)
        }
    }
}
