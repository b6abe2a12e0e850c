import ByteParsing
import MeshProtocol

/// Zephyr and nRF Connect SDK keep octets under names of the settings subsystem.
extension Stack {
    /// Zephyr, and Nordic's nRF Connect SDK, which is made of it.
    public static let zephyr = Stack(
        identifier: "zephyr", name: "Zephyr / nRF Connect SDK",
        // CONFIG_BT_MESH_SEQ_STORE_RATE. It goes on at the last SEQ of the block that holds the stored one.
        reservation: Reservation(block: 128, alignmentRest: 127),
        // CONFIG_BT_MESH_IV_UPDATE_SEQ_LIMIT
        ivUpdateTrigger: 0x80_0000,
        replayListSetting: "`CONFIG_BT_MESH_CRPL`"
    ) { values, _ in
        Restoration(
            first: values.first.value, files: [RestoreFile(name: "settings.txt", lines: settings(values))],
            steps: steps(values)
        )
    }

    /// Lines for the settings shell.
    private static func settings(_ values: RestoreValues) -> [String] {
        let own = [
            "settings write bt/mesh/IV \(ZephyrRecords.iv(values))",
            "settings write bt/mesh/Seq \(ZephyrRecords.sequence(values))",
        ]
        let sseq = values.nextSSEQ.map { "settings write bt/mesh/SSeq \(ZephyrRecords.sseq($0))" }
        return own + [sseq].compactMap(\.self)
            + values.replayList.map { entry in
                let source = String(entry.address.value, radix: 16)
                return
                    "settings write bt/mesh/RPL/\(source) \(ZephyrRecords.replay(entry.position, in: values.state))"
            }
    }

    private static func steps(_ values: RestoreValues) -> [String] {
        [
            "Provision the replacement with the old keys and address: `bt_mesh_provision(net_key, net_idx, flags, iv_index, addr, dev_key)` with flags \(Hexadecimal.prefixed(UInt8(truncatingIfNeeded: values.flags), digits: 2)) (bit 0: Key Refresh\(values.keyRefreshPhase == 2 ? ", so that `net_key` is the new key" : ""); bit 1: IV Update); with `CONFIG_BT_MESH_CDB`, `bt/mesh/cdb/Net` must hold the same IV Index."
        ] + otherSteps
    }

    private static let otherSteps = [
        "Build with `CONFIG_SETTINGS_SHELL`, or call `settings_save_one` with the same octets in the application.",
        "Enter the lines of `settings.txt` in the shell, and reboot at once, before it sends anything. (Newer releases may want a type before the name.)",
        "The stack starts at the end of the block of `CONFIG_BT_MESH_SEQ_STORE_RATE` that holds the value, never below it.",
    ]
}
