/// The members of a JSON object that mean something here, and those of the objects inside it.
///
/// Whatever is no object, or no array where one is expected, is passed over: the reader of the values refuses it.
struct MemberShape: Sendable {
    /// A member that no shape knows.
    struct Unknown {
        /// The object in which it stands.
        let object: JSONNode
        let name: String
        /// The member that is near, and is not there itself.
        let suggestion: String?
        /// All members that the object may have.
        let known: [String]

        /// What to say of it; a name that could hold anything is not shown.
        var sentence: String {
            guard MemberShape.isPlain(name) else { return "has a member that is unknown, and whose name is not shown" }
            guard let suggestion else {
                return "unknown member \"\(name)\"; known are \(known.joined(separator: ", "))"
            }
            return "unknown member \"\(name)\"; did you mean \"\(suggestion)\"?"
        }

        /// Where it stands.
        var place: String { object.path.isEmpty ? object.place : "\(object.place): \(object.path)" }
    }

    private let members: [String: MemberShape?]

    /// `names`: members with a value. `objects`: members with an object or an array of objects, and their shapes.
    init(_ names: [String], objects: [String: MemberShape] = [:]) {
        var members: [String: MemberShape?] = [:]
        for name in names { members.updateValue(nil, forKey: name) }
        for (name, shape) in objects { members.updateValue(shape, forKey: name) }
        self.members = members
    }

    /// The members of an object and of the objects inside it that no shape knows, in the order of their places.
    func unknown(in node: JSONNode) -> [Unknown] {
        switch node.value {
        case .object(let present):
            let own = present.keys.sorted().filter { members[$0] == nil }.map { name in
                Unknown(
                    object: node, name: name, suggestion: suggestion(for: name, beside: present),
                    known: members.keys.sorted())
            }
            let inner = members.sorted { $0.key < $1.key }.flatMap { name, shape -> [Unknown] in
                guard let shape, let member = node[name] else { return [] }
                return shape.unknown(in: member)
            }
            return own + inner
        case .array(let items):
            return items.enumerated().flatMap { index, item in
                unknown(in: JSONNode(value: item, path: "\(node.path)[\(index)]", place: node.place))
            }
        default: return []
        }
    }

    /// The nearest member that the object lacks; one that it has was not meant by another name.
    private func suggestion(for name: String, beside present: [String: JSONValue]) -> String? {
        let candidates = members.keys.filter { present[$0] == nil }.sorted().map { candidate in
            (name: candidate, distance: Spelling.distance(Self.folded(name), Self.folded(candidate)))
        }
        let nearest = candidates.min { $0.distance < $1.distance }
        return nearest.flatMap { $0.distance <= Spelling.tolerance(of: $0.name) ? $0.name : nil }
    }

    /// `oldKey`, `old_key` and `OLDKEY` are one word.
    private static func folded(_ name: String) -> String { name.lowercased().filter { $0 != "_" && $0 != "-" } }

    /// Whether a member's name can be shown: it is the file's own, and could be a key or obeyed by a terminal.
    static func isPlain(_ name: String) -> Bool {
        name.utf8.count <= 24
            && name.unicodeScalars.allSatisfy { $0.isASCII && ($0.properties.isAlphabetic || isMark($0)) }
    }

    private static func isMark(_ scalar: Unicode.Scalar) -> Bool { "_-$".unicodeScalars.contains(scalar) }
}

/// How far a word is from another.
enum Spelling {
    /// Beyond this length nobody has misspelt a member.
    private static let longest = 32

    /// How many slips still leave a word recognisable: one in a short word, two from six letters on.
    static func tolerance(of word: String) -> Int { word.count < 6 ? 1 : 2 }

    /// The letters to add, to drop, to replace, or to swap with their neighbour (Damerau and Levenshtein, with each letter
    /// swapped once at the most); `Int.max` for a word that is longer than any member.
    static func distance(_ left: String, _ right: String) -> Int {
        let (left, right) = (Array(left.prefix(longest + 1)), Array(right.prefix(longest + 1)))
        guard left.count <= longest, right.count <= longest else { return .max }
        var before: [Int] = []
        var row = Array(0...right.count)
        for (line, letter) in left.enumerated() {
            var next = [line + 1]
            for (column, other) in right.enumerated() {
                var least = min(row[column + 1] + 1, next[column] + 1, row[column] + (letter == other ? 0 : 1))
                if line > 0, column > 0, letter == right[column - 1], left[line - 1] == other {
                    least = min(least, before[column - 1] + 1)
                }
                next.append(least)
            }
            (before, row) = (row, next)
        }
        return row[right.count]
    }
}
