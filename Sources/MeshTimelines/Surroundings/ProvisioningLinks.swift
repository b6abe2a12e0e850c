import BoundedCollections
public import MeshEvidence
public import MeshProtocol

/// One provisioning of one device. The keys that it hands over cannot be told from a capture.
public struct ProvisioningLink: Hashable, Codable, Sendable {
    /// A Provisioning PDU, and the frame that completed it.
    public struct Step: Hashable, Codable, Sendable {
        /// Which Provisioning PDU: Mesh Protocol 1.1, "Provisioning PDUs".
        public let kind: ProvisioningPDU.Kind
        /// Whether the provisioner sent it; otherwise the device did.
        public let isFromProvisioner: Bool
        /// The frame that completed it.
        public let frame: FrameReference
    }

    private static let mostSteps = 64

    /// What carries the link.
    public let bearer: ProvisioningStatement.Link.Bearer
    /// PB-ADV names it in its Link Open.
    public private(set) var deviceUUID: UInt128?
    /// The algorithm that the provisioner chose in its Start PDU; `nil` where that was not heard.
    public private(set) var algorithm: ProvisioningPDU.Algorithm?
    /// As many as the device has.
    public private(set) var elements: UInt8?
    /// In the order of hearing, without what PB-ADV sent again; the first few.
    public private(set) var steps: [Step] = []
    /// PB-ADV: transactions whose segments were all heard, and whose Frame Check Sequence was theirs.
    public private(set) var transactions = 0
    /// PB-ADV: transactions whose segments were all heard, and whose Frame Check Sequence was not theirs.
    public private(set) var damagedTransactions = 0
    /// Whole Provisioning PDUs that break their format.
    public private(set) var malformed = 0
    /// PDUs of the bearer, copies included.
    public private(set) var heard = 0
    /// The reason of PB-ADV's Link Close; `nil` where none was heard.
    public private(set) var closed: GenericProvisioningPDU.LinkCloseReason?
    /// What the device said went wrong.
    public private(set) var failure: String?
    /// The first PDU of the bearer.
    public let first: FrameReference
    /// The latest PDU of the bearer.
    public private(set) var last: FrameReference
    /// Whether it is provisioning beyond doubt.
    private(set) var isCertain = false

    init(bearer: ProvisioningStatement.Link.Bearer, first: FrameReference) {
        self.bearer = bearer
        self.first = first
        last = first
    }

    /// Whether the device said that it is provisioned.
    public var isComplete: Bool { steps.contains { $0.kind == .complete } }

    mutating func apply(_ statement: ProvisioningStatement, at frame: FrameReference) {
        heard += 1
        last = frame
        isCertain = isCertain || statement.isCertain
        switch statement.event {
        case .heard: return
        case .opened(let uuid): deviceUUID = uuid
        case .closed(let reason): closed = closed ?? reason
        case .damagedTransaction: damagedTransactions += 1
        case .malformed:
            transactions += 1
            malformed += 1
        case .pdu(let pdu, let isFromProvisioner):
            if bearer != .gatt { transactions += 1 }
            apply(pdu, isFromProvisioner: isFromProvisioner, at: frame)
        }
    }

    private mutating func apply(_ pdu: ProvisioningPDU, isFromProvisioner: Bool, at frame: FrameReference) {
        algorithm = pdu.algorithm ?? algorithm
        elements = pdu.elements ?? elements
        failure = pdu.failure ?? failure
        guard steps.count < Self.mostSteps else { return }
        steps.append(Step(kind: pdu.kind, isFromProvisioner: isFromProvisioner, frame: frame))
    }
}

/// The provisioning that captures hold, link by link. Bounded: the oldest links give way.
struct ProvisioningLinks: Hashable, Codable {
    private var links = BoundedStore<Int, ProvisioningLink>(capacity: 1024)

    mutating func apply(_ statement: ProvisioningStatement, at frame: FrameReference) {
        let fresh = ProvisioningLink(bearer: statement.link.bearer, first: frame)
        links[statement.link.number, default: fresh].apply(statement, at: frame)
    }

    /// The links that are provisioning beyond doubt, in the order of hearing.
    var certain: [ProvisioningLink] { links.entries.map(\.value).filter(\.isCertain) }
}
