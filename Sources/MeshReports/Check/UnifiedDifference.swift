/// What differs between two texts, as `diff -u` says it.
///
/// Bounded: the time to compare grows with the square of what differs, so that of a long difference only the beginning is shown.
public enum UnifiedDifference {
    private enum Line {
        case both(Substring)
        case old(Substring)
        case new(Substring)
    }

    private static let mostLines = 60
    private static let window = 400
    private static let context = 3

    /// The hunks, each line with its end, made printable; empty where nothing differs. `-` stands before what is expected and `+` before
    /// what is there; `names` are the two lines at the top.
    public static func text(_ expected: String, _ actual: String, names: (expected: String, actual: String)) -> String {
        guard expected != actual else { return "" }
        let (old, new) = (lines(expected), lines(actual))
        let same = zip(old, new).prefix { $0 == $1 }.count
        let start = max(0, same - context)
        let all = merged(old[start..<min(same + window, old.count)], new[start..<min(same + window, new.count)])
        var shown = hunks(all, from: start).flatMap(\.self)
        let isMore = shown.count > mostLines || max(old.count, new.count) > same + window
        shown = Array(shown.prefix(mostLines))
        let head = ["--- \(names.expected)", "+++ \(names.actual)"]
        let text = (head + shown + (isMore ? ["… and more lines"] : [])).map { $0 + "\n" }.joined()
        return PrintableText.escapeLines(text)
    }

    /// The number of the first line that differs, from 1.
    public static func firstLine(_ expected: String, _ actual: String) -> Int {
        zip(lines(expected), lines(actual)).prefix { $0 == $1 }.count + 1
    }

    private static func lines(_ text: String) -> [Substring] {
        var lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        if lines.last == "" { lines.removeLast() }
        return lines
    }

    /// Both texts in one, line by line.
    private static func merged(_ old: ArraySlice<Substring>, _ new: ArraySlice<Substring>) -> [Line] {
        let difference = Array(new).difference(from: Array(old))
        var removed: Set<Int> = []
        var inserted: Set<Int> = []
        for change in difference {
            switch change {
            case .remove(let offset, _, _): removed.insert(offset)
            case .insert(let offset, _, _): inserted.insert(offset)
            }
        }
        var merged: [Line] = []
        var (left, right) = (0, 0)
        while left < old.count || right < new.count {
            if removed.contains(left) {
                merged.append(.old(old[old.startIndex + left]))
                left += 1
            } else if inserted.contains(right) {
                merged.append(.new(new[new.startIndex + right]))
                right += 1
            } else {
                guard left < old.count, right < new.count else { break }
                merged.append(.both(old[old.startIndex + left]))
                (left, right) = (left + 1, right + 1)
            }
        }
        return merged
    }

    /// What differs, with three lines around it. `from`: how many lines stand before, in both.
    private static func hunks(_ lines: [Line], from start: Int) -> [[String]] {
        let changed = lines.indices.filter { if case .both = lines[$0] { false } else { true } }
        var ranges: [Range<Int>] = []
        for place in changed {
            let range = max(0, place - context)..<min(lines.count, place + context + 1)
            if let last = ranges.last, range.lowerBound <= last.upperBound {
                ranges[ranges.count - 1] = last.lowerBound..<range.upperBound
            } else {
                ranges.append(range)
            }
        }
        return ranges.map { range in
            func count(_ part: some Sequence<Line>) -> (old: Int, new: Int) {
                part.reduce(into: (old: 0, new: 0)) { sum, line in
                    switch line {
                    case .both: sum = (sum.old + 1, sum.new + 1)
                    case .old: sum.old += 1
                    case .new: sum.new += 1
                    }
                }
            }
            let (before, within) = (count(lines[..<range.lowerBound]), count(lines[range]))
            let head = "@@ -\(start + before.old + 1),\(within.old) +\(start + before.new + 1),\(within.new) @@"
            return [head]
                + lines[range].map { line in
                    switch line {
                    case .both(let text): " \(text)"
                    case .old(let text): "-\(text)"
                    case .new(let text): "+\(text)"
                    }
                }
        }
    }
}
