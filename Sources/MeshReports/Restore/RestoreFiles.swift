import ByteParsing
import CaptureFiles
public import MeshAnalysis
import MeshProtocol

/// What a stack takes to go on where the failed master ended. Each README says how far it was tried; on hardware, nothing.
public struct RestoreFiles {
    public enum Target: String, Sendable, CaseIterable {
        case bluez, zephyr, silabs
        case espIDF = "esp-idf"
        case nrf5SDK = "nrf5-sdk"
        case nrfMesh = "nrf-mesh"
        case wireshark
    }

    public typealias File = (name: String, text: String)

    let recovery: Recovery
    let elements: [UnicastAddress]
    /// The highest position heard of every other source, by address.
    let others: [(address: UnicastAddress, position: SequencePosition)]
    let captureNames: [String]

    /// `nil` where the verdict gives no number.
    public init?(_ analysis: Analysis, master: Analysis.Master) {
        guard let recovery = master.verdict.recovery else { return nil }
        self.recovery = recovery
        elements = master.elements
        captureNames = analysis.captures.map(\.path)
        others = analysis.networks[master.network].sources.compactMap { source in
            guard !master.elements.contains(source.address), let newest = source.epochs.last else { return nil }
            return (source.address, SequencePosition(newest.ivIndex, newest.lastSequence))
        }
    }

    var ivIndex: UInt32 { recovery.state.index.value }
    var flag: UInt32 { recovery.state.isUpdateInProgress ? 1 : 0 }
    var first: UInt32 { recovery.recommended.value }

    /// What a receiver still holds against old messages: the current transmit IV Index and the one before.
    var replayList: [(address: UnicastAddress, position: SequencePosition)] {
        others.filter { $0.position.ivIndex.value &+ 1 >= ivIndex }
    }

    /// The files for a stack, its README among them.
    ///
    /// `nodeJSON`: for BlueZ, the text of the old device's node.json.
    ///
    /// - Throws: if that text is no node.json.
    public func files(for target: Target, nodeJSON: String? = nil) throws(NodeJSONError) -> [File] {
        let files: [File]
        let steps: [String]
        var next = target == .nrf5SDK ? nrf5Block : first
        switch target {
        case .bluez:
            var node: NodeJSON?
            if let nodeJSON { node = try NodeJSON(nodeJSON) }
            if let node { next = try node.next(self) }
            files = try bluez(node, next: next)
            steps = Self.bluezSteps(hasNode: nodeJSON != nil)
        case .zephyr: (files, steps) = (zephyr, Self.zephyrSteps)
        case .espIDF: (files, steps) = (espIDF, Self.espIDFSteps)
        case .silabs: (files, steps) = (silabs, Self.silabsSteps)
        case .nrf5SDK: (files, steps) = (nrf5SDK, Self.nrf5SDKSteps)
        case .nrfMesh: (files, steps) = (nrfMesh, Self.nrfMeshSteps)
        case .wireshark: (files, steps) = ([], Self.wiresharkSteps)
        }
        return [("README.md", readme(target, steps, next: next))] + files
    }

    private func readme(_ target: Target, _ steps: [String], next: UInt32) -> String {
        let last = next > 0 ? "\(Hexadecimal.prefixed(next - 1, digits: 6)) (\(next - 1))" : "none: it begins at 0"
        let numbered = steps.enumerated().map { "\($0 + 1). \($1)" }
        let until = recovery.validUntil.map { "The IV Index holds until \($0.text(digits: 0))." }
        let lines =
            [
                "# Restoring the master \(elements.first.map { "\($0)" } ?? "") on \(Self.name(of: target))", "",
                "| what | value |", "| --- | --- |",
                "| IV Index, as in the beacon | \(Hexadecimal.prefixed(ivIndex, digits: 8)) (\(ivIndex)) |",
                "| IV Update flag | \(flag) (\(Wording.state(recovery.state))) |",
                "| IV Index to transmit with | \(Hexadecimal.prefixed(recovery.state.transmitIndex.value, digits: 8)) |",
                "| next SEQ to use | \(Hexadecimal.prefixed(next, digits: 6)) (\(next)) |",
                "| last SEQ used, for APIs that want it | \(last) |",
                "| elements | \(elements.map { "\($0)" }.joined(separator: ", ")) |", "", "## Steps", "",
            ] + numbered + [
                "", "## Before anything else", "",
                "**The failed device must never transmit again**: the same address, keys, IV Index and SEQ is nonce reuse. Take its power,",
                "and erase it before anybody repairs it.", "",
                "A readable old storage of the device beats any capture: if there is one, take its values where they are higher.",
                "",
                "A replacement that knows no one's SEQ can be fooled by old messages: restore the replay protection list where the stack",
                "takes one (\(replayList.count) sources were heard). Sources that were not heard are not in it.\(room(target))",
                "",
                [until, "Afterwards take a capture and run `meshscope verify`."].compactMap(\.self).joined(
                    separator: " "), "",
                "Generated from \(captureNames.map { PrintableText.escape($0) }.joined(separator: ", ")).",
                Self.tried(target),
            ]
        return lines.joined(separator: "\n") + "\n"
    }

    /// A replay protection list has a fixed size.
    private func room(_ target: Target) -> String {
        let setting: String? =
            switch target {
            case .bluez: "`crpl` in node.json"
            case .zephyr: "`CONFIG_BT_MESH_CRPL`"
            case .espIDF: "`CONFIG_BLE_MESH_CRPL`"
            default: nil
            }
        return setting.map { " Their list needs room for all of them: \($0)." } ?? ""
    }

    /// How far what is written was tried; see the tests of the same names.
    private static func tried(_ target: Target) -> String {
        switch target {
        case .bluez: "bluetooth-meshd 5.66 was run on such files, without a controller; nothing was tried on hardware."
        case .espIDF:
            "Espressif's generator 0.3.0 makes an image of such a file; what the values mean follows ESP-IDF's sources, and nothing was tried on hardware."
        case .wireshark: "tshark 4.0 opens captures with such files."
        default: "The formats follow the stack's sources; nothing of this was tried on hardware."
        }
    }

    private static func name(of target: Target) -> String {
        Stack(rawValue: target.rawValue)?.name ?? "Wireshark"
    }

    /// Octets, the least significant first.
    static func little(_ value: UInt32, _ count: Int) -> String {
        Hexadecimal.text((0..<count).map { UInt8(truncatingIfNeeded: value >> UInt32(8 * $0)) })
    }
}
