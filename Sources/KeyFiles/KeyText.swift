import MeshCrypto
import MeshProtocol

/// Key files that are lines of text.
enum KeyText {
    /// Wireshark's `btmesh_nw_keys`: a NetKey, an AppKey and an IV Index a line, each quoted, one line for each IV Index.
    ///
    ///     "0x7dd7…","0x6396…","0x12345678"
    static func wireshark(_ text: String, place: String) throws(KeyFileError) -> KeyRing.Network? {
        var keys: [SubnetKey] = []
        var seen: Set<NetKey> = []
        var indexes: [IVIndex] = []
        var isOther = false
        for (number, line) in lines(text) where line.hasPrefix("\"0x") || line.hasPrefix("\"0X") {
            let fields = line.split(separator: ",", omittingEmptySubsequences: false).map { field in
                field.trimmingPrefix(" ").filter { $0 != "\"" && $0 != " " }
            }
            guard fields.count == 3 else {
                isOther = true
                continue
            }
            let key = try SubnetKey(hexadecimal: fields[0], index: nil, name: nil, place: "\(place), line \(number)")
            guard keys.count <= 4096 else { throw KeyFileError(place, "has more than 4096 NetKeys") }
            if seen.insert(key.netKey).inserted { keys.append(key) }
            if let index = UInt32(fields[2].dropFirst(2), radix: 16) { indexes.append(IVIndex(index)) }
        }
        guard !keys.isEmpty else {
            guard isOther else { return nil }
            throw KeyFileError(place, "holds no NetKey; of Wireshark's files btmesh_nw_keys is the one that does")
        }
        return try SubnetKey.network(of: keys, name: nil, givenIVIndex: indexes.max(), place: place)
    }

    /// What Zephyr's shell prints for `mesh cdb show`: rows under headings.
    ///
    ///     Address  Elements  Flags  UUID                              DevKey
    ///     0x0001   1         C      dddd…                             9d6d…
    ///     NetIdx  NetKey
    ///     0x000   7dd7…
    static func zephyr(_ text: String, place: String) throws(KeyFileError) -> KeyRing.Network? {
        guard text.contains("NetIdx") else { return nil }
        var keys: [SubnetKey] = []
        var nodes: [KeyRing.Node] = []
        for (number, line) in lines(text) {
            let words = line.split { $0 == " " || $0 == "\t" }
            guard let first = words.first, first.hasPrefix("0x"), let value = UInt16(first.dropFirst(2), radix: 16)
            else {
                continue
            }
            if words.count == 2 {
                keys.append(
                    try SubnetKey(hexadecimal: words[1], index: value, name: nil, place: "\(place), line \(number)"))
            } else if words.count == 5, let address = UnicastAddress(value), let elements = Int(words[1]) {
                nodes.append(.init(address: address, elements: max(1, elements), name: nil, isProvisioner: false))
            }
        }
        return keys.isEmpty ? nil : try SubnetKey.network(of: keys, name: nil, nodes: nodes, place: place)
    }

    /// The lines that are not empty, with their numbers; comments begin with #.
    private static func lines(_ text: String) -> [(number: Int, text: Substring)] {
        text.split(omittingEmptySubsequences: false) { $0.isNewline }.enumerated().compactMap { number, line in
            let trimmed = line.drop { $0 == " " || $0 == "\t" }
            return trimmed.isEmpty || trimmed.hasPrefix("#") ? nil : (number + 1, trimmed)
        }
    }
}
