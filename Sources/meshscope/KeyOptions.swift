import ArgumentParser
import CaptureFiles
import FoundationEssentials
import KeyFiles
import MeshCrypto
import MeshProtocol
import SystemPackage

/// How keys reach the command.
struct KeyOptions: ParsableArguments {
    @Option(
        name: .customLong("netkey"),
        help: ArgumentHelp(
            "A NetKey: 32 hexadecimal digits, or INDEX=HEX. Repeat it for the subnets of one network.",
            discussion: """
                Other users see it in the list of processes and your shell keeps it: prefer --keys or the environment \
                variable MESHSCOPE_NETKEY, which takes the same, separated by spaces, and is ignored, with a warning, where \
                --netkey or --keys is given. The first key is the primary \
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
                digits", "old_key": "during a Key Refresh"}]}]}; only "netkeys" and "key" are required, and a member of \
                another name is refused. In the files of other tools a misspelt member is a warning.
                """, valueName: "file"), completion: .file())
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
            "the same NetKey is in two networks; is a file named twice, or does --netkey repeat a key of a file?")
    }

    /// As `keyRing`, for a command that can do nothing without one.
    func requiredKeyRing() throws -> KeyRing {
        let ring = try keyRing()
        guard !ring.networks.isEmpty else {
            throw Terminal.fail("no key: give --keys FILE, --netkey or MESHSCOPE_NETKEY")
        }
        return ring
    }

    /// The keys of options and files, in this order; without any of them, those of the environment.
    func keyRing() throws -> KeyRing {
        do throws(KeyFileError) {
            let keys = try netKeys.isEmpty && keyFiles.isEmpty ? environmentKeys() : optionKeys()
            let networks = keys.isEmpty ? [] : [try SubnetKey.network(of: keys, name: nil, place: "the keys given")]
            let contents = try KeyFile.contents(paths: keyFiles, beside: networks)
            for warning in contents.warnings { Terminal.warn(warning) }
            warnOfReaders()
            try requireDistinctKeys(contents.networks)
            return KeyRing(networks: contents.networks)
        } catch {
            throw Terminal.fail(error)
        }
    }

    /// Tells a person that others can read the keys; who reads a log can change nothing.
    private func warnOfReaders() {
        guard Terminal.isErrorTerminal else { return }
        for path in keyFiles where path != "-" {
            guard let status = try? Stat(FilePath(name: path)), status.type == .regular,
                !status.permissions.intersection([.groupRead, .otherRead]).isEmpty
            else { continue }
            Terminal.warn("\(path): others can read these keys: chmod 600 \(path)")
        }
    }

    private func optionKeys() throws(KeyFileError) -> [SubnetKey] {
        if !Self.environmentWords.isEmpty {
            Terminal.warn(
                "\(Self.variable) is ignored: \(netKeys.isEmpty ? "--keys" : "--netkey") is given, which wins")
        }
        var keys: [SubnetKey] = []
        for (index, text) in netKeys.enumerated() {
            keys.append(try SubnetKey(argument: text, place: "--netkey number \(index + 1)"))
        }
        return keys
    }

    private func environmentKeys() throws(KeyFileError) -> [SubnetKey] {
        var keys: [SubnetKey] = []
        for (index, text) in Self.environmentWords.enumerated() {
            keys.append(try SubnetKey(argument: text, place: "\(Self.variable), key \(index + 1)"))
        }
        return keys
    }

    private static let variable = "MESHSCOPE_NETKEY"

    private static var environmentWords: [String] {
        let text = ProcessInfo.processInfo.environment[variable] ?? ""
        return text.split { $0 == " " || $0 == "," || $0 == "\n" }.map(String.init)
    }
}
