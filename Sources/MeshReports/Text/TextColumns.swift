/// A line of columns with two spaces between them, put together octet by octet: there is one for each PDU of a capture.
struct TextColumns {
    private var octets: [UInt8] = []

    init() {
        octets.reserveCapacity(192)
    }

    /// The next column, filled up with spaces to a width; text that is filled up is ASCII.
    mutating func add(_ text: String, width: Int = 0) {
        if !octets.isEmpty {
            octets.append(0x20)
            octets.append(0x20)
        }
        let end = octets.count + width
        octets.append(contentsOf: text.utf8)
        while octets.count < end { octets.append(0x20) }
    }

    /// The whole line.
    var text: String { String(decoding: octets, as: UTF8.self) }
}
