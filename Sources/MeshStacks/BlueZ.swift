import ByteParsing
import MeshProtocol

/// BlueZ's bluetooth-meshd keeps a folder for each node: node.json, and a file for each source of its replay protection
/// list, `rpl/<IV Index>/<source>`, with the last SEQ.
extension Stack {
    /// The `bluetooth-meshd` of BlueZ.
    public static let bluez = Stack(
        identifier: "bluez", name: "BlueZ bluetooth-meshd",
        // At least 64, and what five minutes take at the rate at which SEQ were drawn since the last write: the 32 segments of a
        // message, drawn in as many milliseconds, reserve 300,000.
        reservation: Reservation(block: 64, mostSkipped: 1 << 19),
        ivUpdateTrigger: 0x80_0000,
        replayListSetting: "`crpl` in node.json",
        tried: "bluetooth-meshd 5.66 was run on such files, without a controller; nothing was tried on hardware.",
        storedFileName: "node.json"
    ) { values, storedFile throws(StoredFileError) in
        try restoration(values, nodeJSON: storedFile)
    }

    private static func restoration(
        _ values: RestoreValues, nodeJSON: String?
    ) throws(StoredFileError) -> Restoration {
        guard let nodeJSON else {
            return Restoration(
                first: values.first.value, files: [threeValues(values)] + replayFiles(values),
                steps: steps(hasNode: false))
        }
        let node = try BlueZNode(nodeJSON)
        let first = try node.first(for: values)
        let file = RestoreFile(name: "node.json", text: try node.text(with: values.state, next: first))
        return Restoration(first: first, files: [file] + replayFiles(values), steps: steps(hasNode: true))
    }

    /// The three values to enter by hand, where the device's node.json is not at hand.
    private static func threeValues(_ values: RestoreValues) -> RestoreFile {
        RestoreFile(
            name: "node-values.json",
            lines: [
                "{", "  \"IVindex\": \(BlueZNode.number(of: values.state.index)),",
                "  \"IVupdate\": \(values.updateFlag),", "  \"sequenceNumber\": \(values.first.value)", "}",
            ])
    }

    private static func replayFiles(_ values: RestoreValues) -> [RestoreFile] {
        values.replayList.map { entry in
            let folder = Hexadecimal.text(entry.position.ivIndex.value, digits: 8)
            let source = Hexadecimal.text(entry.address.value, digits: 4)
            return RestoreFile(
                name: "rpl/\(folder)/\(source)", text: Hexadecimal.text(entry.position.sequence.value, digits: 6))
        }
    }

    private static func steps(hasNode: Bool) -> [String] {
        [
            "Stop `bluetooth-meshd`: it rewrites node.json when it ends.",
            hasNode
                ? "Put `node.json` in the place of the node's file below `/var/lib/bluetooth/mesh/<uuid>/`; only its three values were changed."
                : "Without the old folder: let an application call `Import` on `org.bluez.mesh.Network1` with device key, NetKey, IV Index, flag and address, note the token, and stop the daemon again. `Import` takes no SEQ.",
            hasNode
                ? "Copy `rpl` beside it."
                : "Set the three values of `node-values.json` in the new node.json, and copy `rpl` beside it.",
            "Start the daemon, `Attach` with the token, and check the properties `IvIndex`, `IvUpdate` and `SequenceNumber` of the node.",
        ]
    }
}
