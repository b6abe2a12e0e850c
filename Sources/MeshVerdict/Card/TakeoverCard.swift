public import MeshEvidence
public import MeshProtocol
public import MeshTimelines

/// What dies with a master beside IV Index and SEQ, each line with the frames that tell it. What was not heard is not guessed.
public struct TakeoverCard: Hashable, Sendable {
    /// The SSEQ of its Solicitation PDUs: a counter of its own, which no IV Update begins anew.
    public struct Solicitation: Hashable, Sendable {
        /// The SSRC.
        public let address: UnicastAddress
        /// The highest SSEQ that was heard.
        public let last: SequenceNumber
        /// Where it was heard first.
        public let lastHeard: FrameReference
        /// How many different SSEQ were heard.
        public let distinct: Int
        /// The first SSEQ that no evidence forbids, and the one to configure; `nil` where none is left that is sure.
        public let answer: Answer?
        /// An SSEQ that was heard long after a higher one.
        public let fall: SolicitationTimeline.Fall?

        /// What a replacement is given.
        public struct Answer: Hashable, Sendable {
            /// The lower bound.
            public let minimum: SequenceNumber
            /// The first SSEQ to use.
            public let recommended: SequenceNumber
            /// The terms that lead from the one to the other.
            public let margin: [MarginTerm]
        }
    }

    /// A Key Refresh of a subnet, as far as it was heard.
    public struct KeyRefresh: Hashable, Sendable {
        /// The key index of the NetKey, which the old and the new key share.
        public let keyIndex: KeyIndex
        /// 64 bits; `nil` where only one key is at hand.
        public let oldNetworkID: UInt64?
        /// 64 bits, of the newest key at hand.
        public let networkID: UInt64
        /// What beacons told last; `nil` where none was heard.
        public let beacons: SubnetState.KeyRefreshStep?
        /// What configuration messages told, by node.
        public let messages: [KeyRefreshMessage]

        /// Phase 0, 1 or 2 as nodes store it; `nil` where what was heard does not tell.
        public let phase: UInt8?
    }

    /// A node that reports to the master.
    public struct Reporter: Hashable, Sendable {
        /// The names are those of the JSON.
        public enum Kind: String, Hashable, Sendable {
            case heartbeat
            /// Access messages that come regularly.
            case publication
            /// A node was told to send Heartbeats to the master, and none was heard.
            case heartbeatConfigured = "heartbeat_configured"
        }

        /// Who reports.
        public let source: UnicastAddress
        /// Which element of the master, or which group, it reports to.
        public let destination: MeshAddress
        /// What it is.
        public let kind: Kind
        /// The time between two; `nil` where they do not come regularly.
        public let period: Duration?
        /// How many were heard.
        public let count: Int
        /// The last one.
        public let last: FrameReference
    }

    /// A group or virtual address that the master commanded.
    public struct Group: Hashable, Sendable {
        /// Whom it commanded.
        public let address: MeshAddress
        /// As a key file has it.
        public let name: String?
        /// How many messages went there.
        public let count: Int
        /// The last one.
        public let last: FrameReference
    }

    /// Segmented messages of the master that a node did not acknowledge at last, though it is heard.
    public struct Unacknowledged: Hashable, Sendable {
        /// To whom they went.
        public let node: UnicastAddress
        /// How many of them, one behind the other, up to the last one.
        public let count: Int
        /// How many messages of the node to the master were heard.
        public let answers: Int
        /// The last one.
        public let last: FrameReference
    }

    /// By element of the master.
    public let solicitations: [Solicitation]
    /// Of the network's other sources: one of them may be an element that the master was not known to have.
    public let otherSolicitations: [Solicitation]
    /// Of the network's subnets, those in which something was heard of a Key Refresh.
    public let keyRefresh: [KeyRefresh]
    /// All of the network: servers wait whoever the client is.
    public let transfers: [BLOBTransfer]
    /// All of the network, the latest of each Distributor.
    public let distributions: [FirmwareDistribution]
    /// In the order of addresses.
    public let reporters: [Reporter]
    /// In the order of addresses.
    public let groups: [Group]
    /// Friendships in which the master is the Friend.
    public let friendships: [Friendship]
    /// Its own number, if it is a path origin.
    public let paths: [PathOrigin]
    /// Nodes that joined, left, or were provisioned remotely.
    public let nodes: [NodeChange]
    /// In the order of addresses.
    public let unacknowledged: [Unacknowledged]
    /// Whether more was heard than is kept.
    public let isShortened: Bool
}
