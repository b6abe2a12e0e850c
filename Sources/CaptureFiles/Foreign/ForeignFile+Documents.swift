extension ForeignFile {
    /// What was saved or named in place of a capture or a key file.
    static let documents: [ForeignFile] = [
        ForeignFile(
            phrase: "is a picture (PNG)", mark: .octets { $0.has([0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]) },
            advice: wanted),
        ForeignFile(phrase: "is a picture (JPEG)", mark: .octets { $0.has([0xFF, 0xD8, 0xFF]) }, advice: wanted),
        ForeignFile(phrase: "is a PDF", mark: .octets { $0.has(Array("%PDF-".utf8)) }, advice: wanted),
        ForeignFile(
            phrase: "is a text in UTF-16",
            mark: .octets { ($0.has([0xFF, 0xFE]) || $0.has([0xFE, 0xFF])) && isUTF16($0) },
            advice: { start, use in
                "'\(start.printing(with: "iconv -f UTF-16 -t UTF-8")) | \(use.command)' reads it, if it is what it should be"
            }),
        ForeignFile(
            phrase: "is a web page (HTML)",
            mark: .text { start in
                let line = start.firstLine.lowercased()
                return line.hasPrefix("<!doctype html") || line.hasPrefix("<") && start.mentions(["<html"])
            },
            advice: { _, _ in "it was saved in place of the file that it leads to; download the file itself" }),
        ForeignFile(
            phrase: "looks like keys", saysNo: false, uses: [.capture], mark: .text(looksLikeKeys),
            advice: { _, _ in "use --keys FILE, and name the capture without an option" }),
        ForeignFile(
            phrase: "is JSON", uses: [.capture],
            mark: .text { $0.firstLine.hasPrefix("{") || $0.firstLine.hasPrefix("[") },
            advice: { _, _ in "no capture is read from JSON; Wireshark saves one as pcapng" }),
    ]

    @Sendable private static func wanted(_ start: FileStart, _ use: FileUse) -> String {
        switch use {
        case .capture: "the capture itself is needed; \(CaptureFormat.list) are read"
        case .keys: "the file of keys itself is needed"
        }
    }

    private static func isUTF16(_ start: FileStart) -> Bool {
        // Most of what is written in any language has blanks or the ends of lines.
        let ends: [[UInt8]] = [[0x00, 0x0A], [0x0A, 0x00], [0x00, 0x20], [0x20, 0x00]]
        return ends.contains { end in
            stride(from: 2, to: start.octets.count - 1, by: 2).contains { start.has(end, at: $0) }
        }
    }

    /// As the forms of key files look; whether they are whole is not asked here.
    @Sendable private static func looksLikeKeys(_ start: FileStart) -> Bool {
        let isJSON = start.firstLine.hasPrefix("{")
        let members = ["\"netkey", "\"appkey", "\"devkey", "\"devicekey", "\"meshnetwork\"", "\"meshuuid\""]
        let isDatabase = isJSON && start.mentions(members)
        // Wireshark's tables, behind comments.
        let row = start.text?.split(whereSeparator: \.isNewline).first { !$0.hasPrefix("#") } ?? ""
        let value = row.split(separator: ",").first?.filter { $0 != "\"" && $0 != " " } ?? ""
        let digits = value.lowercased().hasPrefix("0x") ? value.dropFirst(2) : value[...]
        let isTable = row.hasPrefix("\"") && digits.count == 32 && digits.allSatisfy(\.isHexDigit)
        let isShellOutput = start.mentions(["netidx"]) && start.mentions(["netkey"])
        return isDatabase || isTable || isShellOutput
    }
}
