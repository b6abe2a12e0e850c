import FoundationEssentials

/// Any JSON, with the path that leads to each value, for files whose form is not ours to decide.
///
/// It never shows a value: what is wrong is said by path and kind.
enum JSONValue: Decodable {
    case object([String: JSONValue])
    case array([JSONValue])
    case text(String)
    case number(Double)
    case flag(Bool)
    case null

    /// No key file has more levels; parsers take a time that grows with the square of them.
    private static let mostLevels = 16

    /// The JSON of a file.
    ///
    /// - Throws: `KeyFileError` for what is no JSON, and for more levels than any key file has.
    static func parse(_ data: Data, _ place: String) throws(KeyFileError) -> JSONValue {
        guard levels(of: data) <= mostLevels else {
            throw KeyFileError(place, "has more than \(mostLevels) levels of objects and arrays, which no key file has")
        }
        do {
            return try JSONDecoder().decode(JSONValue.self, from: data)
        } catch {
            throw KeyFileError(place, "is no JSON" + (JSONPlace.ofError(in: data).map { ": \($0)" } ?? ""))
        }
    }

    /// How many objects and arrays stand inside each other.
    private static func levels(of data: Data) -> Int {
        var (level, most) = (0, 0)
        var (isText, isEscaped) = (false, false)
        for octet in data {
            if isText {
                if isEscaped {
                    isEscaped = false
                } else if octet == UInt8(ascii: "\\") {
                    isEscaped = true
                } else if octet == UInt8(ascii: "\"") {
                    isText = false
                }
                continue
            }
            switch octet {
            case UInt8(ascii: "\""): isText = true
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                level += 1
                most = max(most, level)
            case UInt8(ascii: "}"), UInt8(ascii: "]"): level -= 1
            default: continue
            }
        }
        return most
    }

    private struct Name: CodingKey {
        var stringValue: String
        var intValue: Int? { nil }

        init(stringValue: String) {
            self.stringValue = stringValue
        }

        init?(intValue: Int) { nil }
    }

    init(from decoder: any Decoder) throws {
        // Most values of a file are scalars, so they are tried first: each wrong guess costs a thrown error.
        if let container = try? decoder.singleValueContainer() {
            if let text = try? container.decode(String.self) {
                self = .text(text)
                return
            }
            if let number = try? container.decode(Double.self) {
                self = .number(number)
                return
            }
            if container.decodeNil() {
                self = .null
                return
            }
            if let flag = try? container.decode(Bool.self) {
                self = .flag(flag)
                return
            }
        }
        if let container = try? decoder.container(keyedBy: Name.self) {
            var members: [String: JSONValue] = [:]
            for key in container.allKeys {
                members[key.stringValue] = try container.decode(JSONValue.self, forKey: key)
            }
            self = .object(members)
            return
        }
        var container = try decoder.unkeyedContainer()
        var items: [JSONValue] = []
        while !container.isAtEnd { items.append(try container.decode(JSONValue.self)) }
        self = .array(items)
    }
}

/// A JSON value and where it stands.
struct JSONNode {
    let value: JSONValue
    /// Such as `netKeys[0].key`.
    let path: String
    /// The file, for messages.
    let place: String

    /// File and path, for messages.
    var location: String { path.isEmpty ? place : "\(place): \(path)" }

    func error(_ explanation: String) -> KeyFileError { KeyFileError(location, explanation) }

    /// The member of an object; `nil` if it is missing or null.
    subscript(name: String) -> JSONNode? {
        guard case .object(let members) = value, let member = members[name] else { return nil }
        if case .null = member { return nil }
        return JSONNode(value: member, path: path.isEmpty ? name : "\(path).\(name)", place: place)
    }

    func require(_ name: String) throws(KeyFileError) -> JSONNode {
        guard let member = self[name] else {
            throw KeyFileError(place, "\(path.isEmpty ? "the top level" : path) has no member \"\(name)\"")
        }
        return member
    }

    /// The items of an array; none if the member is missing.
    func items(_ name: String) throws(KeyFileError) -> [JSONNode] {
        guard let member = self[name] else { return [] }
        guard case .array(let items) = member.value else { throw member.error("is no array") }
        return items.enumerated().map { JSONNode(value: $1, path: "\(member.path)[\($0)]", place: place) }
    }

    func text() throws(KeyFileError) -> String {
        guard case .text(let text) = value else { throw error("is no text") }
        return text
    }

    /// A whole number, as a number.
    func number() throws(KeyFileError) -> Int64 {
        guard case .number(let number) = value, let integer = Int64(exactly: number) else {
            throw error("is no whole number")
        }
        return integer
    }

    /// A whole number, as a number or as text in this base.
    func integer(textBase: Int) throws(KeyFileError) -> Int64 {
        switch value {
        case .number: return try number()
        case .text(let text):
            let digits = text.hasPrefix("0x") || text.hasPrefix("0X") ? String(text.dropFirst(2)) : text
            guard let integer = Int64(digits, radix: textBase) else { throw error("is no number") }
            return integer
        default: throw error("is no number")
        }
    }
}
