import ByteParsing
import FoundationEssentials
import MeshAnalysis
import MeshCrypto
import MeshProtocol

/// BlueZ's bluetooth-meshd keeps a folder for each node: node.json, and a file for each source of its replay protection
/// list, `rpl/<IV Index>/<source>`, with the last SEQ.
extension RestoreFiles {
    func bluez(_ node: NodeJSON?, next: UInt32) throws(NodeJSONError) -> [File] {
        var files: [File] = []
        if let node {
            files.append(("node.json", try node.restored(ivIndex: ivIndex, flag: flag, sequence: next)))
        } else {
            files.append(("node-values.json", values))
        }
        for (address, position) in replayList {
            let folder = Hexadecimal.text(position.ivIndex.value, digits: 8)
            let name = "rpl/\(folder)/\(Hexadecimal.text(address.value, digits: 4))"
            files.append((name, Hexadecimal.text(position.sequence.value, digits: 6)))
        }
        return files
    }

    private var values: String {
        "{\n  \"IVindex\": \(Int32(bitPattern: ivIndex)),\n  \"IVupdate\": \(flag),\n  \"sequenceNumber\": \(first)\n}\n"
    }

    static func bluezSteps(hasNode: Bool) -> [String] {
        [
            "Stop `bluetooth-meshd`: it rewrites node.json when it ends.",
            hasNode
                ? "Put `node.json` in the place of the node's file below `/var/lib/bluetooth/mesh/<uuid>/`; only its three values were changed."
                : "Without the old folder: let an application call `Import` on `org.bluez.mesh.Network1` with device key, NetKey, IV Index, flag and address, note the token, and stop the daemon again. `Import` takes no SEQ.",
            hasNode
                ? "Copy `rpl` beside it."
                : "Set the three values of `node-values.json` in the new node.json, and copy `rpl` beside it.",
            "Start the daemon, `Attach` with the token, and check the properties `IvIndex`, `IvUpdate` and `SequenceNumber` of the node.",
        ]
    }
}

/// Why a text is no node.json. It never shows a value of it.
public struct NodeJSONError: Error, Hashable, Sendable, CustomStringConvertible {
    public let explanation: String
    public var description: String { explanation }

    public init(explanation: String) {
        self.explanation = explanation
    }
}

/// The text of a node.json of which three values change, and no other octet.
struct NodeJSON {
    private let octets: [UInt8]
    /// Where the values of the top level stand.
    private var places: [String: Range<Int>] = [:]

    private let state: IVState
    private let sequence: UInt32
    private let address: UnicastAddress?
    /// Hexadecimal, lower case; not to be shown.
    private let keys: Set<String>
    private static let exhausted: UInt32 = 0x100_0000

    init(_ text: String) throws(NodeJSONError) {
        octets = Array(text.utf8)
        guard let shape = try? JSONDecoder().decode(Shape.self, from: Data(octets)) else {
            throw NodeJSONError(
                explanation:
                    "is no node.json of bluetooth-meshd: IVindex, IVupdate (0 or 1) and netKeys must be there, and "
                    + "sequenceNumber a whole number if it is")
        }
        let index = Int32(exactly: shape.IVindex).map { UInt32(bitPattern: $0) } ?? UInt32(exactly: shape.IVindex)
        guard let index, [0, 1].contains(shape.IVupdate) else {
            throw NodeJSONError(explanation: "has an IVindex of more than 32 bits, or an IVupdate that is not 0 or 1")
        }
        state = IVState(index: IVIndex(index), updateFlag: shape.IVupdate == 1)
        sequence = shape.sequenceNumber ?? 0
        guard sequence <= Self.exhausted else {
            throw NodeJSONError(explanation: "has a sequenceNumber of more than 24 bits")
        }
        keys = Set(shape.netKeys.flatMap { [$0.key, $0.oldKey] }.compactMap { $0?.lowercased() })
        address = shape.unicastAddress.flatMap { UInt16($0, radix: 16) }.flatMap(UnicastAddress.init)
        find()
        let isPlain = (places["sequenceNumber"] == nil) == (shape.sequenceNumber == nil)
        let isWritten = places["sequenceNumber"].map { number($0) == Int64(sequence) } ?? true
        guard isPlain, isWritten, places["IVindex"].flatMap(number) == shape.IVindex,
            places["IVupdate"].flatMap(number) == Int64(shape.IVupdate)
        else { throw NodeJSONError(explanation: "writes its numbers or their names in a form that is not edited here") }
    }

    /// The first SEQ that neither the capture nor the file forbids.
    func next(_ recovery: RestoreFiles) throws(NodeJSONError) -> UInt32 {
        if let address, let wanted = recovery.elements.first, address != wanted {
            throw NodeJSONError(explanation: "is the node of \(address), not of \(wanted)")
        }
        guard recovery.netKeys.contains(where: { keys.contains(Hexadecimal.text($0.value, digits: 32)) }) else {
            throw NodeJSONError(explanation: "is a node of another network: it holds none of its NetKeys")
        }
        guard state <= recovery.recovery.state else {
            throw NodeJSONError(
                explanation:
                    "has a newer IV state than the capture (IVindex \(state.index.value)): the device's own storage is the "
                    + "better evidence; use it as it is")
        }
        let isSame = state.transmitIndex == recovery.recovery.state.transmitIndex
        let next = isSame ? max(sequence, recovery.first) : recovery.first
        guard next <= Self.exhausted - Recovery.allowance else {
            throw NodeJSONError(
                explanation: "has a sequenceNumber that leaves too few SEQ: an IV Update must come first")
        }
        return next
    }

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

    /// Walks over valid JSON and notes the ranges of the top level's values.
    private mutating func find() {
        var depth = 0
        var name: String?
        var start: Int?
        var index = 0
        func close(_ end: Int, _ places: inout [String: Range<Int>]) {
            guard let label = name, let from = start else { return }
            var (first, last) = (from, end)
            while first < last, Self.isSpace(octets[first]) { first += 1 }
            while last > first, Self.isSpace(octets[last - 1]) { last -= 1 }
            places[label] = first..<last
        }
        while index < octets.count {
            switch octets[index] {
            case UInt8(ascii: "\""):
                let end = endOfString(index)
                if depth == 1, start == nil { name = String(decoding: octets[(index + 1)..<end], as: UTF8.self) }
                index = end
            case UInt8(ascii: ":") where depth == 1 && start == nil: start = index + 1
            case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                depth -= 1
                if depth == 0 { close(index, &places) }
            case UInt8(ascii: ",") where depth == 1:
                close(index, &places)
                (name, start) = (nil, nil)
            default: break
            }
            index += 1
        }
    }

    private func endOfString(_ start: Int) -> Int {
        var index = start + 1
        while index < octets.count, octets[index] != UInt8(ascii: "\"") {
            index += octets[index] == UInt8(ascii: "\\") ? 2 : 1
        }
        return min(index, octets.count - 1)
    }

    private static func isSpace(_ octet: UInt8) -> Bool { [0x20, 0x09, 0x0A, 0x0D].contains(octet) }

    /// The text with the three values.
    func restored(ivIndex: UInt32, flag: UInt32, sequence next: UInt32) throws(NodeJSONError) -> String {
        guard let indexPlace = places["IVindex"], let flagPlace = places["IVupdate"] else {
            throw NodeJSONError(explanation: "has no IVindex or IVupdate at its top level")
        }
        var changes: [(Range<Int>, String)] = [(indexPlace, "\(Int32(bitPattern: ivIndex))"), (flagPlace, "\(flag)")]
        if let place = places["sequenceNumber"] {
            changes.append((place, "\(next)"))
        } else {
            changes[1].1 += ",\n  \"sequenceNumber\": \(next)"
        }
        var text = octets
        for (place, value) in changes.sorted(by: { $0.0.lowerBound > $1.0.lowerBound }) {
            text.replaceSubrange(place, with: Array(value.utf8))
        }
        return String(decoding: text, as: UTF8.self)
    }

    private func number(_ place: Range<Int>) -> Int64? { Int64(String(decoding: octets[place], as: UTF8.self)) }
}
