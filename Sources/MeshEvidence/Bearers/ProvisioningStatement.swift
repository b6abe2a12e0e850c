public import MeshProtocol

/// What a provisioning bearer carried. Nobody who listens can authenticate it, nor open what it hands over.
public struct ProvisioningStatement: Hashable, Codable, Sendable {
    /// A link of a device that is being provisioned.
    public struct Link: Hashable, Codable, Sendable {
        /// What carries a provisioning link: Mesh Protocol 1.1, "Provisioning bearer layer".
        public enum Bearer: Hashable, Codable, Sendable {
            /// PB-ADV.
            case advertising(linkID: UInt32)
            /// PB-GATT.
            case gatt
        }

        /// Counts the links of the captures from 0.
        public let number: Int
        /// What carries the link.
        public let bearer: Bearer

        /// Makes a link of its number, which counts from 0, and its bearer.
        public init(number: Int, bearer: Bearer) {
            self.number = number
            self.bearer = bearer
        }
    }

    /// What a PDU of the link tells.
    public enum Event: Hashable, Codable, Sendable {
        /// A PDU of the bearer that completes nothing.
        case heard
        /// PB-ADV's Link Open names the device.
        case opened(deviceUUID: UInt128)
        /// The link was closed: PB-ADV's Link Close, with its reason.
        case closed(GenericProvisioningPDU.LinkCloseReason)
        /// A whole Provisioning PDU.
        case pdu(ProvisioningPDU, isFromProvisioner: Bool)
        /// A transaction whose segments were all heard, and whose Frame Check Sequence or length is not theirs.
        case damagedTransaction
        /// A whole transaction that is no Provisioning PDU.
        case malformed
    }

    /// On which link it was heard.
    public let link: Link
    /// Whether the bearer is provisioning beyond doubt, and does not only look like it.
    public let isCertain: Bool
    /// What happened on the link.
    public let event: Event

    /// Makes a statement of a link; `isCertain` is false where the octets may be something else.
    public init(_ link: Link, isCertain: Bool, _ event: Event) {
        self.link = link
        self.isCertain = isCertain
        self.event = event
    }
}
