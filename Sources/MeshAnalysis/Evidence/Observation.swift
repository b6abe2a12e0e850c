public import MeshProtocol

/// One authenticated statement at one time.
public struct Observation: Hashable, Sendable {
    public enum Statement: Hashable, Sendable {
        case beacon(NetworkBeaconStatement, IVEvidence, subnet: Int)
        /// A PDU at its first hearing; byte-identical copies are only counted. Relayed copies, whose TTL and credentials
        /// differ, are not new.
        case networkPDU(NetworkPDU, CredentialKind, isNew: Bool)
    }

    public let frame: FrameReference
    /// Index in the analysis' networks.
    public let network: Int
    public let statement: Statement
}
