import ByteParsing
import MeshProtocol

func heard(_ octets: [UInt8]) -> ObfuscatedNetworkPDU? {
    var reader = ByteReader(octets.span)
    return try? ObfuscatedNetworkPDU(parsing: &reader)
}
