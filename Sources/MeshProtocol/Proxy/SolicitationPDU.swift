public import ByteParsing
public import MeshCrypto

/// A Solicitation PDU as heard: Mesh Protocol 1.1, "Proxy solicitation".
///
///     [00] · NID 1 · obfuscated (80 · SSEQ 3 · SSRC 2) · encrypted (DST 2) · NetMIC 8
///
/// Whoever wants a proxy server that does not advertise sends it. SSEQ is a counter of its own, and no IV Update begins it anew: the
/// IV Index takes no part, neither in the nonce nor in the obfuscation, where it is 0. The first octet is the identification type, which
/// Zephyr and ESP-IDF send; without it, the PDU stands alone.
public struct SolicitationPDU: Hashable, Sendable {
    /// The 16-bit UUID of the Mesh Proxy Solicitation service.
    public static let serviceUUID: UInt16 = 0x1859
    /// Octets from the NID to the NetMIC.
    public static let length = 17

    /// The same octets, whose layout is that of a Network PDU with an empty TransportPDU.
    public let pdu: ObfuscatedNetworkPDU

    /// `reader`: what follows the service's UUID.
    ///
    /// - Throws: `ParseError` where the octets break the format.
    public init(parsing reader: inout ByteReader) throws(ParseError) {
        let start = reader.offset
        if reader.remaining == Self.length + 1 {
            let type = try reader.readUInt8()
            guard type == 0 else { throw ParseError(.invalidValue(UInt64(type)), at: start) }
        }
        guard reader.remaining == Self.length else { throw ParseError(.invalidLength(reader.remaining), at: start) }
        pdu = try ObfuscatedNetworkPDU(parsing: &reader)
    }

    /// `nil` where the octets are too many or too few.
    public init?(_ pdu: ObfuscatedNetworkPDU) {
        guard pdu.length == Self.length else { return nil }
        self.pdu = pdu
    }

    /// 7 bits that a key derives.
    public var nid: UInt8 { pdu.nid }

    /// What it says, as a Network PDU of IV Index 0 whose SEQ is the SSEQ, whose SRC is the SSRC, and whose TransportPDU is empty; `nil`
    /// where the NetMIC does not match.
    public func open(with material: SecurityMaterial) -> NetworkPDU? {
        guard let opened = NetworkPDU.open(pdu, with: material, ivIndex: IVIndex(0), nonce: .solicitation),
            opened.isControl
        else { return nil }
        return opened
    }

    /// A Solicitation PDU as a proxy client sends it, from the NID on.
    public static func seal(
        sequence: SequenceNumber, source: UnicastAddress, destination: MeshAddress, with material: SecurityMaterial
    ) -> [UInt8] {
        NetworkPDU.seal(
            position: SequencePosition(IVIndex(0), sequence), isControl: true, ttl: 0, source: source,
            destination: destination, transportPDU: [], with: material, nonce: .solicitation
        ).octets
    }
}
