import ByteParsing

/// A network key. It never shows its octets: every description of it is the same.
public struct NetKey: Hashable, Sendable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    public let value: UInt128

    public init(value: UInt128) {
        self.value = value
    }

    /// `text`: 32 hexadecimal digits.
    public init(hexadecimal text: some StringProtocol) throws(KeyTextError) {
        value = try KeyTextError.parse(text)
    }

    public var description: String { "NetKey" }
    public var debugDescription: String { description }
    public var customMirror: Mirror { Mirror(self, children: []) }
}

/// Why a text is no 128-bit key. It never holds the text.
public enum KeyTextError: Error, Hashable, Sendable, CustomStringConvertible {
    case wrongLength(Int)
    case notHexadecimal(position: Int)

    public var description: String {
        switch self {
        case .wrongLength(let count): "has \(count) characters, a 128-bit key has 32 hexadecimal digits"
        case .notHexadecimal(let position): "has a character at position \(position) that is no hexadecimal digit"
        }
    }

    /// The 128-bit value of 32 hexadecimal digits; `0x` before them and `:`, `-` or spaces between octets are allowed.
    static func parse(_ text: some StringProtocol) throws(KeyTextError) -> UInt128 {
        var digits: [(position: Int, character: UInt8)] = []
        let prefixed = text.hasPrefix("0x") || text.hasPrefix("0X")
        for (index, character) in text.utf8.enumerated() where !(prefixed && index < 2) {
            let isSeparator =
                character == UInt8(ascii: ":") || character == UInt8(ascii: "-") || character == UInt8(ascii: " ")
            if !isSeparator { digits.append((index + 1, character)) }
        }
        var value: UInt128 = 0
        for (position, character) in digits {
            guard let digit = Hexadecimal.value(ofDigit: character) else { throw .notHexadecimal(position: position) }
            value = value << 4 | UInt128(digit)
        }
        guard digits.count == 32 else { throw .wrongLength(digits.count) }
        return value
    }
}
