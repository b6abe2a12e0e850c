import ByteParsing
public import MeshCrypto
public import MeshProtocol

/// A Network PDU as it is heard; `nil` if the octets are none.
public func heard(_ octets: [UInt8]) -> ObfuscatedNetworkPDU? {
    var reader = ByteReader(octets.span)
    return try? ObfuscatedNetworkPDU(parsing: &reader)
}

/// A Network PDU, opened without what only the protocol's own tests see; `nil` if nothing opens it.
public func opened(_ octets: [UInt8], with material: SecurityMaterial, ivIndex: IVIndex) -> NetworkPDU? {
    guard let heard = heard(octets) else { return nil }
    return NetworkPDU.open(heard, with: material, ivIndex: ivIndex)
}
