public import MeshEvidence
public import MeshProtocol

/// What a node was told, or said, of its membership.
public struct NodeChange: Hashable, Codable, Sendable {
    /// The names are those of the JSON.
    public enum Kind: String, Hashable, Codable, Sendable {
        /// A NetKey or AppKey was handed to it, as to a node that joins.
        case keysHandedOut = "keys_handed_out"
        /// It was told to leave the network.
        case resetAsked = "reset_asked"
        /// It says that it left.
        case reset
        /// A Remote Provisioning message went to it, or came from it.
        case remoteProvisioning = "remote_provisioning"
    }

    /// What it was.
    public let kind: Kind
    /// The node.
    public let node: UnicastAddress
    /// The last such message, in the specification's words.
    public internal(set) var message: String
    /// How many such messages.
    public internal(set) var count = 1
    /// The first of them.
    public let first: FrameReference
    /// The last of them.
    public internal(set) var last: FrameReference
}

/// What configuration messages told of a Key Refresh.
public struct KeyRefreshMessage: Hashable, Codable, Sendable {
    /// The names are those of the JSON.
    public enum Kind: String, Hashable, Codable, Sendable {
        /// A Config NetKey Update handed out the new key: phase 1.
        case keyUpdate = "key_update"
        /// The node was told to go to phase 2, or to the end, by a Config Key Refresh Phase Set.
        case phaseSet = "phase_set"
        /// The node says its phase in a Config Key Refresh Phase Status.
        case phaseStatus = "phase_status"
    }

    /// Which message it was.
    public let kind: Kind
    /// Of the subnet.
    public let keyIndex: KeyIndex
    /// The node that was told, or says so.
    public let node: UnicastAddress
    /// The phase that is said, or the transition that is told; 1 for a Config NetKey Update.
    public let phase: UInt8
    /// Where it was heard.
    public let frame: FrameReference
}

/// A node that was told where to send its Heartbeats.
public struct HeartbeatPublication: Hashable, Codable, Sendable {
    /// Who sends them.
    public let node: UnicastAddress
    /// To whom; 0x0000 for nobody.
    public let destination: MeshAddress
    /// Seconds between them, 0 for none.
    public let period: Int
    /// Where it was told.
    public let frame: FrameReference
}

/// A friendship that was heard to be made.
public struct Friendship: Hashable, Codable, Sendable {
    /// Who stores.
    public let friend: UnicastAddress
    /// For whom.
    public let lowPowerNode: UnicastAddress
    /// How often it was made.
    public internal(set) var count = 1
    /// Where it was made last.
    public internal(set) var last: FrameReference
    /// The last Friend Poll under its credentials; `nil` where none was heard: an offer need not be taken.
    public internal(set) var lastPoll: FrameReference?
}

/// A friendship that another one takes the place of.
public struct EndedFriendship: Hashable, Codable, Sendable {
    /// For whom was stored.
    public let lowPowerNode: UnicastAddress
    /// Who stored until then.
    public let friend: UnicastAddress
    /// Where it was told.
    public let frame: FrameReference
}

/// The forwarding number of a path origin: Mesh Protocol 1.1, "Directed forwarding".
public struct PathOrigin: Hashable, Codable, Sendable {
    /// The primary element of the node.
    public let address: UnicastAddress
    /// The last number of its Path Requests, modulo 256: peers drop what is less.
    public internal(set) var forwardingNumber: UInt8
    /// 0 for 12 minutes, 1 for 2 hours, 2 for 24 hours, 3 for 10 days.
    public internal(set) var lifetime: UInt8
    /// How many Path Requests of it were heard.
    public internal(set) var count = 1
    /// Where the number was heard first.
    public internal(set) var last: FrameReference
    /// A lower number that it sent itself, behind the higher one: begun anew.
    public internal(set) var fall: Fall?

    /// Numbers that went back.
    public struct Fall: Hashable, Codable, Sendable {
        /// The lower number, the last one that was heard.
        public let to: UInt8
        /// Where it was heard.
        public let frame: FrameReference
    }
}

/// What a master managed beside IV Index and SEQ: folded from what opened, and bounded.
public struct CardState: Hashable, Codable, Sendable {
    private static let mostOfAKind = 512
    private static let mostClears = 64

    private var correspondence = Correspondence()
    private var blobs = BLOBTransfers()
    private var firmware = FirmwareDistributions()
    /// In the order of hearing.
    public private(set) var friendships: [Friendship] = []
    /// Friendships that a Friend Clear was heard to end, in the order of hearing.
    public private(set) var friendClears: [EndedFriendship] = []
    /// In the order of hearing.
    public private(set) var pathOrigins: [PathOrigin] = []
    /// In the order of hearing.
    public private(set) var nodeChanges: [NodeChange] = []
    /// Of each node and subnet the last of each kind, in the order of hearing.
    public private(set) var keyRefresh: [KeyRefreshMessage] = []
    /// The last of each node, in the order of hearing.
    public private(set) var heartbeatPublications: [HeartbeatPublication] = []
    init() {}

    /// Who sends what to whom, in the order of hearing.
    public var strands: [Strand] { correspondence.strands }
    /// Whether there was no room for all of them.
    public var isFull: Bool { correspondence.isFull }
    /// The BLOB transfers, in the order of hearing.
    public var transfers: [BLOBTransfer] { blobs.all }
    /// The latest firmware distribution of each Distributor, in the order of hearing.
    public var distributions: [FirmwareDistribution] { firmware.all }

    /// Takes a PDU that was heard for the first time.
    ///
    /// `isLatest`: its position is the highest of its source; what is below may be late, or a recording that was missed when it was sent.
    mutating func apply(_ opened: OpenedPDU, isLatest: Bool, at frame: FrameReference) {
        guard !opened.isProxyConfiguration else { return }
        let pdu = opened.pdu
        correspondence.apply(pdu, isLatest: isLatest, at: frame)
        if pdu.isControl { applyControl(opened, isLatest: isLatest, at: frame) }
    }

    private mutating func applyControl(_ opened: OpenedPDU, isLatest: Bool, at frame: FrameReference) {
        let pdu = opened.pdu
        guard [0x01, 0x05, 0x0B].contains(pdu.transportHeader) else { return }
        switch ControlMessage(pdu) {
        case .pathRequest(let request):
            apply(request, isOwn: isLatest && pdu.source == request.pathOrigin, at: frame)
        case .friendClear(let lpn, _): note(clear: lpn, to: pdu.destination, at: frame)
        case .friendPoll where opened.credentials == .friendship: notePoll(pdu, at: frame)
        default: return
        }
    }

    /// A new Friend tells the one before.
    private mutating func note(clear lpn: MeshAddress, to destination: MeshAddress?, at frame: FrameReference) {
        guard let lpn = UnicastAddress(lpn.value), let friend = destination.flatMap({ UnicastAddress($0.value) }) else {
            return
        }
        friendClears.removeAll { $0.lowPowerNode == lpn && $0.friend == friend }
        guard friendClears.count < Self.mostClears else { return }
        friendClears.append(EndedFriendship(lowPowerNode: lpn, friend: friend, frame: frame))
    }

    private mutating func notePoll(_ pdu: NetworkPDU, at frame: FrameReference) {
        let place = friendships.firstIndex {
            $0.lowPowerNode == pdu.source && $0.friend.value == pdu.destination?.value
        }
        if let place { friendships[place].lastPoll = max(friendships[place].lastPoll ?? frame, frame) }
    }

    /// `isOwn`: its origin sent it just then; other nodes pass it on under their own address and SEQ.
    private mutating func apply(_ request: ControlMessage.PathRequest, isOwn: Bool, at frame: FrameReference) {
        guard let place = pathOrigins.firstIndex(where: { $0.address == request.pathOrigin }) else {
            guard pathOrigins.count < Self.mostOfAKind else { return }
            pathOrigins.append(
                PathOrigin(
                    address: request.pathOrigin, forwardingNumber: request.forwardingNumber, lifetime: request.lifetime,
                    last: frame))
            return
        }
        pathOrigins[place].count += 1
        let step = Int8(bitPattern: request.forwardingNumber &- pathOrigins[place].forwardingNumber)
        // What is passed on comes late, and is no step back.
        if step < 0, isOwn { pathOrigins[place].fall = .init(to: request.forwardingNumber, frame: frame) }
        guard step > 0 else { return }
        pathOrigins[place].fall = nil
        pathOrigins[place].forwardingNumber = request.forwardingNumber
        pathOrigins[place].lifetime = request.lifetime
        pathOrigins[place].last = frame
    }

    mutating func apply(_ friendship: EstablishedFriendship, at frame: FrameReference) {
        let known = friendships.firstIndex {
            $0.friend == friendship.friend && $0.lowPowerNode == friendship.lowPowerNode
        }
        guard let place = known else {
            guard friendships.count < Self.mostOfAKind else { return }
            friendships.append(
                Friendship(friend: friendship.friend, lowPowerNode: friendship.lowPowerNode, last: frame))
            return
        }
        // A run that goes on finds it once more by the same offer.
        guard friendships[place].last != frame else { return }
        friendships[place].count += 1
        friendships[place].last = max(friendships[place].last, frame)
    }

    // MARK: Messages

    mutating func apply(_ heard: HeardMessage, at frame: FrameReference) {
        if let message = BLOBMessage(heard.message) {
            blobs.apply(message, of: heard, at: frame)
        } else if let message = FirmwareDistributionMessage(heard.message) {
            firmware.apply(message, of: heard, at: frame)
        } else if let message = ConfigurationMessage(heard.message) {
            apply(message, of: heard, at: frame)
        } else {
            applyOther(heard, at: frame)
        }
    }

    private mutating func apply(_ message: ConfigurationMessage, of heard: HeardMessage, at frame: FrameReference) {
        switch message {
        case .keyRefreshPhaseSet(let index, let transition):
            note(.phaseSet, index, heard.destination, phase: transition, at: frame)
        case .keyRefreshPhaseStatus(let status, let index, let phase) where status.isSuccess:
            note(.phaseStatus, index, MeshAddress(heard.source.value), phase: phase, at: frame)
        case .nodeReset(let isStatus):
            note(
                isStatus ? .reset : .resetAsked, isStatus ? MeshAddress(heard.source.value) : heard.destination, heard,
                at: frame)
        case .heartbeatPublication(let status, let publication) where status?.isSuccess ?? true:
            let node = status == nil ? UnicastAddress(heard.destination.value) : heard.source
            guard let node else { return }
            note(publication, of: node, at: frame)
        default: return
        }
    }

    /// Messages of which the key was taken off, and those without fields of their own.
    private mutating func applyOther(_ heard: HeardMessage, at frame: FrameReference) {
        guard case .sig(let opcode) = heard.message.opcode else { return }
        switch opcode {
        case 0x00, 0x8040: note(.keysHandedOut, heard.destination, heard, at: frame)
        case 0x8045:
            let octets = heard.message.parameters
            guard octets.count >= 2 else { return }
            let index = KeyIndex(truncating: UInt16(octets[0]) | UInt16(octets[1]) << 8)
            note(.keyUpdate, index, heard.destination, phase: 1, at: frame)
        case 0x8059, 0x805A, 0x805D: note(.remoteProvisioning, heard.destination, heard, at: frame)
        case 0x805B, 0x805C, 0x805E, 0x805F:
            note(.remoteProvisioning, MeshAddress(heard.source.value), heard, at: frame)
        default: return
        }
    }

    private mutating func note(
        _ kind: KeyRefreshMessage.Kind, _ index: KeyIndex, _ node: MeshAddress, phase: UInt8, at frame: FrameReference
    ) {
        guard let node = UnicastAddress(node.value) else { return }
        keyRefresh.removeAll { $0.kind == kind && $0.keyIndex == index && $0.node == node }
        guard keyRefresh.count < Self.mostOfAKind else { return }
        keyRefresh.append(KeyRefreshMessage(kind: kind, keyIndex: index, node: node, phase: phase, frame: frame))
    }

    private mutating func note(
        _ kind: NodeChange.Kind, _ node: MeshAddress, _ heard: HeardMessage, at frame: FrameReference
    ) {
        guard let node = UnicastAddress(node.value) else { return }
        guard let place = nodeChanges.firstIndex(where: { $0.kind == kind && $0.node == node }) else {
            guard nodeChanges.count < Self.mostOfAKind else { return }
            nodeChanges.append(
                NodeChange(kind: kind, node: node, message: heard.message.name, first: frame, last: frame))
            return
        }
        nodeChanges[place].count += 1
        nodeChanges[place].message = heard.message.name
        nodeChanges[place].last = frame
    }

    private mutating func note(
        _ publication: ConfigurationMessage.HeartbeatPublication, of node: UnicastAddress, at frame: FrameReference
    ) {
        heartbeatPublications.removeAll { $0.node == node }
        guard heartbeatPublications.count < Self.mostOfAKind else { return }
        let log = publication.periodLog
        let isSent = publication.destination.value != 0 && publication.countLog != 0 && (1...0x11).contains(log)
        heartbeatPublications.append(
            HeartbeatPublication(
                node: node, destination: publication.destination, period: isSent ? 1 << (Int(log) - 1) : 0, frame: frame
            ))
    }
}

extension PathOrigin {
    /// How long peers keep its number: Mesh Protocol 1.1, "Path Lifetime".
    public var lifetimeSeconds: Int { [720, 7200, 86_400, 864_000][Int(lifetime) & 3] }
}

extension KeyedDecodingContainer {
    /// A state that was saved without a card begins one.
    func decode(_ type: CardState.Type, forKey key: Key) throws -> CardState {
        try decodeIfPresent(type, forKey: key) ?? CardState()
    }
}
