import BoundedCollections
public import MeshProtocol

/// An access message that a key of the user's opened, of those that tell what a master managed: configuration, Remote Provisioning,
/// BLOB transfers, firmware updates. It never holds a key.
public struct HeardMessage: Hashable, Codable, Sendable {
    /// Who sent it.
    public let source: UnicastAddress
    /// To whom.
    public let destination: MeshAddress
    /// Its SeqAuth, or IV Index and SEQ: the same message is heard several times under the same one.
    public let position: SequencePosition
    /// TTL of the PDU that completed it.
    public let ttl: UInt8
    /// What it says. Of one that hands out a key, only the key indices are left.
    public let message: AccessMessage

    /// Makes a message that was opened; a key that it hands out is taken off.
    public init(
        _ message: AccessMessage, from source: UnicastAddress, to destination: MeshAddress,
        at position: SequencePosition,
        ttl: UInt8
    ) {
        self.message = message.withoutKey
        self.source = source
        self.destination = destination
        self.position = position
        self.ttl = ttl
    }
}

/// Opens the messages of one network that hand out keys, or tell what a master managed, as far as keys are at hand.
struct MessageOpening {
    private var decoder: MessageDecoder
    private let opensDeviceKeys: Bool
    /// With application keys, or with device keys under which some may be handed out.
    private var applicationMessages = 0
    private static let mostApplicationMessages = 1 << 20

    private struct Name: Hashable {
        let source: UnicastAddress
        let position: SequencePosition
    }

    /// What was told already, so that copies are told once; what is too old is the state's to judge.
    private var told = BoundedStore<Name, Void>(capacity: mostTold)
    private static let mostTold = 1024

    /// `nil` without keys above the network layer, since there is nothing to open then.
    init?(_ keys: KeyRing.Network) {
        guard !keys.upperKeys.deviceKeys.isEmpty || !keys.upperKeys.applicationKeys.isEmpty else { return nil }
        opensDeviceKeys = !keys.upperKeys.deviceKeys.isEmpty
        decoder = MessageDecoder(keys)
    }

    /// The message that this PDU completes, if it is of those that are kept.
    mutating func message(completedBy pdu: NetworkPDU) -> (AccessMessage, SequencePosition)? {
        guard pdu.usesDeviceKey ? opensDeviceKeys : mayBeKept(pdu) else { return nil }
        guard case .access(let message, let segments, _) = decoder.decode(pdu), message.isOfManagement else {
            return nil
        }
        let seqAuth = segments > 1 ? pdu.seqZero.flatMap(pdu.sequence.ofSeqAuth) : nil
        let position = SequencePosition(pdu.ivIndex, seqAuth ?? pdu.sequence)
        return isNew(pdu.source, position) ? (message, position) : nil
    }

    private mutating func isNew(_ source: UnicastAddress, _ position: SequencePosition) -> Bool {
        let name = Name(source: source, position: position)
        guard !told.contains(name) else { return false }
        told.insert((), for: name)
        return true
    }

    /// Whether an access message under an application key has a form that BLOB and Firmware Update messages have: a segment, or as short
    /// as they are. To open each lamp's status would cost more than to read the capture.
    private mutating func mayBeKept(_ pdu: NetworkPDU) -> Bool {
        guard pdu.isSegmented || [6, 7, 9, 11, 15].contains(pdu.transportPDU.count),
            applicationMessages < Self.mostApplicationMessages
        else { return false }
        applicationMessages += 1
        return true
    }
}

extension AccessMessage {
    /// Whether it tells what a master managed.
    fileprivate var isOfManagement: Bool {
        guard case .sig(let opcode) = opcode else { return false }
        switch opcode {
        case 0x00, 0x01, 0x02, 0x06, 0x66...0x68, 0x8000, 0x8003, 0x8008, 0x8016, 0x8017, 0x8039, 0x8040, 0x8041,
            0x8044, 0x8045,
            0x8049, 0x804A, 0x8059...0x805F, 0x8078...0x807A, 0x8301...0x8304, 0x830D...0x830F,
            0x8319...0x831D:
            return true
        default: return false
        }
    }

    /// Without the key that it hands out, and without the data of a BLOB.
    fileprivate var withoutKey: AccessMessage {
        guard case .sig(let opcode) = opcode else { return self }
        let kept: Int
        switch opcode {
        case 0x00, 0x01: kept = 3
        case 0x8040, 0x8045, 0x66: kept = 2
        case 0x02: kept = 0
        // A Provisioning PDU, sealed or not, is nobody's business.
        case 0x805D, 0x805F: kept = 2
        default: return self
        }
        return AccessMessage(opcode: self.opcode, parameters: Array(parameters.prefix(kept)))
    }
}
