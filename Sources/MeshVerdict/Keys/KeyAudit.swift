public import MeshProtocol
public import MeshTimelines

/// How much a key file is worth: which of its keys were seen to work, which opened nothing although their traffic was heard, and
/// who is on the air and not in it. It never holds a key.
public struct KeyAudit: Hashable, Sendable {
    /// What became of a key.
    public enum Outcome: String, CaseIterable, Hashable, Sendable {
        /// It opened something.
        case works
        /// Traffic that it should open was heard, and it opened none of it: it was replaced.
        case opensNothing = "opens_nothing"
        /// It opened something, and then others went on without it.
        case fellSilent = "fell_silent"
        /// Nothing was heard that it could open.
        case notHeard = "not_heard"
    }

    /// A NetKey.
    public struct NetKey: Hashable, Sendable {
        /// Of its subnet.
        public let keyIndex: KeyIndex
        /// Whether a Key Refresh replaces it.
        public let isOld: Bool
        /// 7 bits.
        public let nid: UInt8
        /// What was heard under it.
        public let use: KeyUse
        /// What became of it.
        public let outcome: Outcome
    }

    /// An AppKey, told apart by its AID.
    public struct AppKey: Hashable, Sendable {
        /// 6 bits; several AppKeys may have the same.
        public let aid: UInt8
        /// Messages that it opened.
        public let opened: Int
        /// What became of it.
        public let outcome: Outcome
    }

    /// The device key of a node.
    public struct DeviceKey: Hashable, Sendable {
        /// The node's primary element.
        public let address: UnicastAddress
        /// Messages that it opened.
        public let opened: Int
        /// What became of it.
        public let outcome: Outcome
    }

    /// A node of the key file.
    public struct Node: Hashable, Sendable {
        /// Its primary element.
        public let address: UnicastAddress
        /// As the key file has it.
        public let name: String?
        /// Whether any of its elements was heard.
        public let isHeard: Bool
    }

    /// Messages under an AppKey that the key file does not have.
    public struct UnknownAID: Hashable, Sendable {
        /// 6 bits.
        public let aid: UInt8
        /// How many were heard.
        public let messages: Int
    }

    /// In the order of the key file; the old key of a subnet before the new one.
    public internal(set) var netKeys: [NetKey] = []
    /// In the order of the key file.
    public internal(set) var appKeys: [AppKey] = []
    /// In the order of the key file.
    public internal(set) var deviceKeys: [DeviceKey] = []
    /// In the order of the key file.
    public internal(set) var nodes: [Node] = []
    /// Addresses that sent something, and that no node of the key file has, in their order; empty where it has no nodes.
    public internal(set) var unknownAddresses: [UnicastAddress] = []
    /// AIDs of messages that no AppKey opens, and how many messages, in the order of the AIDs.
    public internal(set) var unknownAIDs: [UnknownAID] = []

    /// Whether there is more to say than of one NetKey.
    public var isWorthwhile: Bool { netKeys.count > 1 || !appKeys.isEmpty || !deviceKeys.isEmpty || !nodes.isEmpty }
}
