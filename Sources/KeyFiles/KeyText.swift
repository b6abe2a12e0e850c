import MeshCrypto
import MeshProtocol

/// Key files that are lines of text.
enum KeyText {
    /// What a text holds: networks, or keys above the network layer that belong to whatever network is given beside.
    enum Content {
        case network(KeyRing.Network)
        case upperKeys(KeyRing.UpperTransportKeys)
    }

    /// Wireshark's tables, whose rows tell which one it is; every value is quoted.
    ///
    ///     "0x7dd7…","0x6396…","0x12345678"   btmesh_nw_keys: NetKey, AppKey, IV Index; a row for each IV Index
    ///     "0x9d6d…","0x1201"                 btmesh_dev_keys: device key and address
    ///     "0x0073…"                          btmesh_label_uuids
    static func wireshark(_ text: String, place: String) throws(KeyFileError) -> Content? {
        var keys: [SubnetKey] = []
        var upperKeys = KeyRing.UpperTransportKeys()
        var seen: Set<NetKey> = []
        var indexes: [IVIndex] = []
        for (number, line) in lines(text) where line.hasPrefix("\"") {
            let place = "\(place), line \(number)"
            let fields = line.split(separator: ",", omittingEmptySubsequences: false).map { field in
                field.filter { $0 != "\"" && $0 != " " }
            }
            guard keys.count <= 4096 else { throw KeyFileError(place, "has more than 4096 NetKeys") }
            switch fields.count {
            case 1: upperKeys.merge(labels: [try LabelUUID(hexadecimal: fields[0], place: place)])
            case 2:
                guard let address = UnicastAddress(text: fields[1]) else {
                    throw KeyFileError(place, "has an address that is no unicast address, such as 0x0001")
                }
                let key = try DevKey(hexadecimal: fields[0], place: place)
                upperKeys.merge(deviceKeys: [.init(address: address, key: key)])
            case 3:
                let key = try SubnetKey(hexadecimal: fields[0], index: nil, name: nil, place: place)
                if seen.insert(key.netKey).inserted { keys.append(key) }
                // Users who have no AppKey fill the column with zeros.
                let applicationKey = try AppKey(hexadecimal: fields[1], place: place)
                if applicationKey.value != 0 { upperKeys.merge(applicationKeys: [applicationKey]) }
                if let index = UInt32(fields[2].dropFirst(2), radix: 16) { indexes.append(IVIndex(index)) }
            default: throw KeyFileError(place, "has \(fields.count) columns, Wireshark's tables have 1 to 3")
            }
        }
        guard !keys.isEmpty else { return upperKeys.isEmpty ? nil : .upperKeys(upperKeys) }
        var network = try SubnetKey.network(of: keys, place: place)
        network.givenIVIndex = indexes.max()
        network.upperKeys = upperKeys
        return .network(network)
    }

    /// What Zephyr's shell prints for `mesh cdb show`: rows under headings.
    ///
    ///     Address  Elements  Flags  UUID                              DevKey
    ///     0x0001   1         C      dddd…                             9d6d…
    ///     NetIdx  NetKey
    ///     0x000   7dd7…
    ///     NetIdx  AppIdx  AppKey
    ///     0x000   0x000   6396…
    static func zephyr(_ text: String, place: String) throws(KeyFileError) -> KeyRing.Network? {
        guard text.contains("NetIdx") else { return nil }
        var keys: [SubnetKey] = []
        var nodes: [KeyRing.Node] = []
        var upperKeys = KeyRing.UpperTransportKeys()
        for (number, line) in lines(text) {
            let place = "\(place), line \(number)"
            let words = line.split { $0 == " " || $0 == "\t" }
            guard let first = words.first, first.hasPrefix("0x"), let value = UInt16(first.dropFirst(2), radix: 16)
            else {
                continue
            }
            if words.count == 2 {
                let index = try KeyIndex(value, place: place)
                keys.append(try SubnetKey(hexadecimal: words[1], index: index, name: nil, place: place))
            } else if words.count == 3, words[1].hasPrefix("0x") {
                upperKeys.merge(applicationKeys: [try AppKey(hexadecimal: words[2], place: place)])
            } else if words.count == 5, let address = UnicastAddress(value), let elements = Int(words[1]) {
                nodes.append(.init(address: address, elements: max(1, elements), name: nil, isProvisioner: false))
                let key = try DevKey(hexadecimal: words[4], place: place)
                upperKeys.merge(deviceKeys: [.init(address: address, key: key)])
            }
        }
        guard !keys.isEmpty else { return nil }
        var network = try SubnetKey.network(of: keys, place: place)
        network.nodes = nodes
        network.upperKeys = upperKeys
        return network
    }

    /// The lines that are not empty, with their numbers; comments begin with #.
    private static func lines(_ text: String) -> [(number: Int, text: Substring)] {
        text.split(omittingEmptySubsequences: false) { $0.isNewline }.enumerated().compactMap { number, line in
            let trimmed = line.drop { $0 == " " || $0 == "\t" }
            return trimmed.isEmpty || trimmed.hasPrefix("#") ? nil : (number + 1, trimmed)
        }
    }
}
