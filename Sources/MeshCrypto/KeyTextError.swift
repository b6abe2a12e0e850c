import ByteParsing

/// Why a text is no 128-bit key. It never holds the text.
public enum KeyTextError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The number of digits that there are.
    case wrongLength(Int)
    /// The place of the first character that is no digit; the first character of the text has place 1.
    case notHexadecimal(position: Int)

    /// What is wrong, to stand behind the name of what is meant: "the key has 12 characters, …".
    public var description: String {
        switch self {
        case .wrongLength(let count): "has \(count) characters, a 128-bit key has 32 hexadecimal digits"
        case .notHexadecimal(let position): "has a character at position \(position) that is no hexadecimal digit"
        }
    }
}

extension UInt128 {
    /// The value of 32 hexadecimal digits; `0x` before them and `:`, `-` or spaces between octets are allowed.
    ///
    /// - Throws: `KeyTextError`, which does not hold the text.
    public init(hexadecimalKey text: some StringProtocol) throws(KeyTextError) {
        let text = String(text)
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
        self = value
    }
}
