import ByteParsing

/// What a descriptor stream says of a data stream: which kinds of records it has, and how long their fixed parts are.
///
///     GUID 16 · 1 2 · GUID of the kind 16 · number of the data stream 4 · 01 05 · size of an item 4 … · count 4 · 1 · items
///     item  GUID 16 · 02 01 4 · fixed size 2 · …, 30 octets in all
struct TraceDescriptor {
    enum Kind { case lowEnergy, hci, unknown }

    struct Item {
        var kind: Kind
        /// Octets of a record between its length and what that counts.
        var fixed: Int
    }

    private static let itemSize = 30
    /// The fixed parts that are known to be read.
    private static let leastLowEnergy = 28
    private static let leastHCI = 17

    let stream: UInt32
    let items: [Item]

    /// - Throws: `ParseError` where it is of no data of records.
    init(parsing head: [UInt8]) throws(ParseError) {
        var reader = ByteReader(head.span)
        try reader.skip(0x12)
        guard try reader.readGUID() == TraceIdentifier.records else { throw ParseError(.invalidValue(0), at: 0x12) }
        stream = try reader.readUInt32LittleEndian()
        try reader.skip(2)
        let count = Int(try reader.readUInt32LittleEndian())
        try reader.skip(1)
        guard count <= 0xFF, reader.remaining >= count * Self.itemSize else {
            throw ParseError(.invalidLength(count), at: 0x28)
        }
        var items: [Item] = []
        for _ in 0..<count { items.append(try Self.item(&reader)) }
        self.items = items
    }

    private static func item(_ reader: inout ByteReader) throws(ParseError) -> Item {
        var item = try reader.readPiece(itemSize)
        let identifier = try item.readGUID()
        try item.skip(6)
        let fixed = Int(try item.readUInt16LittleEndian())
        let kind: Kind =
            switch identifier {
            case TraceIdentifier.lowEnergy where fixed >= leastLowEnergy: .lowEnergy
            case TraceIdentifier.hci where fixed >= leastHCI: .hci
            default: .unknown
            }
        return Item(kind: kind, fixed: fixed)
    }
}
