/// Octets and numbers in hexadecimal, without a locale.
public enum Hexadecimal {
    /// A device address as people write it, the most significant octet first.
    public static func deviceAddress(_ value: UInt64) -> String {
        (0..<6).reversed().map { text(UInt8(truncatingIfNeeded: value >> UInt64(8 * $0)), digits: 2) }
            .joined(separator: ":")
    }

    /// Lower-case digits, two an octet.
    public static func text(_ octets: some Sequence<UInt8>) -> String {
        var text: [UInt8] = []
        text.reserveCapacity(2 * octets.underestimatedCount)
        for octet in octets {
            text.append(digit(octet >> 4))
            text.append(digit(octet & 15))
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// Lower-case digits, filled up with zeros to `digits`.
    public static func text(_ value: some BinaryInteger, digits: Int) -> String {
        String(decoding: self.digits(value, atLeast: digits, ten: UInt8(ascii: "a")), as: UTF8.self)
    }

    /// `0x` and upper-case digits, as the specification writes addresses and indexes.
    public static func prefixed(_ value: some BinaryInteger, digits: Int) -> String {
        let prefix = [UInt8(ascii: "0"), UInt8(ascii: "x")]
        return String(
            decoding: self.digits(value, atLeast: digits, ten: UInt8(ascii: "A"), behind: prefix), as: UTF8.self)
    }

    /// `ten`: the digit that stands for ten. Of numbers below zero the digits of their two's complement in 128 bits.
    private static func digits(
        _ value: some BinaryInteger, atLeast least: Int, ten: UInt8, behind prefix: [UInt8] = []
    ) -> [UInt8] {
        let bits = UInt128(truncatingIfNeeded: value)
        let needed = max(1, (131 - bits.leadingZeroBitCount) / 4)
        var text = prefix
        text.reserveCapacity(prefix.count + max(needed, least))
        for place in (0..<max(needed, least)).reversed() {
            let value = place < 32 ? UInt8(truncatingIfNeeded: bits >> UInt128(4 * place)) & 15 : 0
            text.append(digit(value, ten: ten))
        }
        return text
    }

    /// The octets that pairs of hexadecimal digits stand for; `nil` if there is an odd digit or another character.
    public static func octets(_ text: some StringProtocol) -> [UInt8]? {
        var octets: [UInt8] = []
        var high: UInt8?
        for character in text.utf8 {
            guard let value = value(ofDigit: character) else { return nil }
            if let first = high {
                octets.append(first << 4 | value)
                high = nil
            } else {
                high = value
            }
        }
        return high == nil ? octets : nil
    }

    /// What an ASCII character stands for as a hexadecimal digit, 0 to 15; `nil` if it is none.
    public static func value(ofDigit character: UInt8) -> UInt8? {
        switch character {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): character - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): character - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): character - UInt8(ascii: "A") + 10
        default: nil
        }
    }

    @inline(__always)
    private static func digit(_ value: UInt8, ten: UInt8 = UInt8(ascii: "a")) -> UInt8 {
        value < 10 ? UInt8(ascii: "0") &+ value : ten &+ value &- 10
    }
}

extension UInt128 {
    /// The 16 octets of the value, most significant first.
    public var octets: [UInt8] {
        (0..<16).map { UInt8(truncatingIfNeeded: self >> UInt128(120 - 8 * $0)) }
    }

    /// The value of up to 16 octets, the first one most significant, left-aligned.
    public init(leftAligned octets: some Sequence<UInt8>) {
        var value: UInt128 = 0
        var shift = 120
        for octet in octets where shift >= 0 {
            value |= UInt128(octet) << UInt128(shift)
            shift -= 8
        }
        self = value
    }
}
