import ByteParsing
import MeshProtocol

/// Nordic's libraries for phones; calls set their state. The one for Android has one counter for a node.
extension Stack {
    /// Nordic's nRF Mesh libraries for iOS and Android.
    public static let nrfMesh = Stack(
        identifier: "nrf-mesh", name: "nRF Mesh for iOS and Android",
        reservation: Reservation(block: 0, countsByElement: true)
    ) { values, _ in
        let files = [
            RestoreFile(name: "restore.swift", lines: swiftCalls(values)),
            RestoreFile(name: "Restore.java", lines: javaCalls(values)),
        ]
        return Restoration(first: values.first.value, files: files, steps: steps)
    }

    private static func swiftCalls(_ values: RestoreValues) -> [String] {
        let index = Hexadecimal.text(values.ivIndex, digits: 8)
        let first = Hexadecimal.text(values.first.value, digits: 6)
        return ["try meshNetwork.setIvIndex(0x\(index), updateActive: \(values.state.isUpdateInProgress))"]
            + values.elements.map { address in
                "meshNetworkManager.setSequenceNumber(0x\(first), forLocalElement: element)  // \(address)"
            }
    }

    private static func javaCalls(_ values: RestoreValues) -> [String] {
        let index = Hexadecimal.text(values.ivIndex, digits: 8)
        let used = Hexadecimal.text(max(values.first.value, 1) - 1, digits: 6)
        return [
            "meshNetwork.setIvIndex(new IvIndex(0x\(index), \(values.state.isUpdateInProgress), Calendar.getInstance()));",
            "provisionerNode.setSequenceNumber(0x\(used));  // the last one used: it is incremented before use",
        ]
    }

    private static let steps = [
        "Import the Mesh Configuration Database, in which `phase` of each NetKey is that of the Key Refresh, and make the old provisioner the local one.",
        "iOS: the calls of `restore.swift`; the number is the next SEQ, and each element has its own.",
        "Android: the calls of `Restore.java`; the number is the last SEQ used, one less.",
        "Kotlin: the application implements the library's `SecurePropertiesStorage`; let `storeNextSequenceNumber` have the number of `restore.swift` for each element, and `storeIvIndex` the IV Index.",
    ]
}
