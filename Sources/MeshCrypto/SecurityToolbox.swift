import ByteParsing

/// The key derivation functions of Mesh Protocol 1.1, "Security toolbox".
public enum SecurityToolbox {
    /// s1: the salt of a text.
    public static func s1(_ message: [UInt8]) -> UInt128 {
        AESCMAC(key: 0).authenticate(message)
    }

    /// k1: a key from a key, a salt and a label.
    public static func k1(_ n: UInt128, salt: UInt128, p: [UInt8]) -> UInt128 {
        AESCMAC(key: t(n, salt)).authenticate(p)
    }

    /// k2: NID (7 bits), EncryptionKey and PrivacyKey from a NetKey and the kind of credentials.
    public static func k2(_ n: UInt128, p: [UInt8]) -> (nid: UInt8, encryptionKey: UInt128, privacyKey: UInt128) {
        let cmac = AESCMAC(key: t(n, s1(Array("smk2".utf8))))
        let t1 = cmac.authenticate(p + [1])
        let t2 = cmac.authenticate(t1.octets + p + [2])
        let t3 = cmac.authenticate(t2.octets + p + [3])
        return (UInt8(truncatingIfNeeded: t1) & 0x7F, t2, t3)
    }

    /// k3: the 64-bit Network ID of a NetKey.
    public static func k3(_ n: UInt128) -> UInt64 {
        UInt64(truncatingIfNeeded: k1(n, salt: s1(Array("smk3".utf8)), p: Array("id64".utf8) + [1]))
    }

    /// k4: the 6-bit AID of an AppKey.
    public static func k4(_ n: UInt128) -> UInt8 {
        UInt8(truncatingIfNeeded: k1(n, salt: s1(Array("smk4".utf8)), p: Array("id6".utf8) + [1])) & 0x3F
    }

    /// The key that k1, k2, k3 and k4 call T.
    static func t(_ n: UInt128, _ salt: UInt128) -> UInt128 {
        AESCMAC(key: salt).authenticate(n.octets)
    }
}
