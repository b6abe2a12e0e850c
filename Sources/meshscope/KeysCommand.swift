import ArgumentParser
import ByteParsing
import MeshCrypto
import MeshProtocol
import MeshReports

struct KeysCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "keys",
        abstract: "Prints what NetKeys derive: NID and Network ID.",
        discussion: """
            Without --show-secrets nothing is printed that would open anything.

            Examples:
              meshscope keys --keys office.json
              MESHSCOPE_NETKEY=HEX meshscope keys --show-secrets
            """)

    @OptionGroup var keys: KeyOptions

    @Flag(help: "Also print EncryptionKey, PrivacyKey, IdentityKey, BeaconKey and PrivateBeaconKey.")
    var showSecrets = false

    func run() throws {
        let keyRing = try keys.keyRing()
        guard !keyRing.networks.isEmpty else {
            throw Terminal.fail("no key: give --keys FILE, --netkey or MESHSCOPE_NETKEY")
        }
        var text = ""
        for (index, network) in keyRing.networks.enumerated() {
            text += "network \(PrintableText.escape(network.name ?? "\(index + 1)"))\n"
            for subnet in network.subnets {
                let name = subnet.name.map { " (\(PrintableText.escape($0)))" } ?? ""
                text += "  key index \(subnet.keyIndex)\(name)\n" + describe(subnet.keys)
                if let old = subnet.oldKeys { text += "  key index \(subnet.keyIndex), old key\n" + describe(old) }
            }
        }
        try Terminal.output(text)
    }

    private func describe(_ keys: NetworkKeys) -> String {
        var rows = [
            ("NID", Hexadecimal.prefixed(keys.flooding.nid, digits: 2)),
            ("Network ID", Hexadecimal.text(keys.networkID, digits: 16)),
        ]
        if showSecrets {
            rows += [
                ("EncryptionKey", Hexadecimal.text(keys.flooding.encryptionKey, digits: 32)),
                ("PrivacyKey", Hexadecimal.text(keys.flooding.privacyKey, digits: 32)),
                ("IdentityKey", Hexadecimal.text(keys.identityKey, digits: 32)),
                ("BeaconKey", Hexadecimal.text(keys.beaconKey, digits: 32)),
                ("PrivateBeaconKey", Hexadecimal.text(keys.privateBeaconKey, digits: 32)),
            ]
        }
        return rows.map { name, value in
            "    " + name + String(repeating: " ", count: 18 - name.count) + value + "\n"
        }.joined()
    }

    static func digits(_ key: NetKey) -> String { Hexadecimal.text(key.value, digits: 32) }
}
