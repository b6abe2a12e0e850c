import ByteParsing
import FoundationEssentials
import MeshCrypto
import MeshProtocol

/// The text of a node.json of bluetooth-meshd, of which three values change, and no other octet.
struct BlueZNode {
    private let octets: [UInt8]
    /// Where the values of the top level stand.
    private let places: [String: Range<Int>]

    private let state: IVState
    private let sequence: UInt32
    private let address: UnicastAddress?
    private let netKeys: Set<NetKey>

    /// `sequenceNumber` of a node that has no SEQ left, and sends nothing until an IV Update.
    private static let exhausted: UInt32 = 0x100_0000
    /// SEQ that must be left to be worth a restoration: as many as a verdict leaves free above the last one heard.
    private static let fewestLeft: UInt32 = 4096

    /// What matters of the file; absent `sequenceNumber` is 0.
    private struct Shape: Decodable {
        var IVindex: Int64
        var IVupdate: Int
        var sequenceNumber: UInt32?
        var unicastAddress: String?
        var netKeys: [Key]

        struct Key: Decodable {
            var key: String?
            var oldKey: String?
        }
    }

    /// - Throws: `StoredFileError` if the text is no node.json, or is written in a form that is not edited here.
    init(_ text: String) throws(StoredFileError) {
        octets = Array(text.utf8)
        guard let shape = try? JSONDecoder().decode(Shape.self, from: Data(octets)) else {
            throw StoredFileError(
                explanation:
                    "is no node.json of bluetooth-meshd: IVindex, IVupdate (0 or 1) and netKeys must be there, and "
                    + "sequenceNumber a whole number if it is")
        }
        state = try Self.state(of: shape)
        sequence = shape.sequenceNumber ?? 0
        guard sequence <= Self.exhausted else {
            throw StoredFileError(explanation: "has a sequenceNumber of more than 24 bits")
        }
        netKeys = Set(shape.netKeys.flatMap { [$0.key, $0.oldKey] }.compactMap { $0.flatMap(Self.netKey) })
        address = shape.unicastAddress.flatMap { UInt16($0, radix: 16) }.flatMap(UnicastAddress.init)
        places = JSONPlaces(octets).ofTopLevel
        guard areWritten(shape) else {
            throw StoredFileError(explanation: "writes its numbers or their names in a form that is not edited here")
        }
    }

    /// An IV Index as node.json has it: bluetooth-meshd holds it in a C `int`, which is negative from 0x80000000 on.
    static func number(of index: IVIndex) -> Int32 { Int32(bitPattern: index.value) }

    private static func state(of shape: Shape) throws(StoredFileError) -> IVState {
        let index = Int32(exactly: shape.IVindex).map { UInt32(bitPattern: $0) } ?? UInt32(exactly: shape.IVindex)
        guard let index, [0, 1].contains(shape.IVupdate) else {
            throw StoredFileError(explanation: "has an IVindex of more than 32 bits, or an IVupdate that is not 0 or 1")
        }
        return IVState(index: IVIndex(index), updateFlag: shape.IVupdate == 1)
    }

    /// `nil` where the text is not 32 hexadecimal digits.
    private static func netKey(_ text: String) -> NetKey? {
        guard let octets = Hexadecimal.octets(text), octets.count == 16 else { return nil }
        return NetKey(value: UInt128(leftAligned: octets))
    }

    /// Whether the numbers stand where they were found, in plain digits.
    private func areWritten(_ shape: Shape) -> Bool {
        written("IVindex") == shape.IVindex && written("IVupdate") == Int64(shape.IVupdate)
            && (places["sequenceNumber"] == nil) == (shape.sequenceNumber == nil)
            && written("sequenceNumber") == shape.sequenceNumber.map(Int64.init)
    }

    private func written(_ name: String) -> Int64? {
        places[name].flatMap { Int64(String(decoding: octets[$0], as: UTF8.self)) }
    }

    /// The first SEQ that neither the values nor the file forbid: up to 0x1000000 less those that must be left.
    ///
    /// - Throws: `StoredFileError` if the file is of another node or network, knows a newer IV state, or leaves too few SEQ.
    func first(for values: RestoreValues) throws(StoredFileError) -> UInt32 {
        if let address, let wanted = values.elements.first, address != wanted {
            throw StoredFileError(explanation: "is the node of \(address), not of \(wanted)")
        }
        guard !netKeys.isDisjoint(with: values.netKeys) else {
            throw StoredFileError(explanation: "is a node of another network: it holds none of its NetKeys")
        }
        guard state <= values.state else {
            throw StoredFileError(
                explanation:
                    "has a newer IV state than the capture (IVindex \(state.index.value)): the device's own storage is the "
                    + "better evidence; use it as it is")
        }
        let isSame = state.transmitIndex == values.state.transmitIndex
        let first = isSame ? max(sequence, values.first.value) : values.first.value
        guard first <= Self.exhausted - Self.fewestLeft else {
            throw StoredFileError(
                explanation: "has a sequenceNumber that leaves too few SEQ: an IV Update must come first")
        }
        return first
    }

    /// The text with the three values; a `sequenceNumber` that is not there is added.
    ///
    /// - Throws: `StoredFileError` if there is no place for them.
    func text(with state: IVState, next: UInt32) throws(StoredFileError) -> String {
        guard let indexPlace = places["IVindex"], let flagPlace = places["IVupdate"] else {
            throw StoredFileError(explanation: "has no IVindex or IVupdate at its top level")
        }
        var flag = state.isUpdateInProgress ? "1" : "0"
        var changes = [(indexPlace, "\(Self.number(of: state.index))")]
        if let place = places["sequenceNumber"] {
            changes.append((place, "\(next)"))
        } else {
            flag += ",\n  \"sequenceNumber\": \(next)"
        }
        changes.append((flagPlace, flag))
        var text = octets
        for (place, value) in changes.sorted(by: { $0.0.lowerBound > $1.0.lowerBound }) {
            text.replaceSubrange(place, with: Array(value.utf8))
        }
        return String(decoding: text, as: UTF8.self)
    }
}
