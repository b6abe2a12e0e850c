/// A line of columns as its octets: lines go by the million, and a string for each piece of one costs more than all else.
extension [UInt8] {
    /// The next column behind two spaces, filled up with spaces to a width; text that is filled up is ASCII.
    mutating func addColumn(_ text: String, width: Int = 0) {
        addColumn(width: width) { $0.append(contentsOf: text.utf8) }
    }

    /// The same, as far as `write` appends it.
    @inline(__always)
    mutating func addColumn(width: Int = 0, _ write: (inout [UInt8]) -> Void) {
        append(0x20)
        append(0x20)
        let end = count + width
        write(&self)
        while count < end { append(0x20) }
    }

    /// `0x` and upper-case digits, filled up with zeros.
    mutating func append(hexadecimal number: UInt32, digits: Int) {
        append(UInt8(ascii: "0"))
        append(UInt8(ascii: "x"))
        for place in (0..<digits).reversed() {
            let digit = UInt8(truncatingIfNeeded: number >> UInt32(4 * place)) & 15
            append(digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "A") + digit - 10)
        }
    }

    /// As many decimal digits as it takes.
    mutating func append(decimal number: UInt64) {
        var (digits, rest) = (1, number / 10)
        while rest > 0 { (digits, rest) = (digits + 1, rest / 10) }
        append(decimal: number, digits: digits)
    }

    /// So many decimal digits, filled up with zeros.
    mutating func append(decimal number: UInt64, digits: Int) {
        let start = count
        for _ in 0..<digits { append(UInt8(ascii: "0")) }
        var rest = number
        for place in (start..<start + digits).reversed() where rest > 0 {
            self[place] += UInt8(truncatingIfNeeded: rest % 10)
            rest /= 10
        }
    }
}
