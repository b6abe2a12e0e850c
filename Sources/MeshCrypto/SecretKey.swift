/// A 128-bit key of one kind: `NetKey`, `AppKey` or `DevKey`. No key goes under another one's name.
///
/// It never shows its octets: its description, its debug description and its mirror are the name of its type and no
/// more. Whoever must write a key down asks for its `value`.
public protocol SecretKey: Hashable, Sendable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable
{
    /// The first octet is the most significant one.
    var value: UInt128 { get }

    /// The key that has this value.
    init(value: UInt128)
}

extension SecretKey {
    /// The key of 32 hexadecimal digits; `0x` before them and `:`, `-` or spaces between octets are allowed.
    ///
    /// - Throws: `KeyTextError`, which does not hold the text.
    public init(hexadecimal text: some StringProtocol) throws(KeyTextError) {
        self.init(value: try UInt128(hexadecimalKey: text))
    }

    /// The name of the type.
    public var description: String { "\(Self.self)" }
    /// The name of the type.
    public var debugDescription: String { description }
    /// A mirror without children.
    public var customMirror: Mirror { Mirror(self, children: []) }
}

/// A network key: Mesh Protocol 1.1, "Network keys". What it derives is in `NetworkKeys`.
public struct NetKey: SecretKey {
    /// The key itself, secret.
    public let value: UInt128

    /// The key that has this value.
    public init(value: UInt128) {
        self.value = value
    }
}

/// An application key and the AID by which messages name it: Mesh Protocol 1.1, "Application keys".
public struct AppKey: SecretKey {
    /// The key itself, secret.
    public let value: UInt128
    /// The key's identifier, 6 bits, which is not secret; k4 of the key, computed once.
    public let aid: UInt8

    /// The key that has this value; its AID is computed here.
    public init(value: UInt128) {
        self.value = value
        aid = SecurityToolbox.k4(value)
    }
}

/// A device key, which the Configuration Client shares with one node: Mesh Protocol 1.1, "Device keys".
public struct DevKey: SecretKey {
    /// The key itself, secret.
    public let value: UInt128

    /// The key that has this value.
    public init(value: UInt128) {
        self.value = value
    }
}
