import ByteParsing
import MeshCrypto
import MeshProtocol

/// The Mesh Configuration Database (MshCDB 1.0.1) and its dialects: exports of the nRF Mesh apps, mesh-cfgclient's
/// `export_db.json`, pyaci's and Telink's databases; and BlueZ's `node.json`, which has the same key lists.
///
/// Key indexes and addresses come as numbers or as hexadecimal text. The master is the node whose UUID is a
/// provisioner's, where there is one such node.
struct MeshDatabase {
    let root: JSONNode

    /// The members that are read, of whatever dialect.
    static let shape = MemberShape(
        ["meshName", "ivIndex", "IVindex", "deviceKey", "unicastAddress"],
        objects: [
            "netKeys": MemberShape(["name", "index", "key", "oldKey"]),
            "appKeys": MemberShape(["key", "oldKey"]),
            "provisioners": MemberShape(["UUID"]),
            "nodes": MemberShape(
                ["UUID", "uuid", "name", "unicastAddress", "deviceKey"],
                objects: [
                    "elements": MemberShape(
                        [],
                        objects: [
                            "models": MemberShape(["subscribe"], objects: ["publish": MemberShape(["address"])])
                        ])
                ]),
            "groups": MemberShape(["name", "address"]),
            "networkExclusions": MemberShape(["ivIndex", "addresses"]),
        ])

    /// Whether a JSON object looks like one.
    static func recognises(_ node: JSONNode) -> Bool { node["netKeys"] != nil }

    func network() throws(KeyFileError) -> KeyRing.Network {
        var keys: [SubnetKey] = []
        for item in try root.items("netKeys") { keys += try subnetKeys(item) }
        var network = try SubnetKey.network(
            of: keys, name: try root["meshName"]?.text(),
            place: root.path.isEmpty ? root.place : root.place + ": " + root.path)
        network.nodes = try nodes()
        let masters = network.nodes.filter(\.isProvisioner)
        network.master = masters.count == 1 ? masters[0].address : nil
        network.givenIVIndex = try givenIVIndex()
        network.groupNames = try groupNames()
        network.exclusions = try exclusions()
        network.upperKeys = try upperKeys()
        return network
    }

    private func exclusions() throws(KeyFileError) -> [KeyRing.Exclusion] {
        var exclusions: [KeyRing.Exclusion] = []
        for item in try root.items("networkExclusions") {
            let value = try item.require("ivIndex").integer(textBase: 16)
            guard let index = UInt32(exactly: value) else { throw item.error("has an ivIndex that is none") }
            var addresses: Set<UInt16> = []
            for member in try item.items("addresses") {
                guard let address = UInt16(exactly: try member.integer(textBase: 16)) else {
                    throw member.error("is no address")
                }
                addresses.insert(address)
            }
            exclusions.append(.init(ivIndex: IVIndex(index), addresses: addresses))
        }
        return exclusions
    }

    /// The current key, and the old one behind it while a Key Refresh is under way.
    private func subnetKeys(_ item: JSONNode) throws(KeyFileError) -> [SubnetKey] {
        guard item["key"] != nil else {
            throw item.error("has no key; mesh-cfgclient keeps keys apart and writes them into export_db.json")
        }
        let index = try item["index"]?.integer(textBase: 16)
        guard let index = KeyIndex(index ?? 0) else { throw item.error("has an index that is no key index") }
        let name = try item["name"]?.text()
        var keys: [SubnetKey] = []
        for member in ["oldKey", "key"] {
            guard let key = item[member] else { continue }
            let place = "\(key.place): \(key.path)"
            keys.append(try SubnetKey(hexadecimal: try key.text(), index: index, name: name, place: place))
        }
        return keys
    }

    private func nodes() throws(KeyFileError) -> [KeyRing.Node] {
        var provisioners: Set<String> = []
        for item in try root.items("provisioners") {
            if let uuid = try item["UUID"]?.text() { provisioners.insert(Self.digits(uuid)) }
        }
        var nodes: [KeyRing.Node] = []
        for item in try root.items("nodes") {
            guard let member = item["unicastAddress"] else { continue }
            let value = try member.integer(textBase: 16)
            guard let address = UInt16(exactly: value).flatMap(UnicastAddress.init) else {
                throw member.error("is no unicast address")
            }
            let uuid = try (item["UUID"] ?? item["uuid"])?.text()
            nodes.append(
                .init(
                    address: address, elements: max(1, try item.items("elements").count),
                    name: try item["name"]?.text(),
                    isProvisioner: uuid.map { provisioners.contains(Self.digits($0)) } ?? false))
        }
        return nodes
    }

    private func groupNames() throws(KeyFileError) -> [MeshAddress: String] {
        var names: [MeshAddress: String] = [:]
        for item in try root.items("groups") {
            guard let name = try item["name"]?.text(), let member = item["address"] else { continue }
            if let label = Self.label(member).first {
                names[LabelUUID(label).address] = name
            } else if let value = UInt16(exactly: try member.integer(textBase: 16)) {
                names[MeshAddress(value)] = name
            }
        }
        return names
    }

    private func upperKeys() throws(KeyFileError) -> KeyRing.UpperTransportKeys {
        var keys = KeyRing.UpperTransportKeys()
        for item in try root.items("appKeys") {
            for member in ["key", "oldKey"] {
                guard let key = item[member] else { continue }
                keys.applicationKeys.append(try Self.key(key))
            }
        }
        for item in try root.items("nodes") + [root] {
            guard let key = item["deviceKey"], let address = try item["unicastAddress"]?.integer(textBase: 16),
                let unicast = UInt16(exactly: address).flatMap(UnicastAddress.init)
            else { continue }
            keys.deviceKeys.append(.init(address: unicast, key: try Self.key(key)))
        }
        keys.labels = try labels().sorted().map(LabelUUID.init)
        return keys
    }

    /// A virtual address stands as its Label UUID, where others have four digits.
    private func labels() throws(KeyFileError) -> Set<UInt128> {
        var labels = Set(try root.items("groups").flatMap { Self.label($0["address"]) })
        for node in try root.items("nodes") {
            for element in try node.items("elements") {
                for model in try element.items("models") {
                    labels.formUnion(Self.label(model["publish"]?["address"]))
                    for address in try model.items("subscribe") { labels.formUnion(Self.label(address)) }
                }
            }
        }
        return labels
    }

    private static func key<Key: SecretKey>(_ node: JSONNode) throws(KeyFileError) -> Key {
        try Key(hexadecimal: try node.text(), place: "\(node.place): \(node.path)")
    }

    private static func label(_ node: JSONNode?) -> [UInt128] {
        guard case .text(let text)? = node?.value, let octets = Hexadecimal.octets(digits(text)), octets.count == 16
        else {
            return []
        }
        return [UInt128(leftAligned: octets)]
    }

    /// The dialects that have one: `ivIndex` as a number or eight digits, BlueZ's `IVindex`, which is signed.
    private func givenIVIndex() throws(KeyFileError) -> IVIndex? {
        guard let member = root["ivIndex"] ?? root["IVindex"] else { return nil }
        let value = try member.integer(textBase: 16)
        if let index = UInt32(exactly: value) { return IVIndex(index) }
        guard let signed = Int32(exactly: value) else { throw member.error("is no IV Index") }
        return IVIndex(UInt32(bitPattern: signed))
    }

    /// A UUID with or without dashes.
    private static func digits(_ uuid: String) -> String { uuid.lowercased().filter { $0 != "-" } }
}
