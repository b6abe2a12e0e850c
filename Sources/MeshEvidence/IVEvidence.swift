/// What a network's IV state rests on, the strongest first.
public enum IVEvidence: String, Hashable, Codable, Sendable, CaseIterable {
    case secureNetworkBeacon = "secure_network_beacon"
    case privateBeacon = "private_beacon"
    case friendUpdate = "friend_update"
    case networkPDU = "network_pdu"
    /// Found by trial, and confirmed by NetMICs.
    case search

    /// Whether something says the state itself; a PDU only proves with which IV Index nodes transmit.
    public var isStatement: Bool { self != .networkPDU && self != .search }

    /// 0 is the strongest.
    public var rank: Int {
        switch self {
        case .secureNetworkBeacon: 0
        case .privateBeacon: 1
        case .friendUpdate: 2
        case .networkPDU: 3
        case .search: 4
        }
    }
}

/// Which credentials protect a PDU: Mesh Protocol 1.1, "Network layer security".
public enum CredentialKind: String, Hashable, Codable, Sendable {
    case flooding, directed, friendship
}
