import ByteParsing
import CaptureFiles
import FoundationEssentials
import MeshCrypto
public import MeshProtocol

/// A file of keys, recognised by its content: a Mesh Configuration Database, Wireshark's and Zephyr's texts, or the
/// project's own JSON:
///
///     { "networks": [ { "name": "office", "master": "0x0001",
///                       "netkeys": [ { "index": 0, "name": "primary", "key": "…32 digits…", "old_key": "…" } ] } ] }
///
/// Beside them a network may have `appkeys` and `labels` (lists of 32 digits), `devkeys` (`addr` and `key`) and `nodes`
/// (`addr`, `elements`, `name`); `iv_index` and `replacement_iv_index` are numbers. Only `netkeys` and `key` are required. A
/// member that is not known is refused here: misspelt, it would change the answer in silence. In files of other tools,
/// which have many members that nobody reads here, it is a warning where it is near to one that is read.
public enum KeyFile {
    private static let longestFile = 2 << 20

    private struct Document: Decodable {
        var networks: [Network]
    }

    private struct Network: Decodable {
        var name: String?
        var netkeys: [Key]
        var master: String?
        var iv_index: UInt32?
        var replacement_iv_index: UInt32?
        var appkeys: [String]?
        var devkeys: [DeviceKey]?
        var labels: [String]?
        var nodes: [Node]?
    }

    private struct Node: Decodable {
        var addr: String
        var elements: Int?
        var name: String?
    }

    private struct DeviceKey: Decodable {
        var addr: String
        var key: String
    }

    private struct Key: Decodable {
        var name: String?
        var index: UInt16?
        var key: String
        var old_key: String?
    }

    /// All members of the own JSON, at every level.
    private static let shape = MemberShape(
        [],
        objects: [
            "networks": MemberShape(
                ["name", "master", "iv_index", "replacement_iv_index", "appkeys", "labels"],
                objects: [
                    "netkeys": MemberShape(["name", "index", "key", "old_key"]),
                    "devkeys": MemberShape(["addr", "key"]),
                    "nodes": MemberShape(["addr", "elements", "name"]),
                ])
        ])

    /// The members of which one tells what a file is.
    private static let marks = MemberShape(["networks", "netKeys", "meshNetwork"])

    /// The networks of a key file.
    ///
    /// - Throws: `KeyFileError`: the file cannot be read, is of no form that is known, or holds a key or an address that
    ///   is none.
    public static func read(path: String) throws(KeyFileError) -> [KeyRing.Network] { try read(paths: [path]) }

    /// The networks given, and those of several key files. Keys above the network layer that stand in a file by themselves (Wireshark's
    /// `btmesh_dev_keys` and `btmesh_label_uuids`) are every network's.
    ///
    /// - Throws: `KeyFileError` as for a single file, and where no file holds a NetKey.
    public static func read(
        paths: [String], beside given: [KeyRing.Network] = []
    ) throws(KeyFileError) -> [KeyRing.Network] { try contents(paths: paths, beside: given).networks }

    /// As `read(paths:beside:)`, with what in the files looks like a slip.
    ///
    /// - Throws: `KeyFileError` as `read(paths:beside:)`.
    public static func contents(
        paths: [String], beside given: [KeyRing.Network] = []
    ) throws(KeyFileError) -> KeyFileContents {
        var networks = given
        var loose = KeyRing.UpperTransportKeys()
        var warnings: [KeyFileWarning] = []
        for path in paths {
            switch try content(path: path, &warnings) {
            case .networks(let more): networks += more
            case .upperKeys(let keys):
                loose.merge(keys)
            }
        }
        if networks.isEmpty, !loose.isEmpty {
            throw KeyFileError(
                paths.last ?? "", "holds no NetKey; name the file that does beside it, such as btmesh_nw_keys")
        }
        for index in networks.indices {
            networks[index].upperKeys.merge(loose)
        }
        return KeyFileContents(networks: networks, warnings: warnings)
    }

    private enum Content {
        case networks([KeyRing.Network])
        case upperKeys(KeyRing.UpperTransportKeys)
    }

    private static func content(path: String, _ warnings: inout [KeyFileWarning]) throws(KeyFileError) -> Content {
        let octets: [UInt8]
        do throws(CaptureError) {
            octets = try WholeFile.read(path: path, limit: longestFile)
        } catch {
            throw KeyFileError(
                path, error.explanation.replacing("; name the capture files in it", with: ", not a key file"))
        }
        return try parse(Data(octets), place: path, &warnings)
    }

    private static func parse(
        _ data: Data, place: String, _ warnings: inout [KeyFileWarning]
    ) throws(KeyFileError) -> Content {
        // Windows writes a byte order mark.
        let data = data.starts(with: [0xEF, 0xBB, 0xBF]) ? data.dropFirst(3) : data
        guard data.first(where: { ![0x20, 0x09, 0x0A, 0x0D].contains($0) }) == UInt8(ascii: "{") else {
            return try parseText(String(decoding: data, as: UTF8.self), place: place)
        }
        let root = JSONNode(value: try decode(JSONValue.self, data, place), path: "", place: place)
        // The iOS app keeps the database in a wrapper.
        for candidate in [root["meshNetwork"], root].compactMap(\.self) where MeshDatabase.recognises(candidate) {
            warnings += KeyFileWarning.nearMisses(MeshDatabase.shape, in: candidate)
            return .networks([try MeshDatabase(root: candidate).network()])
        }
        try requireKnownMembers(root)
        let document = try decode(Document.self, data, place)
        var networks: [KeyRing.Network] = []
        for (index, network) in document.networks.enumerated() {
            networks.append(try parse(network, place: "\(place): networks[\(index)]"))
        }
        guard !networks.isEmpty else { throw KeyFileError(place, "has no networks") }
        return .networks(networks)
    }

    private static func requireKnownMembers(_ root: JSONNode) throws(KeyFileError) {
        // Without any mark this may be no key file at all: then that is to be said, and not what it has instead.
        let isOwn = root["networks"] != nil
        let unknown = isOwn ? shape.unknown(in: root) : marks.unknown(in: root).filter { $0.suggestion != nil }
        guard let first = unknown.first else { return }
        throw KeyFileError(first.place, first.sentence)
    }

    private static func decode<Value: Decodable>(
        _ type: Value.Type, _ data: Data, _ place: String
    ) throws(KeyFileError) -> Value {
        do {
            return try JSONDecoder().decode(type, from: data)
        } catch {
            throw KeyFileError(place, explain(error))
        }
    }

    private static func parseText(_ text: String, place: String) throws(KeyFileError) -> Content {
        switch try KeyText.wireshark(text, place: place) {
        case .network(let network)?: return .networks([network])
        case .upperKeys(let keys)?: return .upperKeys(keys)
        case nil: break
        }
        if let network = try KeyText.zephyr(text, place: place) { return .networks([network]) }
        throw KeyFileError(
            place,
            "is no key file that is known: JSON of the form {\"networks\": [{\"netkeys\": [{\"key\": \"32 hexadecimal digits\"}]}]}, "
                + "a Mesh Configuration Database, BlueZ's node.json or export_db.json, Wireshark's btmesh_ tables, or the output "
                + "of Zephyr's 'mesh cdb show'")
    }

    private static func parse(_ network: Network, place: String) throws(KeyFileError) -> KeyRing.Network {
        var keys: [SubnetKey] = []
        for (index, key) in network.netkeys.enumerated() {
            let place = "\(place).netkeys[\(index)]"
            let keyIndex: KeyIndex? =
                if let index = key.index { try KeyIndex(index, place: place + ".index") } else { nil }
            if let old = key.old_key {
                keys.append(try SubnetKey(hexadecimal: old, index: keyIndex, name: key.name, place: place + ".old_key"))
                guard keyIndex != nil else { throw KeyFileError(place, "has an old_key and no index") }
            }
            keys.append(try SubnetKey(hexadecimal: key.key, index: keyIndex, name: key.name, place: place + ".key"))
        }
        var master: UnicastAddress?
        if let text = network.master {
            master = UnicastAddress(text: text)
            guard master != nil else { throw KeyFileError(place + ".master", "is no unicast address, such as 0x0001") }
        }
        var parsed = try SubnetKey.network(of: keys, name: network.name, place: place)
        parsed.master = master
        parsed.givenIVIndex = network.iv_index.map(IVIndex.init)
        parsed.replacementIVIndex = network.replacement_iv_index.map(IVIndex.init)
        parsed.nodes = try nodes(network, place: place)
        parsed.upperKeys = try upperKeys(network, place: place)
        return parsed
    }

    private static func nodes(_ network: Network, place: String) throws(KeyFileError) -> [KeyRing.Node] {
        var nodes: [KeyRing.Node] = []
        for (index, node) in (network.nodes ?? []).enumerated() {
            guard let address = UnicastAddress(text: node.addr) else {
                throw KeyFileError("\(place).nodes[\(index)].addr", "is no unicast address, such as 0x0001")
            }
            let elements = max(1, node.elements ?? 1)
            nodes.append(.init(address: address, elements: elements, name: node.name, isProvisioner: false))
        }
        return nodes
    }

    private static func upperKeys(
        _ network: Network, place: String
    ) throws(KeyFileError) -> KeyRing.UpperTransportKeys {
        var keys = KeyRing.UpperTransportKeys()
        for (index, text) in (network.appkeys ?? []).enumerated() {
            keys.applicationKeys.append(try AppKey(hexadecimal: text, place: "\(place).appkeys[\(index)]"))
        }
        for (index, device) in (network.devkeys ?? []).enumerated() {
            let place = "\(place).devkeys[\(index)]"
            guard let address = UnicastAddress(text: device.addr) else {
                throw KeyFileError(place + ".addr", "is no unicast address, such as 0x0001")
            }
            let key = try DevKey(hexadecimal: device.key, place: place + ".key")
            keys.deviceKeys.append(.init(address: address, key: key))
        }
        for (index, text) in (network.labels ?? []).enumerated() {
            keys.labels.append(try LabelUUID(hexadecimal: text, place: "\(place).labels[\(index)]"))
        }
        return keys
    }

    /// What a decoder's error says, with the JSON path and without any value.
    private static func explain(_ error: any Error) -> String {
        func path(_ context: DecodingError.Context) -> String {
            context.codingPath.reduce("") { path, key in
                // A member's name is the file's own, and could be a key.
                let isPlain = key.stringValue.count <= 24 && key.stringValue.allSatisfy { $0.isLetter || $0 == "_" }
                let name = isPlain ? key.stringValue : "[member]"
                return key.intValue.map { "\(path)[\($0)]" } ?? (path.isEmpty ? name : "\(path).\(name)")
            }
        }
        switch error {
        case DecodingError.keyNotFound(let key, let context):
            let place = path(context)
            return "\(place.isEmpty ? "the top level" : place) has no member \"\(key.stringValue)\""
        case DecodingError.typeMismatch(let type, let context): return "\(path(context)) is no \(type)"
        case DecodingError.valueNotFound(_, let context): return "\(path(context)) is null"
        case DecodingError.dataCorrupted(let context) where context.codingPath.isEmpty:
            return "is no JSON\(context.underlyingError.map { " (\($0))" } ?? "")"
        case DecodingError.dataCorrupted(let context): return "\(path(context)) has a value that cannot be used"
        default: return "cannot be used"
        }
    }
}
