import CaptureFiles
import MeshCrypto
import MeshEvidence
import MeshProtocol
public import MeshStacks
import MeshTimelines
public import MeshVerdict

/// What a stack takes to go on where the failed master ended, and a README that says what the numbers rest on. Each README
/// says how far it was tried; on hardware, nothing.
public struct RestoreFiles {
    /// What the files are for.
    public enum Target: Sendable, Hashable {
        /// A device that runs this stack.
        case stack(Stack)
        /// No device: its key tables, for another look at the same capture.
        case wireshark

        /// Every target, the stacks first.
        public static let all = Stack.all.map(Target.stack) + [.wireshark]

        /// `nil` where neither a stack nor Wireshark has this identifier.
        public init?(identifier: String) {
            guard let target = Self.all.first(where: { $0.identifier == identifier }) else { return nil }
            self = target
        }

        /// The word for it on the command line.
        public var identifier: String { stack?.identifier ?? "wireshark" }

        /// As its makers call it.
        public var name: String { stack?.name ?? "Wireshark" }

        /// The stack that is restored; `nil` for Wireshark.
        public var stack: Stack? {
            switch self {
            case .stack(let stack): stack
            case .wireshark: nil
            }
        }
    }

    let recovery: Recovery
    /// The numbers, as any stack is given them.
    let values: RestoreValues
    /// What else dies with the master.
    private(set) var card: ReportDocument.Section?
    /// Whether a Solicitation PDU of the master was heard.
    let isSSEQHeard: Bool
    let captureNames: [String]
    /// What the numbers rest on, as the report says it.
    let grounds: [ReportDocument.Block]
    /// The IV state in words.
    let stateWording: String

    /// `nil` where the verdict gives no number.
    public init?(_ analysis: Analysis, master: Analysis.Master) {
        guard let recovery = master.verdict.recovery else { return nil }
        self.recovery = recovery
        let network = analysis[master.network]
        let heard: [ReplayEntry] = network.sources.compactMap { source in
            guard !master.elements.contains(source.address), let newest = source.epochs.last else { return nil }
            return ReplayEntry(source.address, newest.lastPosition)
        }
        var values = RestoreValues(
            state: recovery.state, first: recovery.recommended, elements: master.elements, heard: heard,
            netKeys: network.keys.allKeys.map(\.netKey))
        values.nextSSEQ = master.card?.solicitations.first { $0.address == master.address }?.answer?.recommended
        values.keyRefreshPhase = master.card?.keyRefresh.first { $0.keyIndex == .primary }?.phase
        self.values = values
        isSSEQHeard = master.card?.solicitations.contains { $0.address == master.address } ?? false
        card = AnalysisDocument(analysis).card(of: master)
        captureNames = analysis.captures.map { KeyMask.hide($0.path) }
        grounds = AnalysisDocument(analysis).grounds(of: master)
        stateWording = Wording.state(recovery.state, of: network)
    }

    var elements: [UnicastAddress] { values.elements }
    var replayList: [ReplayEntry] { values.replayList }
    var ivIndex: UInt32 { values.state.index.value }
    var flag: UInt32 { values.state.isUpdateInProgress ? 1 : 0 }
    var first: UInt32 { values.first.value }

    /// The files for a target, its README first. Wireshark's tables, which hold the keys, are not among them.
    ///
    /// `storedFile`: the text of the old device's own file, for a stack that has one: `Stack.storedFileName`.
    ///
    /// - Throws: `StoredFileError` if the target has no such file, or if that text cannot be used.
    public func files(for target: Target, storedFile: String? = nil) throws(StoredFileError) -> [RestoreFile] {
        guard let stack = target.stack else {
            guard storedFile == nil else { throw StoredFileError(explanation: "is of no use to \(target.name)") }
            return [RestoreFile(name: "README.md", text: readme(target, Self.wiresharkSteps, next: first))]
        }
        let restoration = try stack.restoration(of: values, storedFile: storedFile)
        let readme = readme(target, restoration.steps, next: restoration.first)
        return [RestoreFile(name: "README.md", text: readme)] + restoration.files
    }

    private static let wiresharkSteps = [
        "Copy `btmesh_nw_keys`, `btmesh_dev_keys` and `btmesh_label_uuids` into Wireshark's profile, or start it with `WIRESHARK_CONFIG_DIR` set to this folder. They hold the keys in clear.",
        "Nothing here restores a device; it lets you look at the same capture.",
    ]
}
