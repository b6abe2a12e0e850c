/// Text from the air, from files and from the command line, without anything that a terminal would obey.
public enum PrintableText {
    /// The same for a text of several lines, which stay lines.
    public static func escapeLines(_ text: String) -> String {
        text.split(separator: "\n", omittingEmptySubsequences: false).map { escape(String($0)) }.joined(separator: "\n")
    }

    /// JSON with what a terminal would obey as `\u` escapes, so that it is the same JSON: such characters stand in strings only.
    public static func escapeJSON(_ json: String) -> String {
        guard !isPlain(json) else { return json }
        var shown = ""
        for scalar in json.unicodeScalars {
            guard isHidden(scalar), scalar != "\n" else {
                shown.unicodeScalars.append(scalar)
                continue
            }
            for unit in String(scalar).utf16 {
                let digits = String(unit, radix: 16)
                shown += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            }
        }
        return shown
    }

    /// The text with `\u{1b}` and the like for what is not to be seen; escaping twice changes nothing more.
    public static func escape(_ text: String) -> String {
        // Nearly no text has anything to be hidden, and most is ASCII; what is not costs more to look at.
        if text.utf8.allSatisfy(isVisible) { return text }
        guard text.unicodeScalars.contains(where: isHidden) else { return text }
        var shown = ""
        for scalar in text.unicodeScalars {
            if isHidden(scalar) {
                shown += "\\u{" + String(scalar.value, radix: 16) + "}"
            } else {
                shown.unicodeScalars.append(scalar)
            }
        }
        return shown
    }

    /// Whether it is made of nothing but ASCII's visible characters and line feeds, as nearly every text is.
    private static func isPlain(_ text: String) -> Bool {
        text.utf8.allSatisfy { isVisible($0) || $0 == 0x0A }
    }

    /// Whether it is one of ASCII's visible characters.
    private static func isVisible(_ octet: UInt8) -> Bool { (0x20..<0x7F).contains(octet) }

    private static func isHidden(_ scalar: Unicode.Scalar) -> Bool {
        if scalar.value < 0x7F { return scalar.value < 0x20 }
        return switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse, .unassigned: true
        default: false
        }
    }
}
