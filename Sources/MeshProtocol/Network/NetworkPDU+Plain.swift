import ByteParsing
public import MeshCrypto

/// The network layer one PDU at a time with OpenSSL's AES-CCM: for sealing, and as the batch path's second opinion.
extension NetworkPDU {
    /// Opens one PDU; `nil` where the NetMIC does not match.
    public static func open(
        _ pdu: ObfuscatedNetworkPDU, with material: SecurityMaterial, ivIndex: IVIndex,
        nonce: NonceKind = .network
    ) -> NetworkPDU? {
        let privacy = UInt128(ivIndex.value) << 56 | pdu.privacyRandom
        let pecb = AESCipher(key: material.privacyKey).encrypt(privacy)
        let header = pdu.obfuscatedHeader ^ UInt64(truncatingIfNeeded: pecb >> 80)
        let sealed = Array(pdu.octets.dropFirst(7))
        guard
            let plaintext = AESCCM.open(
                sealed, key: material.encryptionKey,
                nonce: nonce.octets(header: header, ivIndex: ivIndex),
                tagLength: header >> 47 & 1 == 1 ? 8 : 4)
        else { return nil }
        return NetworkPDU(ivIndex: ivIndex, header: header, content: Content(octets: plaintext))
    }

    /// A Network PDU as a node sends it.
    ///
    /// `ttl`: 0…127.
    /// `transportPDU`: 1…16 octets, at most 12 of a control message.
    public static func seal(
        position: SequencePosition, isControl: Bool, ttl: UInt8, source: UnicastAddress, destination: MeshAddress,
        transportPDU: [UInt8], with material: SecurityMaterial, nonce: NonceKind = .network
    ) -> ObfuscatedNetworkPDU {
        precondition(transportPDU.count <= (isControl ? 12 : 16))
        let header = header(isControl: isControl, ttl: ttl, sequence: position.sequence, source: source)
        let plaintext = [UInt8(destination.value >> 8), UInt8(destination.value & 0xFF)] + transportPDU
        let sealed = AESCCM.seal(
            plaintext, key: material.encryptionKey,
            nonce: nonce.octets(header: header, ivIndex: position.ivIndex), tagLength: isControl ? 8 : 4)
        let random = UInt128(leftAligned: sealed.prefix(7)) >> 72
        let pecb = AESCipher(key: material.privacyKey).encrypt(UInt128(position.ivIndex.value) << 56 | random)
        let obfuscated = UInt128(header ^ UInt64(truncatingIfNeeded: pecb >> 80)) << 80
        let octets = [position.ivIndex.ivi << 7 | material.nid] + obfuscated.octets.prefix(6) + sealed
        return ObfuscatedNetworkPDU(octets: octets)
    }
}
