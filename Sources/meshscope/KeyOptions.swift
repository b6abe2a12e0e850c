import ArgumentParser
import FoundationEssentials
import KeyFiles
import MeshCrypto
import MeshProtocol

/// How keys reach the command.
struct KeyOptions: ParsableArguments {
    @Option(
        name: .customLong("netkey"),
        help: ArgumentHelp(
            "A NetKey: 32 hexadecimal digits, or INDEX=HEX. Repeat it for the subnets of one network.",
            discussion: """
                Other users see it in the list of processes and your shell keeps it: prefer --keys or the environment \
                variable MESHSCOPE_NETKEY, which takes the same, separated by spaces. The first key is the primary \
                subnet's (index 0) unless it says another index; two keys under one index are the old and the new one \
                of a Key Refresh.
                """, valueName: "hex"))
    var netKeys: [String] = []

    @Option(
        name: .customLong("keys"),
        help: ArgumentHelp(
            "A file of keys, recognised by its content. Can be repeated.",
            discussion: """
                A Mesh Configuration Database (nRF Mesh export and others), BlueZ's node.json or export_db.json, \
                Wireshark's btmesh_nw_keys (btmesh_dev_keys and btmesh_label_uuids beside it), the output of Zephyr's 'mesh cdb show', or {"networks": [{"name": "office", "master": "0x0001", "netkeys": [{"index": 0, "key": "32 hexadecimal \
                digits", "old_key": "during a Key Refresh"}]}]}; only "netkeys" and "key" are required.
                """, valueName: "file"))
    var keyFiles: [String] = []

    private static let mostNetworks = 256

    /// A key belongs to one network: given twice, all evidence would go to the first.
    private func requireDistinctKeys(_ networks: [KeyRing.Network]) throws(KeyFileError) {
        guard networks.count <= Self.mostNetworks else {
            throw KeyFileError("the keys given", "\(networks.count) networks are more than \(Self.mostNetworks)")
        }
        let keys = networks.flatMap(\.allKeys).map(\.netKey)
        guard Set(keys).count < keys.count else { return }
        throw KeyFileError(
            "the keys given",
            "the same NetKey is in two networks; is MESHSCOPE_NETKEY still set, or a file named twice?")
    }

    /// As `keyRing`, for a command that can do nothing without one.
    func requiredKeyRing() throws -> KeyRing {
        let ring = try keyRing()
        guard !ring.networks.isEmpty else {
            throw Terminal.fail("no key: give --keys FILE, --netkey or MESHSCOPE_NETKEY")
        }
        return ring
    }

    /// The keys of options, files and environment, in this order.
    func keyRing() throws -> KeyRing {
        do {
            let given = try netKeys.enumerated().map { try SubnetKey(argument: $1, place: "--netkey number \($0 + 1)") }
            let environment = ProcessInfo.processInfo.environment["MESHSCOPE_NETKEY"] ?? ""
            let words = environment.split { $0 == " " || $0 == "," || $0 == "\n" }
            let inherited =
                given.isEmpty
                ? try words.enumerated().map {
                    try SubnetKey(argument: String($1), place: "MESHSCOPE_NETKEY, key \($0 + 1)")
                }
                : []
            let keys = given + inherited
            var networks = keys.isEmpty ? [] : [try SubnetKey.network(of: keys, name: nil, place: "the keys given")]
            networks = try KeyFile.read(paths: keyFiles, beside: networks)
            try requireDistinctKeys(networks)
            return KeyRing(networks: networks)
        } catch let error as KeyFileError {
            throw Terminal.fail(error)
        }
    }
}
