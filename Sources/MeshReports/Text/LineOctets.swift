import ByteParsing

/// Lines of columns as their octets, in room that is used again and again: lines go by the million, and a string for each piece of
/// one costs more than all else, as does to append octets one by one.
struct LineOctets {
    private var room: [UInt8] = []
    private(set) var count = 0
    /// No number takes more.
    private static let spare = 32

    /// The octets of what was written.
    var all: Span<UInt8> {
        @_lifetime(borrow self)
        get { room.span.extracting(..<count) }
    }

    /// The same as text.
    var text: String { String(decoding: room.prefix(count), as: UTF8.self) }

    /// Takes the first octets out.
    mutating func removeFirst(_ octets: Int) -> [UInt8] {
        let (removed, rest) = (Array(room[..<octets]), Array(room[octets..<count]))
        count = 0
        append(rest.span)
        return removed
    }

    /// Forgets what was written, and keeps the room.
    mutating func removeAll() { count = 0 }

    /// Makes room for so many octets, and for a number behind them.
    @inline(__always)
    private mutating func makeRoom(_ octets: Int) {
        let end = count + octets + Self.spare
        if end > room.count { room.append(contentsOf: repeatElement(0, count: max(1 << 12, end, room.count))) }
    }

    // MARK: Text

    /// Appends a text in UTF-8.
    mutating func append(_ text: String) { append(text.utf8Span.span) }

    /// Appends a copy of borrowed octets.
    mutating func append(_ octets: Span<UInt8>) {
        makeRoom(octets.count)
        let start = count
        count = start + octets.count
        var all = room.mutableSpan
        all.store(octets, at: start)
    }

    /// Appends an octet.
    mutating func append(_ octet: UInt8) {
        makeRoom(1)
        room[count] = octet
        count += 1
    }

    /// The next column behind two spaces, filled up with spaces to a width; text that is filled up is ASCII.
    mutating func addColumn(_ text: String, width: Int = 0) {
        addColumn(width: width) { $0.append(text) }
    }

    /// The same, as far as `write` appends it.
    @inline(__always)
    mutating func addColumn(width: Int = 0, _ write: (inout LineOctets) -> Void) {
        makeRoom(2)
        room[count] = 0x20
        room[count + 1] = 0x20
        count += 2
        let end = count + width
        write(&self)
        if count < end { fill(to: end) }
    }

    private mutating func fill(to end: Int) {
        makeRoom(end - count)
        var place = count
        count = end
        var all = room.mutableSpan
        while place < end {
            // Eight at once; what is too much is written over.
            all.storeLittleEndian(0x2020_2020_2020_2020 as UInt64, at: place)
            place += 8
        }
    }

    // MARK: Numbers

    /// `0x` and upper-case digits, at most 8, filled up with zeros.
    mutating func append(hexadecimal number: UInt32, digits: Int) {
        makeRoom(2 + digits)
        let start = count
        count = start + 2 + digits
        var all = room.mutableSpan
        all.storeLittleEndian(0x7830 as UInt16, at: start)
        let wanted = Self.digits(number, ten: UInt8(ascii: "A")) >> UInt64(64 - 8 * digits)
        all.storeLittleEndian(wanted, at: start + 2)
    }

    /// Lower-case digits, two an octet.
    mutating func append(hexadecimal octets: [UInt8]) {
        makeRoom(2 * octets.count)
        for octet in octets {
            let start = count
            count = start + 2
            var all = room.mutableSpan
            let digits = Self.digits(UInt32(octet), ten: UInt8(ascii: "a")) >> 48
            all.storeLittleEndian(UInt16(truncatingIfNeeded: digits), at: start)
        }
    }

    /// Eight hexadecimal digits, the first one in the lowest octet; `ten`: the digit that stands for ten.
    @inline(__always)
    private static func digits(_ number: UInt32, ten: UInt8) -> UInt64 {
        // Each half byte in an octet of its own.
        var digits = UInt64(number)
        digits = (digits | digits << 16) & 0x0000_FFFF_0000_FFFF
        digits = (digits | digits << 8) & 0x00FF_00FF_00FF_00FF
        digits = (digits | digits << 4) & 0x0F0F_0F0F_0F0F_0F0F
        // One in each octet from ten on.
        let letters = (digits &+ 0x0606_0606_0606_0606) >> 4 & 0x0101_0101_0101_0101
        return (digits &+ 0x3030_3030_3030_3030 &+ letters &* UInt64(ten - 58)).byteSwapped
    }

    /// As many decimal digits as it takes.
    mutating func append(decimal number: UInt64) {
        var (digits, rest) = (1, number / 10)
        while rest > 0 { (digits, rest) = (digits + 1, rest / 10) }
        append(decimal: number, digits: digits)
    }

    /// So many decimal digits, filled up with zeros; of a number that has more the last ones.
    mutating func append(decimal number: UInt64, digits: Int) {
        makeRoom(digits)
        let start = count
        count = start + digits
        var all = room.mutableSpan
        var rest = number
        for place in (start..<start + digits).reversed() {
            all[place] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10)
            rest /= 10
        }
    }
}
