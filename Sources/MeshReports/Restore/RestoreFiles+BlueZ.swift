import ByteParsing
import FoundationEssentials
import MeshProtocol

/// BlueZ's bluetooth-meshd keeps a folder for each node: node.json, and a file for each source of its replay protection
/// list, `rpl/<IV Index>/<source>`, with the last SEQ.
extension RestoreFiles {
    func bluez(_ nodeJSON: String?) throws(NodeJSONError) -> [File] {
        var files: [File] = []
        if let nodeJSON {
            files.append(("node.json", try NodeJSON(nodeJSON).restored(ivIndex: ivIndex, flag: flag, sequence: first)))
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

    init(_ text: String) throws(NodeJSONError) {
        octets = Array(text.utf8)
        guard (try? JSONDecoder().decode(Shape.self, from: Data(octets))) != nil else {
            throw NodeJSONError(
                explanation: "is no node.json of bluetooth-meshd: IVindex, IVupdate and netKeys must be there")
        }
        find()
    }

    private struct Shape: Decodable {
        var IVindex: Int64
        var IVupdate: Int
        var sequenceNumber: UInt32?
        var netKeys: [Key]

        struct Key: Decodable {}
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

    /// The text with the three values; a SEQ that the file has already stays where it is higher.
    func restored(ivIndex: UInt32, flag: UInt32, sequence: UInt32) throws(NodeJSONError) -> String {
        guard let indexPlace = places["IVindex"], let flagPlace = places["IVupdate"] else {
            throw NodeJSONError(explanation: "has no IVindex or IVupdate at its top level")
        }
        let isSame = number(indexPlace) == Int64(Int32(bitPattern: ivIndex))
        let known = places["sequenceNumber"].flatMap(number)
        let next = isSame ? max(Int64(sequence), known ?? 0) : Int64(sequence)
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
