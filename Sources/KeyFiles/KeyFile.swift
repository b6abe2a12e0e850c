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
            octets = try WholeFile.readKeys(path: path, limit: longestFile)
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
        let root = JSONNode(value: try JSONValue.parse(data, place), path: "", place: place)
        // The iOS app keeps the database in a wrapper.
        for candidate in [root["meshNetwork"], root].compactMap(\.self) where MeshDatabase.recognises(candidate) {
            warnings += KeyFileWarning.nearMisses(MeshDatabase.shape, in: candidate)
            return .networks([try MeshDatabase(root: candidate).network()])
        }
        try requireKnownMembers(root)
        var networks: [KeyRing.Network] = []
        _ = try root.require("networks")
        for network in try root.items("networks") { networks.append(try parse(network)) }
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

    private static func parse(_ network: JSONNode) throws(KeyFileError) -> KeyRing.Network {
        let name = try network["name"]?.text()
        var keys: [SubnetKey] = []
        _ = try network.require("netkeys")
        for node in try network.items("netkeys") {
            let keyIndex = try keyIndex(node["index"])
            let (key, keyName) = (try node.require("key"), try node["name"]?.text())
            if let old = node["old_key"] {
                keys.append(
                    try SubnetKey(hexadecimal: try old.text(), index: keyIndex, name: keyName, place: old.location))
                guard keyIndex != nil else { throw node.error("has an old_key and no index") }
            }
            keys.append(try SubnetKey(hexadecimal: try key.text(), index: keyIndex, name: keyName, place: key.location))
        }
        var parsed = try SubnetKey.network(of: keys, name: name, place: network.location)
        if let master = network["master"] { parsed.master = try address(master) }
        parsed.givenIVIndex = try ivIndex(network["iv_index"])
        parsed.replacementIVIndex = try ivIndex(network["replacement_iv_index"])
        parsed.nodes = try nodes(network)
        parsed.upperKeys = try upperKeys(network)
        return parsed
    }

    private static func address(_ node: JSONNode) throws(KeyFileError) -> UnicastAddress {
        guard let address = UnicastAddress(text: try node.text()) else {
            throw node.error("is no unicast address, such as 0x0001")
        }
        return address
    }

    private static func keyIndex(_ node: JSONNode?) throws(KeyFileError) -> KeyIndex? {
        guard let node else { return nil }
        guard let value = UInt16(exactly: try node.number()) else { throw node.error("is no key index from 0 to 4095") }
        return try KeyIndex(value, place: node.location)
    }

    private static func ivIndex(_ node: JSONNode?) throws(KeyFileError) -> IVIndex? {
        guard let node else { return nil }
        guard let value = UInt32(exactly: try node.number()) else { throw node.error("is no number of 32 bits") }
        return IVIndex(value)
    }

    private static func nodes(_ network: JSONNode) throws(KeyFileError) -> [KeyRing.Node] {
        var nodes: [KeyRing.Node] = []
        for node in try network.items("nodes") {
            let elements = try node["elements"]?.number() ?? 1
            nodes.append(
                .init(
                    address: try address(try node.require("addr")), elements: Int(clamping: elements),
                    name: try node["name"]?.text(), isProvisioner: false))
        }
        return nodes
    }

    private static func upperKeys(_ network: JSONNode) throws(KeyFileError) -> KeyRing.UpperTransportKeys {
        var keys = KeyRing.UpperTransportKeys()
        for key in try network.items("appkeys") {
            keys.applicationKeys.append(try AppKey(hexadecimal: try key.text(), place: key.location))
        }
        for device in try network.items("devkeys") {
            let (address, key) = (try address(try device.require("addr")), try device.require("key"))
            keys.deviceKeys.append(
                .init(address: address, key: try DevKey(hexadecimal: try key.text(), place: key.location)))
        }
        for label in try network.items("labels") {
            keys.labels.append(try LabelUUID(hexadecimal: try label.text(), place: label.location))
        }
        return keys
    }
}
