/// A key that somebody gave where something else belongs, such as a path, is shown nowhere.
///
/// Nothing tells a key from another number of 128 bits, so that a path with such a number is masked as well. What a capture
/// says of itself, such as a device UUID, is no business of this. A number in a UUID's groups with hyphens between them is
/// shown: folders are named so, and nobody writes a key that way.
public enum KeyMask {
    /// What stands in its place.
    static let replacement = "[masked: looks like a key]"
    private static let advice = "this looks like a key: use --keys, --netkey or MESHSCOPE_NETKEY"

    /// How many digits in a row are masked: those of a key, one too few, and some too many, as where it is glued to a word
    /// that ends in such letters. From 40 on they are digests, which are names of files.
    private static let digitsInARow = 31...39
    /// The digits of a key, which may stand in groups.
    private static let digits = 32
    /// The groups of a UUID.
    private static let uuidGroups = [8, 4, 4, 4, 12]
    /// One of these, or `0x`, may stand between two groups.
    private static let separators: Set<UInt8> = Set(":-_, ".utf8)

    /// The text without anything that looks like a key; hiding twice changes nothing more.
    public static func hide(_ text: String) -> String {
        let octets = Array(text.utf8)
        guard octets.count >= digitsInARow.lowerBound else { return text }
        let ranges = secrets(in: groups(of: octets))
        guard !ranges.isEmpty else { return text }
        var shown: [UInt8] = []
        var position = 0
        for range in ranges {
            shown += octets[position..<range.lowerBound] + Array(replacement.utf8)
            position = range.upperBound
        }
        return String(decoding: shown + octets[position...], as: UTF8.self)
    }

    /// As `hide`; where something is hidden, the text goes on with how keys are given.
    ///
    /// `joint`: what stands between the two.
    public static func explain(_ text: String, joint: String = "; ") -> String {
        let shown = hide(text)
        return shown == text ? text : shown + joint + advice
    }

    /// Hexadecimal digits in a row.
    private struct Group {
        /// The octets, `0x` among them.
        var range: Range<Int>
        var digits: Int
        /// Whether it goes on where the group before ends, with a separator or `0x` between them.
        let isJoined: Bool
    }

    private static func groups(of octets: [UInt8]) -> [Group] {
        var groups: [Group] = []
        var index = 0
        while index < octets.count {
            let start = index
            if isPrefix(octets, at: index) { index += 2 }
            let first = index
            while index < octets.count, isDigit(octets[index]), !isPrefix(octets, at: index) { index += 1 }
            guard index > first else {
                index += 1
                continue
            }
            let end = groups.last?.range.upperBound
            let isJoined = end == start || end == start - 1 && separators.contains(octets[start - 1])
            groups.append(Group(range: start..<index, digits: index - first, isJoined: isJoined))
        }
        return groups
    }

    /// Whatever has the digits of a key together; pieces that overlap are one.
    private static func secrets(in groups: [Group]) -> [Range<Int>] {
        var ranges: [Range<Int>] = []
        for (first, group) in groups.enumerated() {
            guard let last = end(ofKeyFrom: first, groups) else { continue }
            let range = group.range.lowerBound..<groups[last].range.upperBound
            if let before = ranges.last, before.upperBound > range.lowerBound {
                ranges[ranges.count - 1] = before.lowerBound..<max(before.upperBound, range.upperBound)
            } else {
                ranges.append(range)
            }
        }
        return ranges
    }

    /// The last group of a key that begins with this one.
    private static func end(ofKeyFrom first: Int, _ groups: [Group]) -> Int? {
        var sum = groups[first].digits
        guard !digitsInARow.contains(sum) else { return first }
        var last = first
        while sum < digits, last + 1 < groups.count, groups[last + 1].isJoined {
            last += 1
            sum += groups[last].digits
        }
        guard sum == digits, groups[first...last].map(\.digits) != uuidGroups else { return nil }
        return last
    }

    private static func isDigit(_ octet: UInt8) -> Bool {
        switch octet {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "f"),
            UInt8(ascii: "A")...UInt8(ascii: "F"):
            true
        default: false
        }
    }

    /// Whether `0x` and a digit stand here.
    private static func isPrefix(_ octets: [UInt8], at index: Int) -> Bool {
        index + 2 < octets.count && octets[index] == UInt8(ascii: "0") && octets[index + 1] | 0x20 == UInt8(ascii: "x")
            && isDigit(octets[index + 2])
    }
}
