/// What a nonce is for, which is its first octet: Mesh Protocol 1.1, "Nonce".
///
/// The octets behind it differ with the kind, so that no two layers ever encrypt under the same nonce.
public enum NonceKind: UInt8, Hashable, Sendable, Codable, CaseIterable {
    /// Network PDUs: CTL and TTL, SEQ, SRC, IV Index.
    case network = 0x00
    /// Access messages under an AppKey: ASZMIC, SEQ, SRC, DST, IV Index.
    case application = 0x01
    /// Access messages under a device key: ASZMIC, SEQ, SRC, DST, IV Index.
    case device = 0x02
    /// Proxy Configuration messages: SEQ, SRC, IV Index, and zeros where the network nonce has CTL and TTL.
    case proxy = 0x03
    /// Solicitation PDUs: SSEQ, SSRC, and zeros for all else, the IV Index too.
    case solicitation = 0x04
}
