public import MeshProtocol

/// One statement at one time. Beacons and Network PDUs are authenticated; provisioning cannot be.
public struct Observation: Hashable, Sendable {
    public enum Statement: Hashable, Sendable {
        /// `keyIndex`: of the subnet.
        case beacon(NetworkBeaconStatement, IVEvidence, keyIndex: UInt16)
        /// A PDU at its first hearing; byte-identical copies are only counted. Relayed copies, whose TTL and credentials
        /// differ, are not new.
        case networkPDU(NetworkPDU, CredentialKind, isNew: Bool)
        /// A whole Provisioning PDU; `link` counts the links of the captures.
        case provisioning(ProvisioningPDU, link: Int, Analysis.ProvisioningLink.Bearer)
    }

    public let frame: FrameReference
    /// Index in the analysis' networks; `nil` for provisioning.
    public let network: Int?
    public let statement: Statement
}
