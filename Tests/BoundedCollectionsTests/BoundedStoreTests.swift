import BoundedCollections
import Foundation
import TestSupport
import Testing

/// What a store must do, done the slow way.
private struct NaiveStore {
    var capacity: Int
    var dropped = 0
    var entries: [(key: Int, value: Int)] = []

    mutating func insert(_ value: Int, for key: Int) -> Int? {
        if let known = entries.firstIndex(where: { $0.key == key }) {
            entries[known].value = value
            return nil
        }
        entries.append((key, value))
        guard entries.count > capacity else { return nil }
        dropped += 1
        return entries.removeFirst().key
    }

    mutating func remove(_ key: Int) -> Int? {
        guard let known = entries.firstIndex(where: { $0.key == key }) else { return nil }
        return entries.remove(at: known).value
    }

    subscript(key: Int) -> Int? { entries.first { $0.key == key }?.value }
}

/// A value that tells whether it was copied to be changed.
private struct Counted {
    final class Storage { var number = 0 }
    var storage = Storage()
    var copies = 0

    mutating func add() {
        if !isKnownUniquelyReferenced(&storage) {
            storage = Storage()
            copies += 1
        }
        storage.number += 1
    }
}

@Suite struct BoundedStoreTests {
    private func filled(_ keys: Range<Int>, capacity: Int) -> BoundedStore<Int, String> {
        var store = BoundedStore<Int, String>(capacity: capacity)
        for key in keys { store[key] = "\(key)" }
        return store
    }

    @Test func theOldestGivesWayAndIsCounted() {
        var store = filled(0..<3, capacity: 3)
        #expect(store.dropped == 0)
        let evicted = store.insert("3", for: 3)
        #expect(evicted?.key == 0 && evicted?.value == "0")
        #expect(store.dropped == 1)
        #expect(store.entries.map(\.key) == [1, 2, 3])
        #expect(store.count == 3 && !store.isEmpty && !store.contains(0) && store.contains(3))
    }

    @Test func aNewValueKeepsTheAgeAndANewInsertionDoesNot() {
        var store = filled(0..<3, capacity: 3)
        #expect(store.insert("new", for: 0) == nil)
        store[1, default: ""] += "!"
        #expect(store.entries.map(\.key) == [0, 1, 2])
        #expect(store.removeValue(forKey: 0) == "new")
        store[0] = "again"
        #expect(store.entries.map(\.key) == [1, 2, 0])
        #expect(store.entries.map(\.value) == ["1!", "2", "again"])
        #expect(store.insert("3", for: 3)?.key == 1)
    }

    @Test func nilRemovesAndWhatIsRemovedIsNotDropped() {
        var store = filled(0..<3, capacity: 3)
        store[1] = nil
        store[7] = nil
        store[2]? += "!"
        store[8]? += "!"
        #expect(store.entries.map(\.value) == ["0", "2!"])
        store.removeAll { key, _ in key == 0 }
        #expect(store.entries.map(\.key) == [2])
        store.removeAll()
        #expect(store.isEmpty && store.dropped == 0 && store.entries.map(\.key).isEmpty)
        store[1] = "1"
        #expect(store.entries.map(\.key) == [1])
    }

    @Test func aValueIsChangedInPlaceWithoutACopy() {
        var store = BoundedStore<Int, Counted>(capacity: 2)
        for _ in 0..<3 {
            store[1, default: Counted()].add()
            store[1]?.add()
        }
        #expect(store[1]?.storage.number == 6)
        #expect(store[1]?.copies == 0)
    }

    @Test(arguments: [1, 2, 7, 40])
    func doesWhatANaiveStoreDoes(capacity: Int) {
        var random = SeededNumbers(seed: UInt64(capacity))
        var store = BoundedStore<Int, Int>(capacity: capacity)
        var naive = NaiveStore(capacity: capacity)
        for step in 0..<4000 {
            let key = random.below(2 * capacity + 3)
            switch random.below(step % 1000 < 500 ? 8 : 4) {
            case 0: #expect(store.removeValue(forKey: key) == naive.remove(key))
            case 1:
                store[key] = nil
                _ = naive.remove(key)
            case 2:
                store[key, default: -1] += step
                _ = naive.insert((naive[key] ?? -1) + step, for: key)
            case 3:
                store[key]? += 1
                if let old = naive[key] { _ = naive.insert(old + 1, for: key) }
            case 4:
                store[key] = step
                _ = naive.insert(step, for: key)
            default: #expect(store.insert(step, for: key)?.key == naive.insert(step, for: key))
            }
            #expect(store[key] == naive[key])
            #expect(store.contains(key) == (naive[key] != nil))
            #expect(store.count == naive.entries.count && store.dropped == naive.dropped)
        }
        #expect(store.entries.map(\.key) == naive.entries.map(\.key))
        #expect(store.entries.map(\.value) == naive.entries.map(\.value))
    }

    @Test func savesTheSameBytesInWhateverWayItWasFilled() throws {
        var store = filled(0..<9, capacity: 4)
        var other = filled(-1..<9, capacity: 4)
        other.removeAll()
        for key in 5..<9 { other[key] = "\(key)" }
        #expect(store != other)
        let text = String(decoding: try JSONEncoder.sorted.encode(store), as: UTF8.self)
        #expect(text.hasPrefix(#"{"capacity":4,"dropped":5,"entries":[{"key":5,"value":"5"},{"key":6,"#))
        let read = try JSONDecoder().decode(BoundedStore<Int, String>.self, from: Data(text.utf8))
        #expect(read == store && read.hashValue == store.hashValue)
        store[9] = "9"
        #expect(read != store)
    }

    @Test(arguments: [
        #"{"capacity":0,"dropped":0,"entries":[]}"#, #"{"capacity":1,"dropped":-1,"entries":[]}"#,
        #"{"capacity":1,"dropped":0,"entries":[{"key":1,"value":"a"},{"key":2,"value":"b"}]}"#,
        #"{"capacity":3,"dropped":0,"entries":[{"key":1,"value":"a"},{"key":1,"value":"b"}]}"#,
    ])
    func refusesASavedStoreThatCannotBeOne(text: String) {
        #expect(throws: DecodingError.self) {
            try JSONDecoder().decode(BoundedStore<Int, String>.self, from: Data(text.utf8))
        }
    }
}

extension JSONEncoder {
    fileprivate static var sorted: JSONEncoder {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        return encoder
    }
}
