public import MeshCrypto
public import MeshProtocol

/// What any stack is given, to go on where a failed device ended.
public struct RestoreValues: Hashable, Sendable {
    /// As a beacon says it. Every stack takes this form, and works out itself which IV Index it transmits with.
    public let state: IVState
    /// The next SEQ to use, under the transmit IV Index of `state`.
    public let first: SequenceNumber
    /// The device's addresses, the primary one first.
    public let elements: [UnicastAddress]
    /// The replay protection list: one entry for each other source, so that its old messages are dropped.
    public let replayList: [ReplayEntry]
    /// The next SSEQ of the primary element, where Solicitation PDUs of it were heard.
    public var nextSSEQ: SequenceNumber?
    /// Phase 0, 1 or 2 of the Key Refresh of the primary subnet, where something tells it.
    public var keyRefreshPhase: UInt8?
    /// All keys of the network, to tell whether a stored file is of this network; none is written.
    public let netKeys: [NetKey]

    /// `heard`: the highest position of each other source; those that no receiver holds any more are left out.
    public init(
        state: IVState, first: SequenceNumber, elements: [UnicastAddress], heard: [ReplayEntry], netKeys: [NetKey]
    ) {
        self.state = state
        self.first = first
        self.elements = elements
        self.netKeys = netKeys
        // A receiver accepts the IV Index of its state and the one before: Mesh Protocol 1.1, "IV Update procedure".
        replayList = heard.filter { entry in
            Int64(entry.position.ivIndex.value) + 1 >= Int64(state.index.value)
        }
    }

    /// The IV Index of `state`.
    var ivIndex: UInt32 { state.index.value }
    /// The IV Update flag as a number, 0 or 1.
    var updateFlag: UInt32 { state.isUpdateInProgress ? 1 : 0 }
    /// The Key Refresh flag as a number, 0 or 1: nodes set it in phase 2.
    public var keyRefreshFlag: UInt32 { keyRefreshPhase == 2 ? 1 : 0 }
    /// The flags of a Secure Network beacon, and of Provisioning Data: bit 0 Key Refresh, bit 1 IV Update.
    var flags: UInt32 { keyRefreshFlag | updateFlag << 1 }
}

/// A source and its highest position: Mesh Protocol 1.1, "Message replay protection".
public struct ReplayEntry: Hashable, Sendable {
    /// The source whose old messages are to be dropped.
    public let address: UnicastAddress
    /// Its highest IV Index and SEQ that was heard.
    public let position: SequencePosition

    /// Makes the entry of a source.
    public init(_ address: UnicastAddress, _ position: SequencePosition) {
        self.address = address
        self.position = position
    }
}

/// What a stack takes: files, and what to do with them.
public struct Restoration: Hashable, Sendable {
    /// The first SEQ as the files say it: the one asked for, or above it where the stack's blocks or the device's own file
    /// want that. 0x1000000 where no SEQ is left.
    public let first: UInt32
    /// What to write; empty where the steps are all.
    public let files: [RestoreFile]
    /// What to do, step by step, in Markdown.
    public let steps: [String]
}

/// A file to write, for a folder of its own.
public struct RestoreFile: Hashable, Sendable {
    /// Below that folder; `/` stands between the parts.
    public let name: String
    /// Its whole content.
    public let text: String

    /// Makes a file; `name` is relative, and its parts stand between `/`.
    public init(name: String, text: String) {
        self.name = name
        self.text = text
    }

    /// Each line ends with a line feed.
    init(name: String, lines: [String]) {
        self.init(name: name, text: lines.map { $0 + "\n" }.joined())
    }
}

/// Why the text of a device's own file cannot be used. It never shows a key of it.
public struct StoredFileError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The end of a sentence that begins with the name of the file.
    public let explanation: String
    public var description: String { explanation }

    /// Makes the error from the end of a sentence that begins with the name of the file.
    public init(explanation: String) {
        self.explanation = explanation
    }
}
