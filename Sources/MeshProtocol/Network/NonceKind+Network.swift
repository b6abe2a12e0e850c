import ByteParsing
import MeshCrypto

/// The nonces of the network layer: Mesh Protocol 1.1, "Network nonce", "Proxy nonce" and "Proxy solicitation nonce".
///
///     network       00 · CTL and TTL 1 · SEQ 3 · SRC 2 · 0000 · IV Index 4
///     proxy         03 · 00 · SEQ 3 · SRC 2 · 0000 · IV Index 4
///     solicitation  04 · 00 · SSEQ 3 · SSRC 2 · 0000 · 00000000
extension NonceKind {
    /// The nonce's 104 bits. Only the network nonce has CTL and TTL.
    ///
    /// `header`: CTL 1 bit, TTL 7, SEQ 24, SRC 16.
    func bits(header: UInt64, ivIndex: IVIndex) -> UInt128 {
        let fields = self == .network ? header : header & 0xFF_FFFF_FFFF
        return UInt128(rawValue) << 96 | UInt128(fields) << 48 | UInt128(ivIndex.value)
    }

    /// The nonce's 13 octets.
    func octets(header: UInt64, ivIndex: IVIndex) -> [UInt8] {
        Array(bits(header: header, ivIndex: ivIndex).octets.dropFirst(3))
    }
}
