/// Everything that a NetKey derives: Mesh Protocol 1.1, "Network key derivation" and the sections behind it.
public struct NetworkKeys: Hashable, Sendable {
    /// The key that all others derive from.
    public let netKey: NetKey
    /// 64 bits, which Secure Network beacons and proxies show in clear.
    public let networkID: UInt64
    /// Hashes the identities that proxies advertise.
    public let identityKey: UInt128
    /// Authenticates Secure Network beacons.
    public let beaconKey: UInt128
    /// Seals Mesh Private beacons.
    public let privateBeaconKey: UInt128
    /// The managed flooding security material.
    public let flooding: SecurityMaterial
    /// The directed forwarding security material.
    public let directed: SecurityMaterial

    /// Derives all of them: 22 messages under AES-CMAC, so that this is done once a key.
    public init(_ netKey: NetKey) {
        self.netKey = netKey
        networkID = SecurityToolbox.k3(netKey.value)
        identityKey = Self.key(netKey, salt: "nkik")
        beaconKey = Self.key(netKey, salt: "nkbk")
        privateBeaconKey = Self.key(netKey, salt: "nkpk")
        flooding = SecurityMaterial(netKey, p: [0x00])
        directed = SecurityMaterial(netKey, p: [0x02])
    }

    /// The friendship security material of a Low Power node and its Friend: Mesh Protocol 1.1, "Friendship security".
    public func friendship(
        lpnAddress: UInt16, friendAddress: UInt16, lpnCounter: UInt16, friendCounter: UInt16
    ) -> SecurityMaterial {
        let fields = [lpnAddress, friendAddress, lpnCounter, friendCounter]
        return SecurityMaterial(netKey, p: [0x01] + fields.flatMap { [UInt8($0 >> 8), UInt8($0 & 0xFF)] })
    }

    private static func key(_ netKey: NetKey, salt: String) -> UInt128 {
        SecurityToolbox.k1(netKey.value, salt: SecurityToolbox.s1(Array(salt.utf8)), p: Array("id128".utf8) + [0x01])
    }
}

/// NID, EncryptionKey and PrivacyKey: what opens Network PDUs.
public struct SecurityMaterial: Hashable, Sendable {
    /// 7 bits.
    public let nid: UInt8
    /// The key of AES-CCM over DST and TransportPDU.
    public let encryptionKey: UInt128
    /// The key of the obfuscation of CTL, TTL, SEQ and SRC.
    public let privacyKey: UInt128

    /// Of a friendship that was derived among many.
    public init(_ candidate: FriendshipKeys.Candidate) {
        nid = candidate.nid
        encryptionKey = candidate.encryptionKey
        privacyKey = candidate.privacyKey
    }

    /// `p`: 00 for managed flooding, 02 for directed forwarding; friendship has nine octets.
    public init(_ netKey: NetKey, p: [UInt8]) {
        let (nid, encryptionKey, privacyKey) = SecurityToolbox.k2(netKey.value, p: p)
        self.nid = nid
        self.encryptionKey = encryptionKey
        self.privacyKey = privacyKey
    }
}
