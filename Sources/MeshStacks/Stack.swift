/// A mesh stack: how it keeps SEQ, and what it takes to go on where a failed device ended.
///
/// Each stack stands in a file of its own; ``all`` is the only list of them.
public struct Stack: Sendable {
    /// The word for it on the command line and in JSON, such as `esp-idf`; no two stacks have the same.
    public let identifier: String
    /// As its makers call it.
    public let name: String
    /// What it reserves of its SEQ, which a restart skips.
    public let reservation: Reservation
    /// The SEQ from which on it asks for an IV Update by itself; `nil` where it never does, or leaves that to its application.
    public let ivUpdateTrigger: UInt32?
    /// What bounds the size of its replay protection list, in Markdown; `nil` where it takes no such list from outside.
    public let replayListSetting: String?
    /// How far its files and steps were tried: a sentence. The tests of the same names do so.
    public let tried: String
    /// The name of the file in which the failed device itself kept its state, if that is text that can be carried over.
    public let storedFileName: String?

    /// Makes the files and steps; the text of the stored file comes only where the stack has one.
    private let restoring: @Sendable (RestoreValues, _ storedFile: String?) throws(StoredFileError) -> Restoration

    init(
        identifier: String, name: String, reservation: Reservation, ivUpdateTrigger: UInt32? = nil,
        replayListSetting: String? = nil,
        tried: String = "The formats follow the stack's sources; nothing of this was tried on hardware.",
        storedFileName: String? = nil,
        restoring: @escaping @Sendable (RestoreValues, String?) throws(StoredFileError) -> Restoration
    ) {
        self.identifier = identifier
        self.name = name
        self.reservation = reservation
        self.ivUpdateTrigger = ivUpdateTrigger
        self.replayListSetting = replayListSetting
        self.tried = tried
        self.storedFileName = storedFileName
        self.restoring = restoring
    }

    /// Every stack, in the order in which they are listed.
    public static let all: [Stack] = [.zephyr, .bluez, .silabs, .espIDF, .nrf5SDK, .nrfMesh]

    /// `nil` where no stack has this identifier; the case of letters counts.
    public init?(identifier: String) {
        guard let stack = Self.all.first(where: { $0.identifier == identifier }) else { return nil }
        self = stack
    }

    /// What the stack takes to go on with these values: the same for the same values.
    ///
    /// `storedFile`: the text of the failed device's own file, where there is one: see ``storedFileName``.
    ///
    /// - Throws: `StoredFileError` if the stack has no such file, or if the text is none, belongs to another device or
    ///   network, or knows more than the values do.
    public func restoration(
        of values: RestoreValues, storedFile: String? = nil
    ) throws(StoredFileError) -> Restoration {
        guard storedFile == nil || storedFileName != nil else {
            throw StoredFileError(explanation: "is of no use here: \(name) has no file of its own that is carried over")
        }
        return try restoring(values, storedFile)
    }
}

extension Stack: Hashable {
    /// A stack is known by its identifier.
    public static func == (left: Stack, right: Stack) -> Bool { left.identifier == right.identifier }

    public func hash(into hasher: inout Hasher) {
        hasher.combine(identifier)
    }
}

extension Stack: Codable {
    /// From a single value, the identifier.
    ///
    /// - Throws: `DecodingError.dataCorrupted` if no stack has it.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let identifier = try container.decode(String.self)
        guard let stack = Stack(identifier: identifier) else {
            throw DecodingError.dataCorruptedError(
                in: container,
                debugDescription:
                    "no stack is named \(identifier); there are \(Self.all.map(\.identifier).joined(separator: ", "))")
        }
        self = stack
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(identifier)
    }
}
