/// Where the values of a JSON object stand in its text, so that one can be replaced and all else stays as it is.
///
/// The text was read as JSON before. With any other, the places are of no use, and no harm is done.
struct JSONPlaces {
    private let octets: [UInt8]
    /// Of the object itself, by the names as they are written, escapes and all; without the space around the values.
    private(set) var ofTopLevel: [String: Range<Int>] = [:]

    private var depth = 0
    /// The latest name of the top level.
    private var name: String?
    /// Where its value begins.
    private var start: Int?

    init(_ octets: [UInt8]) {
        self.octets = octets
        var index = 0
        while index < octets.count { index = step(index) }
    }

    /// Looks at one token, and tells where the next one begins.
    private mutating func step(_ index: Int) -> Int {
        switch octets[index] {
        case UInt8(ascii: "\""):
            let end = endOfString(index)
            if depth == 1, start == nil { name = String(decoding: octets[index + 1..<end], as: UTF8.self) }
            return end + 1
        case UInt8(ascii: ":") where depth == 1 && start == nil: start = index + 1
        case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
        case UInt8(ascii: "}"), UInt8(ascii: "]"):
            depth -= 1
            if depth == 0 { endValue(index) }
        case UInt8(ascii: ",") where depth == 1: endValue(index)
        default: break
        }
        return index + 1
    }

    /// The index of the closing quotation mark; that of the text's end where there is none.
    private func endOfString(_ start: Int) -> Int {
        var index = start + 1
        while index < octets.count, octets[index] != UInt8(ascii: "\"") {
            index += octets[index] == UInt8(ascii: "\\") ? 2 : 1
        }
        return min(index, octets.count)
    }

    private mutating func endValue(_ end: Int) {
        defer { (name, start) = (nil, nil) }
        guard let name, var first = start else { return }
        var last = end
        while first < last, Self.isSpace(octets[first]) { first += 1 }
        while last > first, Self.isSpace(octets[last - 1]) { last -= 1 }
        ofTopLevel[name] = first..<last
    }

    private static func isSpace(_ octet: UInt8) -> Bool { [0x20, 0x09, 0x0A, 0x0D].contains(octet) }
}
