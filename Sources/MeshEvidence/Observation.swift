public import MeshCrypto
public import MeshProtocol

/// One statement at one time: the only thing that the analysis is made of.
///
/// What a key of the user's authenticates is a statement of its network, and nothing else reaches a timeline. What nobody
/// authenticated is counted and shown. What a file could not give is said.
public struct Observation: Hashable, Codable, Sendable {
    /// What was said, by how far it can be believed. What is rare stands apart in memory, so that PDUs stay small.
    public enum Statement: Hashable, Codable, Sendable {
        /// Authenticated with a key of this network.
        case authentic(NetworkIndex, AuthenticStatement)
        /// Heard, and authenticated by nobody: it may be anyone's.
        indirect case unauthenticated(UnauthenticatedStatement)
        /// What is to be said of the capture itself.
        indirect case capture(CaptureStatement)
    }

    /// The frame that said it first, and how it travelled.
    public let origin: Origin
    /// What was said.
    public let statement: Statement

    /// - Parameters:
    ///   - statement: what was said.
    ///   - origin: the frame that said it first.
    public init(_ statement: Statement, from origin: Origin) {
        self.origin = origin
        self.statement = statement
    }

    /// The network whose key authenticated it.
    public var network: NetworkIndex? {
        guard case .authentic(let network, _) = statement else { return nil }
        return network
    }
}

/// A statement that a key of the network authenticates.
public enum AuthenticStatement: Hashable, Codable, Sendable {
    /// A Secure Network or Mesh Private beacon whose Authentication Value or Authentication Tag is right.
    case beacon(AuthenticBeacon)
    /// A Network PDU whose NetMIC is right.
    case networkPDU(OpenedPDU)
    /// Copies of a PDU that was observed before.
    case repetition(PDURepetition)
    /// A Solicitation PDU whose NetMIC is right: its SEQ is the SSEQ, its source the SSRC, and its IV Index always 0.
    indirect case solicitation(OpenedPDU)
    /// A message above the network layer that tells what a master managed, and that a key of the user's opened.
    indirect case message(HeardMessage)
    /// A Friend Update: the IV state as a Friend tells it to its Low Power node.
    case friendUpdate(FriendUpdate)
    /// No beacon tells the IV Index; it was found by trial, and PDUs confirm it: this one's subnet.
    case ivIndexFound(IVIndex, SubnetIndex)
    /// A configuration message handed out a NetKey, which is used from here on.
    indirect case netKeyLearned(LearnedNetKey)
    /// A Friend Request and a Friend Offer made the credentials of a friendship known.
    case friendshipEstablished(EstablishedFriendship)
    /// So many friendships made room for others, so that what was sent under their credentials stays closed.
    case friendshipsForgotten(Int)
    /// A node offers the proxy protocol; `nil` where it says its network and not who it is.
    case proxyServer(UnicastAddress?)
}

/// What an authentic Secure Network or Mesh Private beacon says.
public struct AuthenticBeacon: Hashable, Codable, Sendable {
    /// IV Index, IV Update flag and Key Refresh flag.
    public let statement: NetworkBeaconStatement
    /// `secureNetworkBeacon` or `privateBeacon`.
    public let evidence: IVEvidence
    /// The subnet whose key authenticates it.
    public let subnet: SubnetIndex
    /// The key that authenticates it: during a Key Refresh a subnet has two.
    public let key: KeyPlace
    /// How often it was heard; more than once only where its key was learned later.
    public let heard: Int
    /// Whether its key was learned after it was heard, so that not each of its hearings is told.
    public let isRecognisedLate: Bool

    /// Makes an authentic beacon; `heard` is at least 1.
    public init(
        _ statement: NetworkBeaconStatement, _ evidence: IVEvidence, subnet: SubnetIndex, key: KeyPlace, heard: Int = 1,
        isRecognisedLate: Bool = false
    ) {
        self.statement = statement
        self.evidence = evidence
        self.subnet = subnet
        self.key = key
        self.heard = heard
        self.isRecognisedLate = isRecognisedLate
    }
}

/// A Network PDU that a key opened, at its first hearing.
///
/// Byte-identical copies that were heard until it was opened are counted with it; copies under another TTL or other
/// credentials are observations of their own.
public struct OpenedPDU: Hashable, Codable, Sendable {
    /// As it was opened.
    public let pdu: NetworkPDU
    /// The subnet whose key opened it.
    public let subnet: SubnetIndex
    /// The key from which its credentials are derived.
    public let key: KeyPlace
    /// The kind of credentials that opened it: Mesh Protocol 1.1, "Encryption Key and Privacy Key".
    public let credentials: CredentialKind
    /// `proxy` for Proxy Configuration messages, `solicitation` for Solicitation PDUs, `network` for all others.
    public let nonce: NonceKind
    /// How often it was heard so far; at least 1.
    public let heard: Int

    /// Whether it is a Proxy Configuration message, and none of a node to another.
    public var isProxyConfiguration: Bool { nonce == .proxy }

    /// Makes an opened PDU; `heard` is at least 1.
    public init(
        _ pdu: NetworkPDU, subnet: SubnetIndex, key: KeyPlace, credentials: CredentialKind = .flooding,
        nonce: NonceKind = .network, heard: Int = 1
    ) {
        self.pdu = pdu
        self.subnet = subnet
        self.key = key
        self.credentials = credentials
        self.nonce = nonce
        self.heard = heard
    }
}

/// More byte-identical copies of a PDU that was observed before.
public struct PDURepetition: Hashable, Codable, Sendable {
    /// The source of the copies.
    public let source: UnicastAddress
    /// The IV Index that they were sent with.
    public let ivIndex: IVIndex
    /// How many copies; at least 1.
    public let count: Int

    /// Makes a repetition of `count` copies, at least 1.
    public init(of source: UnicastAddress, under ivIndex: IVIndex, count: Int) {
        self.source = source
        self.ivIndex = ivIndex
        self.count = count
    }
}

/// What a Friend tells its Low Power node of the network, under the credentials of their friendship.
public struct FriendUpdate: Hashable, Codable, Sendable {
    /// IV Index, IV Update flag and Key Refresh flag.
    public let statement: NetworkBeaconStatement
    /// The subnet on which the friendship is.
    public let subnet: SubnetIndex

    /// Makes a Friend Update that was opened on a subnet.
    public init(_ statement: NetworkBeaconStatement, subnet: SubnetIndex) {
        self.statement = statement
        self.subnet = subnet
    }
}

/// A NetKey that a configuration message of the capture handed out. It tells which one, and never the key.
public struct LearnedNetKey: Hashable, Codable, Sendable {
    /// Of the subnet, this key included.
    public let identity: SubnetIdentity
    /// A new subnet, if the network had none with this key index.
    public let subnet: SubnetIndex
    /// The place of the new key among the network's keys.
    public let key: KeyPlace
    /// Who handed it out.
    public let source: UnicastAddress

    /// Makes the statement that `source` handed out the key at this place.
    public init(_ identity: SubnetIdentity, subnet: SubnetIndex, key: KeyPlace, from source: UnicastAddress) {
        self.identity = identity
        self.subnet = subnet
        self.key = key
        self.source = source
    }
}

/// A friendship whose credentials became known from its Friend Request and Friend Offer.
public struct EstablishedFriendship: Hashable, Codable, Sendable {
    /// The node that asked for a Friend.
    public let lowPowerNode: UnicastAddress
    /// The node that offered to be one, and whose friendship this is.
    public let friend: UnicastAddress
    /// The subnet on which the friendship is.
    public let subnet: SubnetIndex

    /// Makes the statement that the credentials of these two nodes are known.
    public init(lowPowerNode: UnicastAddress, friend: UnicastAddress, subnet: SubnetIndex) {
        self.lowPowerNode = lowPowerNode
        self.friend = friend
        self.subnet = subnet
    }
}

/// How a subnet is told apart in the open, without its key.
public struct SubnetIdentity: Hashable, Codable, Sendable {
    /// NetKey index: 0 is the primary subnet.
    public let keyIndex: KeyIndex
    /// Of the subnet, where a key file gives one.
    public let name: String?
    /// Network ID, 64 bits: Mesh Protocol 1.1, "Network ID". Of the newest key.
    public let networkID: UInt64
    /// 7 bits.
    public let nid: UInt8
    /// The Network ID of the key that a Key Refresh replaces; `nil` where there is none.
    public let oldNetworkID: UInt64?

    /// What a subnet of a key ring shows in the open; keeps no key.
    public init(_ subnet: KeyRing.Subnet) {
        keyIndex = subnet.keyIndex
        name = subnet.name
        networkID = subnet.keys.networkID
        nid = subnet.keys.flooding.nid
        oldNetworkID = subnet.oldKeys?.networkID
    }
}

/// What was heard and is authenticated by nobody.
public enum UnauthenticatedStatement: Hashable, Codable, Sendable {
    /// The Network ID is that of a key, and the Authentication Value is not.
    case falseBeacon(NetworkIndex, SubnetIndex)
    /// Secure Network beacons of a Network ID that no key has: so many more, or fewer once a learned key authenticated them.
    case foreignBeacons(networkID: UInt64, change: Int)
    /// Mesh Private beacons that no key authenticates; as above.
    case foreignPrivateBeacons(change: Int)
    /// Network PDUs with a right length and a NID that nothing opens.
    case closedPDUs(ClosedPDUs)
    /// Network PDUs that gave way in a full store before anything told the IV Index.
    case pdusGivenUp(Int)
    /// Solicitation PDUs that no key opens: so many more, or fewer once a learned key opened them.
    case closedSolicitations(change: Int)
    /// A proxy server advertises a Network ID that no key has.
    case foreignProxyServer(networkID: UInt64)
    /// A proxy server's identity that was not tried: more were heard than can be.
    case identityNotResolved
    /// A PDU of a provisioning bearer.
    case provisioning(ProvisioningStatement)
    /// An Unprovisioned Device beacon.
    case unprovisionedDevice(UnprovisionedDeviceBeacon)
    /// A URI that a device may mean by its hash, told once.
    case uri(HeardURI)
}

/// Network PDUs that nothing opens, as a change of their number: fewer once they were opened after all.
public struct ClosedPDUs: Hashable, Codable, Sendable {
    /// 7 bits.
    public let nid: UInt8
    /// The networks that have credentials with this NID; none for a foreign PDU.
    public let networks: [NetworkIndex]
    /// How many PDUs, copies included.
    public let change: Int
    /// Tells the PDU in the frame of this observation from others, for a report to name each once; `nil` for a mere number of them.
    public let sample: UInt32?

    /// Makes a change of the number of closed PDUs; `change` is negative where they opened after all.
    public init(nid: UInt8, networks: [NetworkIndex], change: Int, sample: UInt32?) {
        self.nid = nid
        self.networks = networks
        self.change = change
        self.sample = sample
    }
}
