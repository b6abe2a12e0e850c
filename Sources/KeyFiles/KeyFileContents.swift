public import MeshProtocol

/// What key files hold, and what in them looks like a slip.
public struct KeyFileContents: Sendable {
    /// The networks, in the order of the files.
    public internal(set) var networks: [KeyRing.Network]
    /// Members that were passed over and are near to one that is read; they may have been meant to count.
    public internal(set) var warnings: [KeyFileWarning]
}

/// A member of a key file that was passed over. It never holds a key.
public struct KeyFileWarning: Hashable, Sendable, CustomStringConvertible {
    /// The file, and the path of the object in it.
    public let place: String
    /// What is odd there, to stand behind a colon.
    public let explanation: String

    /// Place, colon, explanation.
    public var description: String { "\(place): \(explanation)" }
}

extension KeyFileWarning {
    /// The members of a database that are near to one that is read; all others are a database's own affair. One warning
    /// for each name: a tool that misspells it does so for all nodes.
    static func nearMisses(_ shape: MemberShape, in root: JSONNode) -> [KeyFileWarning] {
        let near = shape.unknown(in: root).filter { $0.suggestion != nil && MemberShape.isPlain($0.name) }
        var firsts: [(member: MemberShape.Unknown, count: Int)] = []
        var positions: [[String]: Int] = [:]
        for member in near {
            let kind = [member.name, member.suggestion ?? ""]
            if let position = positions[kind] {
                firsts[position].count += 1
            } else {
                positions[kind] = firsts.count
                firsts.append((member, 1))
            }
        }
        return firsts.map { member, count in
            let more = count > 1 ? " (and \(count - 1) more of this name)" : ""
            return KeyFileWarning(place: member.place, explanation: member.sentence + more)
        }
    }
}
