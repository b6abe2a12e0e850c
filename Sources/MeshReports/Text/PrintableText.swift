/// Text from the air, from files and from the command line, without anything that a terminal would obey.
public enum PrintableText {
    /// The text with `\u{1b}` and the like for what is not to be seen; escaping twice changes nothing more.
    public static func escape(_ text: String) -> String {
        var shown = ""
        for scalar in text.unicodeScalars {
            switch scalar.properties.generalCategory {
            case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse, .unassigned:
                shown += "\\u{" + String(scalar.value, radix: 16) + "}"
            default: shown.unicodeScalars.append(scalar)
            }
        }
        return shown
    }
}
