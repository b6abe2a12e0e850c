import ByteParsing
import MeshCrypto
public import MeshProtocol

/// One NetKey as a user gives it, before it is known which subnet it belongs to.
public struct SubnetKey: Sendable {
    let index: KeyIndex?
    let name: String?
    let netKey: NetKey
    let place: String

    init(hexadecimal text: some StringProtocol, index: KeyIndex?, name: String?, place: String) throws(KeyFileError) {
        netKey = try NetKey(hexadecimal: text, place: place)
        self.index = index
        self.name = name
        self.place = place
    }

    /// `text`: `HEX` or `INDEX=HEX`.
    /// `place`: the option or variable that it comes from, for messages.
    ///
    /// - Throws: `KeyFileError` at `place`: there is no key of 32 digits, or no key index before it.
    public init(argument text: String, place: String) throws(KeyFileError) {
        let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2 else {
            try self.init(hexadecimal: text, index: nil, name: nil, place: place)
            return
        }
        guard let index = UInt16(parts[0]).flatMap({ KeyIndex($0) }) else {
            throw KeyFileError(place, "what stands before '=' is no key index from 0 to 4095")
        }
        try self.init(hexadecimal: parts[1], index: index, name: nil, place: place)
    }

    /// A network of these keys: the first is the primary one unless it says another index, and two keys under one index
    /// are the old and the new key of a Key Refresh.
    ///
    /// - Throws: `KeyFileError`: there is no key or more than 4096, one stands twice, or three under one index.
    public static func network(
        of keys: [SubnetKey], name: String? = nil, place: String
    ) throws(KeyFileError) -> KeyRing.Network {
        guard !keys.isEmpty else { throw KeyFileError(place, "has no NetKey") }
        guard keys.count <= 4096 else {
            throw KeyFileError(place, "has \(keys.count) NetKeys, a network has 4096 at the most")
        }
        var used = Set(keys.compactMap(\.index))
        var groups: [(index: KeyIndex, keys: [SubnetKey])] = []
        for (position, key) in keys.enumerated() {
            if let twin = keys[..<position].first(where: { $0.netKey == key.netKey }) {
                throw KeyFileError(key.place, "is the same key as \(twin.place)")
            }
            let index = key.index ?? free(beside: used)
            used.insert(index)
            if let group = groups.firstIndex(where: { $0.index == index }) {
                groups[group].keys.append(key)
            } else {
                groups.append((index, [key]))
            }
        }
        var subnets: [KeyRing.Subnet] = []
        for (index, keys) in groups {
            guard keys.count <= 2, let current = keys.last else {
                throw KeyFileError(
                    place, "has \(keys.count) keys under key index \(index), an old and a new one are the most")
            }
            subnets.append(
                .init(
                    keyIndex: index, name: current.name, netKey: current.netKey,
                    oldNetKey: keys.count == 2 ? keys[0].netKey : nil))
        }
        return KeyRing.Network(name: name, subnets: subnets)
    }

    /// The lowest key index that is not in use.
    private static func free(beside used: Set<KeyIndex>) -> KeyIndex {
        (UInt16(0)...0xFFF).lazy.map(KeyIndex.init(truncating:)).first { !used.contains($0) } ?? .primary
    }
}

extension KeyIndex {
    /// A key index at a place of a file.
    init(_ value: UInt16, place: String) throws(KeyFileError) {
        guard let index = KeyIndex(value) else { throw KeyFileError(place, "key index \(value) is beyond 4095") }
        self = index
    }
}

extension SecretKey {
    /// A key at a place of a file.
    init(hexadecimal text: some StringProtocol, place: String) throws(KeyFileError) {
        do {
            try self.init(hexadecimal: text)
        } catch {
            throw KeyFileError(place, "the key \(error)")
        }
    }
}

extension LabelUUID {
    /// A Label UUID at a place of a file.
    init(hexadecimal text: some StringProtocol, place: String) throws(KeyFileError) {
        do {
            try self.init(hexadecimal: text)
        } catch {
            throw KeyFileError(place, "the key \(error)")
        }
    }
}

extension UnicastAddress {
    /// `0x` and up to four hexadecimal digits, or four digits without it: fewer could be meant as decimal.
    public init?(text: String) {
        let isPrefixed = text.hasPrefix("0x") || text.hasPrefix("0X")
        let digits = isPrefixed ? text.dropFirst(2) : text[...]
        guard isPrefixed ? (1...4).contains(digits.count) : digits.count == 4,
            digits.utf8.allSatisfy({ Hexadecimal.value(ofDigit: $0) != nil }), let value = UInt16(digits, radix: 16)
        else { return nil }
        self.init(value)
    }
}
