public import CaptureFiles
public import MeshProtocol

/// The finished result. Reports show it and cannot ask for more, so that two formats cannot disagree.
public struct Analysis: Sendable {
    public struct Capture: Sendable {
        public internal(set) var path: String
        public let format: CaptureFormat
        /// How it fits the others, where there are several; its times are aligned.
        public let alignment: CaptureAlignment?
        /// In the order in which they were met.
        public internal(set) var linkTypes: [LinkType] = []
        public internal(set) var frames = 0
        public internal(set) var crcFailed = 0
        public internal(set) var firstTime: CaptureTime?
        public internal(set) var lastTime: CaptureTime?
        public internal(set) var timeDigits: Int
        /// False where the file broke off.
        public internal(set) var isComplete = true
        /// Why it broke off.
        public internal(set) var failure: CaptureError?
    }

    public struct Subnet: Sendable {
        public let keyIndex: UInt16
        public let name: String?
        public let networkID: UInt64
        public let nid: UInt8
        public let oldNetworkID: UInt64?
        public let authenticBeacons: Int
        public let notAuthenticBeacons: Int
        /// What beacons told of a Key Refresh, in the order in which it goes.
        public let keyRefresh: [KeyRefreshRecord]
        /// The usual time between two beacons; a node should hear one about every 10 s.
        public let beaconInterval: Duration?
    }

    public struct Source: Sendable {
        public let address: UnicastAddress
        /// The node's, from a key file.
        public let name: String?
        /// Oldest IV Index first.
        public let epochs: [Epoch]
        public let verdict: RecoveryVerdict
    }

    public struct Network: Sendable {
        public let name: String?
        /// As given, and with what the captures themselves handed out.
        public let keys: KeyRing.Network
        public let subnets: [Subnet]
        /// The highest authenticated IV state; `nil` if nothing tells it.
        public let iv: IVStateRecord?
        /// The user's hint, which is no evidence.
        public let givenIVIndex: IVIndex?
        /// All states that were said, in their order.
        public let ivTimeline: [IVStateRecord]
        /// What a replacement would do by itself at each state, where that was asked; and the IV Index it starts with.
        public let replacement: (start: IVIndex, steps: [ReplacementStep])?
        public let heard: Int
        public let opened: Int
        public let distinct: Int
        public let notOpened: Int
        /// By address.
        public let sources: [Source]

        /// Those that were heard.
        public var heardAddresses: [UnicastAddress] { sources.filter { !$0.epochs.isEmpty }.map(\.address) }

        /// The IV Indexes that its nodes transmitted with, as far as anything tells.
        public var transmitIndexes: [IVIndex] {
            sources.flatMap(\.epochs).map(\.ivIndex) + ivTimeline.map(\.state.transmitIndex)
        }
    }

    public struct Master: Sendable {
        public enum Choice: String, Sendable {
            case option
            case keyFile = "key_file"
            case inference
        }

        public let network: Int
        public let address: UnicastAddress
        public let choice: Choice
        /// Why this source, where it was inferred; and the next likely one.
        public internal(set) var reasons: [MasterReason] = []
        public internal(set) var runnerUp: MasterCandidate?
        /// Of the node, the first one's first.
        public internal(set) var elements: [UnicastAddress] = []
        /// Where no SEQ can be told: an address that nothing known uses, with room for all elements.
        public internal(set) var newAddress: UnicastAddress?
        /// Of the node: the highest of its elements', since a node may have one counter for all.
        public internal(set) var verdict: RecoveryVerdict = .ivIndexUnknown
    }

    /// Secure Network beacons of a Network ID that no key has; nothing of them is authenticated.
    public struct ForeignBeacon: Sendable {
        public let networkID: UInt64
        public internal(set) var count: Int
        public let first: FrameReference
    }

    /// A node that offers the proxy protocol, by what it advertises under a key.
    public struct ProxyServer: Sendable {
        public let network: Int
        /// `nil` where it says its network and not who it is.
        public let address: UnicastAddress?
        public internal(set) var count: Int
        public let first: FrameReference
    }

    public struct UnprovisionedDevice: Sendable {
        public let uuid: UInt128
        public let oobInformation: OOBInformation
        public let uriHash: UInt32?
        public internal(set) var uri: String?
        public internal(set) var count: Int
        public let first: FrameReference
    }

    /// One provisioning of one device. The keys that it hands over cannot be told from a capture.
    public struct ProvisioningLink: Sendable {
        public enum Bearer: Hashable, Sendable {
            /// PB-ADV.
            case advertising(linkID: UInt32)
            /// PB-GATT.
            case gatt
        }

        /// A Provisioning PDU, and the frame that completed it.
        public struct Step: Hashable, Sendable {
            public let kind: ProvisioningPDU.Kind
            public let isFromProvisioner: Bool
            public let frame: FrameReference
        }

        public let bearer: Bearer
        /// PB-ADV names it in its Link Open.
        public internal(set) var deviceUUID: UInt128?
        public internal(set) var algorithm: ProvisioningPDU.Algorithm?
        public internal(set) var elements: UInt8?
        /// In the order of hearing, without what PB-ADV sent again.
        public internal(set) var steps: [Step] = []
        /// PB-ADV: transactions whose segments were all heard, and whose FCS was theirs.
        public internal(set) var transactions = 0
        public internal(set) var damagedTransactions = 0
        /// Whole Provisioning PDUs that break their format.
        public internal(set) var malformed = 0
        /// PDUs of the bearer, copies included.
        public internal(set) var heard = 0
        public internal(set) var closed: GenericProvisioningPDU.LinkCloseReason?
        /// What the device said went wrong.
        public internal(set) var failure: String?
        public let first: FrameReference
        public internal(set) var last: FrameReference
        var isCertain = true

        init(bearer: Bearer, first: FrameReference) {
            self.bearer = bearer
            self.first = first
            last = first
        }

        /// Whether the device said that it is provisioned.
        public var isComplete: Bool { steps.contains { $0.kind == .complete } }
    }

    public private(set) var captures: [Capture]
    /// Captures that could not be used at all.
    public let unusable: [CaptureError]
    public let networks: [Network]
    /// The failed device: one, or one in each network that it could be in.
    public let masters: [Master]
    /// A master was asked for, and there is no network to look in.
    let isMasterMissing: Bool
    /// PDUs with a NID of no key.
    public let unopened: [(nid: UInt8, heard: Int)]
    public let foreignBeacons: [ForeignBeacon]
    /// Mesh Private beacons that no key authenticates.
    public let foreignPrivateBeacons: Int
    public let proxyServers: [ProxyServer]
    public let unprovisionedDevices: [UnprovisionedDevice]
    public let provisioningLinks: [ProvisioningLink]
    /// The gravest first.
    public let findings: [Finding]

    /// What was found for a master.
    public func source(of master: Master) -> Source? {
        networks[master.network].sources.first { $0.address == master.address }
    }

    /// The end of the captures.
    public var lastTime: CaptureTime? { captures.compactMap(\.lastTime).max() }

    /// Whether the question that was asked has an answer: the masters' numbers, or else each network's IV Index.
    public var isAnswered: Bool {
        guard masters.isEmpty else { return masters.allSatisfy { $0.verdict.recovery != nil } }
        return !isMasterMissing && networks.allSatisfy { $0.iv != nil }
    }

    /// The same analysis with other names for its captures, so that a report does not depend on where it was made.
    public func renamed(_ paths: [String]) -> Analysis {
        var renamed = self
        for (index, path) in zip(captures.indices, paths) { renamed.captures[index].path = path }
        return renamed
    }
}
