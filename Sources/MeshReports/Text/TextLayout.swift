/// Breaks text at spaces into lines of at most `width` characters, which is at least one.
func wrapped(_ text: String, width: Int) -> [String] {
    let width = max(1, width)
    var lines: [String] = []
    var (line, count) = ("", 0)
    for word in text.split(separator: " ", omittingEmptySubsequences: false) {
        let letters = word.count
        if count > 0, count + 1 + letters > width {
            lines.append(line)
            (line, count) = ("", 0)
        }
        line += count == 0 ? String(word) : " " + word
        count += count == 0 ? letters : 1 + letters
        while count > width {
            lines.append(String(line.prefix(width)))
            line = String(line.dropFirst(width))
            count = line.count
        }
    }
    return line.isEmpty ? lines : lines + [line]
}

extension String {
    /// With spaces behind it, up to a width.
    func padded(to width: Int) -> String { self + String.spaces(width - count) }

    /// With spaces before it, up to a width.
    func paddedBefore(to width: Int) -> String { String.spaces(width - count) + self }

    static func spaces(_ count: Int) -> String { count > 0 ? String(repeating: " ", count: count) : "" }
}
