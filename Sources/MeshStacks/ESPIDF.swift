import ByteParsing
import MeshProtocol

/// ESP-IDF keeps octets in its non-volatile storage, and has a generator that makes an image of it from CSV.
extension Stack {
    /// ESP-BLE-MESH of Espressif's ESP-IDF.
    public static let espIDF = Stack(
        identifier: "esp-idf", name: "ESP-IDF",
        // CONFIG_BLE_MESH_SEQ_STORE_RATE is 0: each SEQ is stored.
        reservation: Reservation(block: 0),
        ivUpdateTrigger: 8_000_000,
        replayListSetting: "`CONFIG_BLE_MESH_CRPL`",
        tried:
            "Espressif's generator 0.3.0 makes an image of such a file; what the values mean follows ESP-IDF's sources, and nothing was tried on hardware."
    ) { values, _ in
        Restoration(
            first: values.first.value, files: [RestoreFile(name: "nvs.csv", lines: rows(values))], steps: steps)
    }

    /// Rows for `nvs_partition_gen.py`. A name has at most 15 characters.
    private static func rows(_ values: RestoreValues) -> [String] {
        let own = [
            "key,type,encoding,value", "mesh_core,namespace,,",
            "mesh/iv,data,hex2bin,\(ZephyrRecords.iv(values))",
            "mesh/seq,data,hex2bin,\(ZephyrRecords.sequence(values))",
        ]
        guard !values.replayList.isEmpty else { return own }
        let sources = values.replayList.map { Hexadecimal.littleEndian(UInt32($0.address.value), octets: 2) }
        return own + ["mesh/rpl,data,hex2bin,\(sources.joined())"]
            + values.replayList.map { entry in
                let source = Hexadecimal.text(entry.address.value, digits: 4)
                return "mesh/rpl/\(source),data,hex2bin,\(ZephyrRecords.replay(entry.position, in: values.state))"
            }
    }

    private static let steps = [
        "Let the replacement create its network once with the old keys and address, so that `mesh/role` and the keys are in its NVS; then erase nothing.",
        "Either add the rows of `nvs.csv` to the CSV of its whole NVS partition and flash the image of `nvs_partition_gen.py generate nvs.csv nvs.bin 0x6000` over it (other namespaces are lost), or let the application call `nvs_set_blob` with the same octets in the namespace `mesh_core` before mesh is initialised.",
        "With `CONFIG_BLE_MESH_USE_MULTIPLE_NAMESPACE` the namespace is another.",
        "Without `CONFIG_BLE_MESH_IVU_RECOVERY_IVI` the device never recovers from an IV Index that is one too low: it must be exact.",
    ]
}
