import ByteParsing
import CaptureFiles
public import MeshAnalysis
import MeshCrypto
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
    /// All of the network, as a stack's own file may have them.
    let netKeys: [NetKey]
    /// What the numbers rest on, as the report says it.
    let grounds: String
    /// The IV state in words.
    let stateWording: String

    /// `nil` where the verdict gives no number.
    public init?(_ analysis: Analysis, master: Analysis.Master) {
        guard let recovery = master.verdict.recovery else { return nil }
        self.recovery = recovery
        elements = master.elements
        captureNames = analysis.captures.map(\.path)
        netKeys = analysis.networks[master.network].keys.allKeys.map(\.netKey)
        grounds = TextReport.grounds(analysis, of: master)
        stateWording = Wording.state(recovery.state, of: analysis.networks[master.network])
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

    /// Octets, the least significant first.
    static func little(_ value: UInt32, _ count: Int) -> String {
        Hexadecimal.text((0..<count).map { UInt8(truncatingIfNeeded: value >> UInt32(8 * $0)) })
    }
}
