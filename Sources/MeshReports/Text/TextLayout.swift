/// Breaks text at spaces into lines of at most `width` characters.
func wrapped(_ text: String, width: Int) -> [String] {
    var lines: [String] = []
    var line = ""
    for word in text.split(separator: " ", omittingEmptySubsequences: false) {
        if !line.isEmpty, line.count + 1 + word.count > width {
            lines.append(line)
            line = ""
        }
        line += line.isEmpty ? String(word) : " " + word
        while line.count > width {
            lines.append(String(line.prefix(width)))
            line = String(line.dropFirst(width))
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
