/// A line of columns with two spaces between them, put together octet by octet: there is one for each PDU of a capture.
struct TextColumns {
    private var octets: [UInt8] = []

    init() {
        octets.reserveCapacity(192)
    }

    /// The next column, filled up with spaces to a width; text that is filled up is ASCII.
    mutating func add(_ text: String, width: Int = 0) {
        if !octets.isEmpty { octets.append(contentsOf: [0x20, 0x20]) }
        let start = octets.count
        octets.append(contentsOf: text.utf8)
        for _ in (octets.count - start)..<max(width, octets.count - start) { octets.append(0x20) }
    }

    /// The whole line.
    var text: String { String(decoding: octets, as: UTF8.self) }
}
