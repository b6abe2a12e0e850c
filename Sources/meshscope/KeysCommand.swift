import ArgumentParser
import ByteParsing
import KeyFiles
import MeshVerdict
import MeshCrypto
import MeshProtocol
import MeshReports

struct KeysCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "keys",
        abstract: "Prints what NetKeys derive, or writes the keys as Wireshark takes them.",
        discussion: """
            Without --show-secrets nothing is printed that would open anything. With --wireshark, the files hold the keys \
            in clear: a row for each IV Index under which the captures' PDUs open, since Wireshark takes an IV Index as a \
            constant of each row. Copy them into Wireshark's profile, or point WIRESHARK_CONFIG_DIR to the folder.

            Examples:
              meshscope keys --keys office.json
              MESHSCOPE_NETKEY=HEX meshscope keys --show-secrets
              meshscope keys --keys office.json --wireshark profile capture.pcap
              meshscope keys --keys backup.json --audit capture.pcap
            """)

    @Argument(
        help: "Captures for --audit, or from which --wireshark learns the IV Indexes.",
        completion: .file())
    var captures: [String] = []

    @OptionGroup var keys: KeyOptions

    @Flag(help: "Also print EncryptionKey, PrivacyKey, IdentityKey, BeaconKey and PrivateBeaconKey.")
    var showSecrets = false

    @Flag(help: "Tell which keys and nodes work by the captures: how much is a backup worth?")
    var audit = false

    @Option(
        help: ArgumentHelp(
            "Write btmesh_nw_keys, btmesh_dev_keys and btmesh_label_uuids into this folder.", valueName: "folder"))
    var wireshark: String?

    @Option(
        name: .customLong("iv-index"),
        help: ArgumentHelp("An IV Index for --wireshark that no capture tells, decimal or with 0x.", valueName: "n"))
    var ivIndex: IVIndex?

    func validate() throws {
        guard wireshark != nil || audit || (captures.isEmpty && ivIndex == nil) else {
            throw ValidationError("Captures and --iv-index are for --audit and --wireshark.")
        }
        guard !audit || !captures.isEmpty else { throw ValidationError("--audit needs a capture.") }
        guard !audit || (wireshark == nil && !showSecrets) else {
            throw ValidationError("--audit stands alone; it shows no secrets and writes no tables.")
        }
    }

    func run() throws {
        let keyRing = try keys.requiredKeyRing()
        if let wireshark {
            try writeTables(keyRing, to: wireshark)
            return
        }
        if audit {
            try show(auditOf: keyRing)
            return
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

    /// Status 1 where a NetKey is not used any more, or none works.
    private func show(auditOf keyRing: KeyRing) throws {
        let analyzer = Analyzer(keys: keyRing, options: AnalysisOptions(givenIVIndex: ivIndex))
        let analysis = try Terminal.analyze(captures, analyzer)
        try Terminal.output(TextRenderer.render(AnalysisDocument.audit(analysis)))
        guard analysis.unusable.isEmpty else { throw ExitCode.unusableInput }
        let works = analysis.networks.allSatisfy { $0.keyAudit?.netKeys.contains { $0.outcome == .works } ?? false }
        guard works, analysis.doubts.isEmpty else { throw ExitCode.answerIsNo }
    }

    private func writeTables(_ keyRing: KeyRing, to folder: String) throws {
        var tables = WiresharkTables()
        if captures.isEmpty {
            for network in keyRing.networks {
                tables.add(network, ivIndexes: [ivIndex ?? network.givenIVIndex].compactMap(\.self))
            }
        } else {
            try learn(keyRing, into: &tables)
        }
        guard !tables.isEmpty else {
            throw Terminal.fail("no IV Index is known: name captures that tell it, or give --iv-index")
        }
        try OutputFolder(folder).write(tables.files, areSecret: true)
    }

    /// The keys with those that the captures themselves hand out, and a row for each IV Index that opened something.
    private func learn(_ keyRing: KeyRing, into tables: inout WiresharkTables) throws {
        let analyzer = Analyzer(keys: keyRing, options: AnalysisOptions(givenIVIndex: ivIndex))
        let analysis = try Terminal.analyze(captures, analyzer)
        for network in analysis.networks {
            tables.add(network.keys, ivIndexes: network.transmitIndexes + [ivIndex].compactMap(\.self))
        }
        guard analysis.unusable.isEmpty else { throw ExitCode.unusableInput }
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
