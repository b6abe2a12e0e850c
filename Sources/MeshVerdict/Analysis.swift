public import CaptureFiles
public import MeshEvidence
public import MeshProtocol
public import MeshTimelines

/// The finished result. Reports show it and cannot ask for more, so that two formats cannot disagree.
public struct Analysis: Sendable {
    /// What was found of one subnet.
    public struct Subnet: Sendable {
        /// How it is told apart in the open.
        public let identity: SubnetIdentity
        /// Beacons that its keys authenticate.
        public let authenticBeacons: Int
        /// Beacons with its Network ID that its keys do not authenticate.
        public let notAuthenticBeacons: Int
        /// What beacons told of a Key Refresh, in the order in which it goes.
        public let keyRefresh: [SubnetState.KeyRefreshStep]
        /// The usual time between two beacons; a node should hear one about every 10 s.
        public let beaconInterval: Duration?
        /// Some of its beacons, spread evenly over time, for pictures.
        public let beaconMarks: [BeaconMark]
    }

    /// What was found of one unicast address.
    public struct Source: Sendable {
        /// One element of a node.
        public let address: UnicastAddress
        /// The node's name in the key file; `nil` where no key file names it.
        public let name: String?
        /// Oldest IV Index first.
        public let epochs: [Epoch]
        /// The subnet under whose key alone it was heard, and the one that a bridge repeats there: what is not repeated of a node
        /// of that other subnet was not heard. `nil` where nothing tells of a bridge.
        public let bridge: SourceTimeline.Bridge?
        /// What a replacement under this address must be given.
        public let verdict: RecoveryVerdict
        /// Some of the first hearings of its SEQ, spread evenly over time, for pictures.
        public let marks: [SequenceMark]
        /// PDUs of it that were heard again after a higher SEQ: the first few.
        public let replays: [SequenceMark]
    }

    /// What a replacement would do by itself at each state that the network says.
    public struct Replacement: Sendable {
        /// The IV Index that it starts with, in Normal Operation.
        public let start: IVIndex
        /// One for each state that the network said, in their order.
        public let steps: [ReplacementStep]
    }

    /// What was found of one network: all that shares an IV Index and an address space.
    public struct Network: Sendable {
        /// From a key file; `nil` where it has none.
        public let name: String?
        /// As given, and with what the captures themselves handed out.
        public let keys: KeyRing.Network
        /// In the order of the keys; those that a configuration message handed out stand last.
        public let subnets: [Subnet]
        /// The highest authenticated IV state; `nil` if nothing tells it.
        public let iv: IVStateRecord?
        /// The IV Index that the user gave as a hint; it is no evidence.
        public let givenIVIndex: IVIndex?
        /// All states that were said, in their order.
        public let ivTimeline: [IVStateRecord]
        /// What a replacement would do by itself; `nil` unless the user or a key file gives the IV Index that it starts
        /// with.
        public let replacement: Replacement?
        /// PDUs with a NID of this network's credentials, copies included.
        public let heard: Int
        /// How many of `heard` a key opened.
        public let opened: Int
        /// How many of `opened` differ in IV Index, SEQ or source: copies are left out.
        public let distinct: Int
        /// How many of `heard` nothing opened.
        public let notOpened: Int
        /// How many sources sent Solicitation PDUs that opened.
        public let solicitors: Int
        /// What was found of each unicast address, in the order of addresses.
        public let sources: [Source]
        /// How much its keys are worth; `nil` where nobody looked at the messages.
        public internal(set) var keyAudit: KeyAudit?
        /// Sources that may be the failed device, where nobody named it and none stands out; the likeliest first.
        public internal(set) var masterCandidates: [MasterCandidate] = []

        /// The addresses of which at least one PDU was heard.
        public var heardAddresses: [UnicastAddress] { sources.filter { !$0.epochs.isEmpty }.map(\.address) }

        /// The IV Indexes that its nodes transmitted with, as far as anything tells.
        public var transmitIndexes: [IVIndex] {
            sources.flatMap(\.epochs).map(\.ivIndex) + ivTimeline.map(\.state.transmitIndex)
        }
    }

    /// The failed device, and what its replacement must be given.
    public struct Master: Sendable {
        /// Who says that this source is the master; the names are those of the JSON.
        public enum Choice: String, Sendable {
            case option
            case keyFile = "key_file"
            case inference
        }

        /// The network in which it was looked for.
        public let network: NetworkIndex
        /// The unicast address of its primary element.
        public let address: UnicastAddress
        /// Who says so.
        public let choice: Choice
        /// Why this source, where it was inferred.
        public internal(set) var reasons: [MasterReason] = []
        /// The source that is the next likely master, where the master was inferred.
        public internal(set) var runnerUp: MasterCandidate?
        /// The unicast addresses of the node's elements; the primary element's comes first.
        public internal(set) var elements: [UnicastAddress] = []
        /// A unicast address that nothing known uses, with room for all elements behind it; only where no SEQ can be told.
        public internal(set) var newAddress: UnicastAddress?
        /// The verdict of the node: the highest of its elements' verdicts, since a node may have one SEQ counter for all of
        /// them.
        public internal(set) var verdict: RecoveryVerdict = .ivIndexUnknown
        /// What dies with it beside IV Index and SEQ.
        public internal(set) var card: TakeoverCard?
        /// The first SEQ if it lived on unheard behind the captures, for longer and longer; empty where the user says when it
        /// failed, and where there is no number at all.
        public internal(set) var ifItLivedOn: [Longer] = []
    }

    /// What becomes of an answer if the failed device lived on.
    public struct Longer: Hashable, Sendable {
        /// Behind the end of the captures.
        public let time: Duration
        /// `nil` where no SEQ is left that is sure.
        public let recommended: SequenceNumber?

        /// How much longer is asked.
        static let times: [Duration] = [1, 6, 24, 72, 168].map { .seconds($0 * 3600) }
    }

    /// PDUs with a NID of no key.
    public struct ForeignPDUs: Hashable, Sendable {
        /// 7 bits.
        public let nid: UInt8
        /// How many, copies included.
        public let heard: Int
    }

    /// In the order in which they were given, without the unusable ones.
    public internal(set) var captures: [CaptureSummary]
    /// Captures that could not be used at all.
    public let unusable: [CaptureError]
    /// In the order of the keys.
    public internal(set) var networks: [Network]
    /// The failed device: one, or one in each network that it could be in.
    public let masters: [Master]
    /// Whether the user named a master although there is no network to look for it in.
    let isMasterMissing: Bool
    /// Solicitation PDUs that no key opens.
    public let closedSolicitations: Int
    /// PDUs with a NID of no key, in the order of the NIDs.
    public let unopened: [ForeignPDUs]
    /// Secure Network beacons of a Network ID that no key has; nothing of them is authenticated.
    public let foreignBeacons: [Surroundings.ForeignNetwork]
    /// Proxy servers that advertise Network IDs which no key has.
    public let foreignProxyServers: [Surroundings.ForeignProxyServers]
    /// Mesh Private beacons that no key authenticates.
    public let foreignPrivateBeacons: Int
    /// Nodes that advertise the proxy service under a key, by network and address.
    public let proxyServers: [ProxyServer]
    /// Devices that wait to be provisioned, in the order of hearing.
    public let unprovisionedDevices: [UnprovisionedDevice]
    /// What is provisioning beyond doubt, in the order of hearing.
    public let provisioningLinks: [ProvisioningLink]
    /// The time of the last authentic frame of all captures, until which the answer knows anything; `nil` where there is none.
    public let lastTime: CaptureTime?
    /// When somebody listened, where the answer rests on a kept state.
    public let listening: Listening?
    /// The gravest first.
    public let findings: [Finding]

    /// The index of each of `networks`, in their order.
    public var networkIndexes: [NetworkIndex] { networks.indices.map { NetworkIndex($0) } }

    /// The network with this index.
    public subscript(network: NetworkIndex) -> Network { networks[network.value] }

    /// What was found for a master.
    public func source(of master: Master) -> Source? {
        self[master.network].sources.first { $0.address == master.address }
    }

    /// Whether the question that was asked has an answer: the masters' numbers, or else each network's IV Index.
    ///
    /// Numbers under a key, or an IV Index, that does not open what is heard answer nothing.
    public var isAnswered: Bool {
        guard doubts.isEmpty else { return false }
        guard masters.isEmpty else { return masters.allSatisfy { $0.verdict.recovery != nil } }
        return !isMasterMissing && networks.allSatisfy { $0.iv != nil }
    }

    /// Findings about the networks in question after which no answer is to be relied on: their keys, or what is known of their IV
    /// Index, do not open what is heard.
    public var doubts: [Finding] {
        let asked = Set(masters.map(\.network))
        return findings.filter { finding in
            (finding.kind == .keyFellSilent || finding.kind == .trafficStaysClosed)
                && (asked.isEmpty || finding.network.map(asked.contains) ?? false)
        }
    }

    /// The same analysis with other names for its captures, so that a report does not depend on where it was made.
    public func renamed(_ paths: [String]) -> Analysis {
        var renamed = self
        for (index, path) in zip(captures.indices, paths) { renamed.captures[index].path = path }
        return renamed
    }
}
