import ByteParsing
public import MeshCrypto

/// A Label UUID and its virtual address: Mesh Protocol 1.1, "Virtual address".
public struct LabelUUID: Hashable, Sendable {
    /// The first octet is the most significant one.
    public let value: UInt128
    /// 0x8000…0xBFFF: 14 bits of a hash of the UUID.
    public let address: MeshAddress

    /// The label that has this value.
    public init(_ value: UInt128) {
        self.value = value
        let hash = AESCMAC(key: SecurityToolbox.s1(Array("vtad".utf8))).authenticate(value.octets)
        address = MeshAddress(0x8000 | UInt16(truncatingIfNeeded: hash) & 0x3FFF)
    }

    /// The label of 32 hexadecimal digits; `0x` before them and `:`, `-` or spaces between octets are allowed.
    ///
    /// - Throws: `KeyTextError`, which does not hold the text.
    public init(hexadecimal text: some StringProtocol) throws(KeyTextError) {
        self.init(try UInt128(hexadecimalKey: text))
    }
}
