import ByteParsing
import MeshProtocol

/// Stacks that keep their state as octets in a device's flash.
extension RestoreFiles {
    /// u32 IV Index, then a bit for the update and seven for the hours in this state: 96, so that the device may go along
    /// with the next change.
    private var ivOctets: String { Self.little(ivIndex, 4) + Hexadecimal.text(UInt8(96 << 1 | flag), digits: 2) }

    /// SEQ in 24 bits, and a bit for the IV Index before.
    private func replayOctets(_ position: SequencePosition) -> String {
        let isOld: UInt32 = position.ivIndex.value < ivIndex ? 1 : 0
        return Self.little(position.sequence.value | isOld << 24, 4)
    }

    // MARK: Zephyr

    var zephyr: [File] {
        var lines = ["settings write bt/mesh/IV \(ivOctets)", "settings write bt/mesh/Seq \(Self.little(first, 3))"]
        for (address, position) in replayList {
            let name = String(address.value, radix: 16)
            lines.append("settings write bt/mesh/RPL/\(name) \(replayOctets(position))")
        }
        return [("settings.txt", lines.joined(separator: "\n") + "\n")]
    }

    static let zephyrSteps = [
        "Provision the replacement with the old keys and address: `bt_mesh_provision(net_key, net_idx, flags, iv_index, addr, dev_key)`; with `CONFIG_BT_MESH_CDB`, `bt/mesh/cdb/Net` must hold the same IV Index.",
        "Build with `CONFIG_SETTINGS_SHELL`, or call `settings_save_one` with the same octets in the application.",
        "Enter the lines of `settings.txt` in the shell, and reboot at once, before it sends anything. (Newer releases may want a type before the name.)",
        "The stack starts at the end of the block of `CONFIG_BT_MESH_SEQ_STORE_RATE` that holds the value, never below it.",
    ]

    // MARK: ESP-IDF

    var espIDF: [File] {
        var rows = [
            "key,type,encoding,value", "mesh_core,namespace,,", "mesh/iv,data,hex2bin,\(ivOctets)",
            "mesh/seq,data,hex2bin,\(Self.little(first, 3))",
        ]
        if !replayList.isEmpty {
            let list = replayList.map { Self.little(UInt32($0.address.value), 2) }.joined()
            rows.append("mesh/rpl,data,hex2bin,\(list)")
            for (address, position) in replayList {
                rows.append(
                    "mesh/rpl/\(Hexadecimal.text(address.value, digits: 4)),data,hex2bin,\(replayOctets(position))")
            }
        }
        return [("nvs.csv", rows.joined(separator: "\n") + "\n")]
    }

    static let espIDFSteps = [
        "Let the replacement create its network once with the old keys and address, so that `mesh/role` and the keys are in its NVS; then erase nothing.",
        "Either add the rows of `nvs.csv` to the CSV of its whole NVS partition and flash the image of `nvs_partition_gen.py generate nvs.csv nvs.bin 0x6000` over it (other namespaces are lost), or let the application call `nvs_set_blob` with the same octets in the namespace `mesh_core` before mesh is initialised.",
        "With `CONFIG_BLE_MESH_USE_MULTIPLE_NAMESPACE` the namespace is another.",
        "Without `CONFIG_BLE_MESH_IVU_RECOVERY_IVI` the device never recovers from an IV Index that is one too low: it must be exact.",
    ]

    // MARK: Silicon Labs

    var silabs: [File] {
        var lines = [
            "// Once, after the node is provisioned with the old keys and address, and before it sends.",
            "sl_btmesh_test_set_iv_index(0x\(Hexadecimal.text(ivIndex, digits: 8)));",
            "sl_btmesh_test_set_ivupdate_state(\(flag));",
        ]
        for index in elements.indices {
            lines.append(
                "sl_btmesh_test_set_element_seqnum(\(index), 0x\(Hexadecimal.text(first, digits: 6)));  // \(elements[index])"
            )
        }
        return [("restore.c", lines.joined(separator: "\n") + "\n")]
    }

    static let silabsSteps = [
        "Provision the replacement: `sl_btmesh_node_set_provisioning_data`, or for a provisioner `sl_btmesh_prov_initialize_network` and `sl_btmesh_prov_create_network` with the old NetKey, then `sl_btmesh_prov_add_ddb_entry` for each node.",
        "Call what `restore.c` holds: each element has a counter of its own. The class `test` is documented as for development only.",
        "Check with `sl_btmesh_node_get_element_seqnum`, and with `sl_btmesh_node_get_ivupdate_state`.",
    ]

    // MARK: nRF5 SDK for Mesh

    /// The first SEQ of a block that is not yet allocated: whole blocks of 8192.
    var nrf5Block: UInt32 { (first + 8191) / 8192 * 8192 }

    var nrf5SDK: [File] {
        let serial =
            "ae" + Self.little(ivIndex, 4) + Self.little(flag, 1) + Self.little(0, 2) + Self.little(nrf5Block, 4)
        let text = """
            // C, once, before the stack is enabled; a second call gives NRF_ERROR_INVALID_STATE.
            net_state_iv_index_and_seqnum_block_set(0x\(Hexadecimal.text(ivIndex, digits: 8)), \(flag == 1), \(nrf5Block));

            // Serial: NetStateSet (0xAE) with IV Index, update flag, timeout and next block; octets behind the length.
            // \(serial)

            // pyaci
            // cmd.NetStateSet(\(ivIndex), \(flag), 0, \(nrf5Block))

            """
        return [("restore.c", text)]
    }

    static let nrf5SDKSteps = [
        "Provision the replacement with the old keys and address.",
        "Call `net_state_iv_index_and_seqnum_block_set` as in `restore.c`, or send the serial command in a build with `PERSISTENT_STORAGE` 0. The block is rounded up to 8192.",
    ]

    // MARK: nRF Mesh

    var nrfMesh: [File] {
        let swift =
            ["try meshNetwork.setIvIndex(0x\(Hexadecimal.text(ivIndex, digits: 8)), updateActive: \(flag == 1))"]
            + elements.map {
                "meshNetworkManager.setSequenceNumber(0x\(Hexadecimal.text(first, digits: 6)), forLocalElement: element)  // \($0)"
            }
        let used = max(first, 1) - 1
        let java = [
            "meshNetwork.setIvIndex(new IvIndex(0x\(Hexadecimal.text(ivIndex, digits: 8)), \(flag == 1), Calendar.getInstance()));",
            "provisionerNode.setSequenceNumber(0x\(Hexadecimal.text(used, digits: 6)));  // the last one used: it is incremented before use",
        ]
        return [
            ("restore.swift", swift.joined(separator: "\n") + "\n"),
            ("Restore.java", java.joined(separator: "\n") + "\n"),
        ]
    }

    static let nrfMeshSteps = [
        "Import the Mesh Configuration Database, and make the old provisioner the local one.",
        "iOS: the calls of `restore.swift`; the number is the next SEQ, and each element has its own.",
        "Android: the calls of `Restore.java`; the number is the last SEQ used, one less.",
        "Kotlin: the application implements the library's `SecurePropertiesStorage`; let `storeNextSequenceNumber` have the number of `restore.swift` for each element, and `storeIvIndex` the IV Index.",
    ]

    static let wiresharkSteps = [
        "Copy `btmesh_nw_keys`, `btmesh_dev_keys` and `btmesh_label_uuids` into Wireshark's profile, or start it with `WIRESHARK_CONFIG_DIR` set to this folder. They hold the keys in clear.",
        "Nothing here restores a device; it lets you look at the same capture.",
    ]
}
