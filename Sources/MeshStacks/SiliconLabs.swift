import ByteParsing
import MeshProtocol

/// Silicon Labs' stack keeps its state in objects without a public layout; calls set it.
extension Stack {
    /// Silicon Labs' Bluetooth Mesh, by its BGAPI.
    public static let silabs = Stack(
        identifier: "silabs", name: "Silicon Labs",
        // 2 to the power of SL_BTMESH_CONFIG_SEQNUM_WRITE_INTERVAL_EXP
        reservation: Reservation(block: 0x1_0000, alignmentRest: 0, countsByElement: true)
    ) { values, _ in
        Restoration(
            first: values.first.value, files: [RestoreFile(name: "restore.c", lines: calls(values))], steps: steps)
    }

    private static func calls(_ values: RestoreValues) -> [String] {
        let network = [
            "// Once, after the node is provisioned with the old keys and address, and before it sends.",
            "sl_btmesh_test_set_iv_index(0x\(Hexadecimal.text(values.ivIndex, digits: 8)));",
            "sl_btmesh_test_set_ivupdate_state(\(values.updateFlag));",
        ]
        let first = Hexadecimal.text(values.first.value, digits: 6)
        return network
            + values.elements.enumerated().map { index, address in
                "sl_btmesh_test_set_element_seqnum(\(index), 0x\(first));  // \(address)"
            }
    }

    private static let steps = [
        "Provision the replacement: `sl_btmesh_node_set_provisioning_data`, whose `kr_in_progress` is the Key Refresh flag above, or for a provisioner `sl_btmesh_prov_initialize_network` and `sl_btmesh_prov_create_network` with the old NetKey, then `sl_btmesh_prov_add_ddb_entry` for each node.",
        "Call what `restore.c` holds: each element has a counter of its own. The class `test` is documented as for development only.",
        "Check with `sl_btmesh_node_get_element_seqnum`, and with `sl_btmesh_node_get_ivupdate_state`.",
    ]
}
