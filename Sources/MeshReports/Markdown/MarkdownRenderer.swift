/// Renders a document as Markdown, with the tables of GitHub; drawings are left out.
public struct MarkdownRenderer {
    private var blocks: [String] = []

    /// The whole document; ends with a newline.
    public static func render(_ document: ReportDocument) -> String {
        var renderer = MarkdownRenderer()
        if let title = document.title { renderer.blocks.append("# " + line(title)) }
        for section in document.sections {
            if let title = section.title { renderer.blocks.append("## " + line(title)) }
            renderer.blocks += section.blocks.compactMap(text)
        }
        return renderer.blocks.joined(separator: "\n\n") + "\n"
    }

    // MARK: Blocks

    /// A block as Markdown; `nil` for a block that Markdown does not show.
    private static func text(_ block: ReportDocument.Block) -> String? {
        switch block {
        case .headline(let prose, _): prose.isEmpty ? nil : "**\(inside(prose))**"
        case .paragraph(let prose, depth: _): prose.isEmpty ? nil : paragraph(prose)
        case .values(let values): values.map(text).joined(separator: "\n")
        case .terms(let terms): terms.map { "- **+ \($0.value)** \(line($0.reason))" }.joined(separator: "\n")
        case .list(let list): text(list)
        case .table(let table): text(table)
        case .callout(let callout): "> **\(inside(callout.label))**: \(line(callout.text))"
        case .findings(let rows):
            rows.map { "- **\(inside($0.label))** \(line($0.text))" }.joined(separator: "\n")
        case .excerpt(let blocks): fenced(TextRenderer.render(blocks))
        case .chart, .pause: nil
        }
    }

    private static func text(_ value: ReportDocument.Value) -> String {
        var text = "- \(line(value.name)): **\(escaped(value.hexadecimal))**"
        if let decimal = value.decimal { text += " (\(decimal))" }
        if let note = value.note { text += " (\(line(note)))" }
        return text
    }

    private static func text(_ list: ReportDocument.List) -> String {
        list.items.enumerated().map { index, item in
            let mark = list.style == .numbered ? "\(index + 1). " : "- "
            let indent = String.spaces(mark.count)
            let details = item.details.map { "\(indent)- \(start(line($0)))" }
            return ([mark + start(line(item.text))] + details).joined(separator: "\n")
        }.joined(separator: "\n")
    }

    private static func text(_ table: ReportDocument.Table) -> String {
        let rules = table.columns.map { $0.alignment == .left ? "---" : "---:" }
        return ([row(table.columns.map(\.title)), "| \(rules.joined(separator: " | ")) |"] + table.rows.map(row))
            .joined(separator: "\n")
    }

    /// A `|` ends a cell even inside code.
    private static func row(_ cells: [Prose]) -> String {
        "| \(cells.map { line($0).replacing("|", with: "\\|") }.joined(separator: " | ")) |"
    }

    /// Between fences longer than any that the text itself holds.
    private static func fenced(_ text: String) -> String {
        let fence = String(repeating: "`", count: max(3, longestRunOfBackticks(text) + 1))
        return "\(fence)\n\(text)\(fence)"
    }

    // MARK: Runs

    /// A paragraph that keeps the author's line breaks.
    private static func paragraph(_ prose: Prose) -> String {
        text(prose, lineBreak: "\n").split(separator: "\n", omittingEmptySubsequences: false).map { start(String($0)) }
            .joined(separator: "\n")
    }

    /// What looks like the mark of a title, a quotation or a list at the start of a line is none.
    private static func start(_ line: String) -> String {
        guard let first = line.first else { return line }
        if "#>+-=~".contains(first) { return "\\" + line }
        let number = line.prefix { $0.isASCII && $0.isNumber }
        let rest = line.dropFirst(number.count)
        guard !number.isEmpty, let mark = rest.first, ".)".contains(mark) else { return line }
        return "\(number)\\\(rest)"
    }

    private static func line(_ prose: Prose) -> String { text(prose, lineBreak: " ") }

    private static func text(_ prose: Prose, lineBreak: String) -> String {
        prose.runs.map { run in
            switch run {
            case .plain(let text), .time(let text, _): escaped(text)
            case .strong(let text): "**\(escaped(text))**"
            case .code(let text): code(text)
            case .lineBreak: lineBreak
            }
        }.joined()
    }

    /// For places that are emphasised as a whole: the runs without marks of their own.
    private static func inside(_ prose: Prose) -> String {
        prose.runs.map { run in
            switch run {
            case .plain(let text), .strong(let text), .time(let text, _): escaped(text)
            case .code(let text): code(text)
            case .lineBreak: " "
            }
        }.joined()
    }

    /// What Markdown would take for a mark or for HTML stands as itself.
    private static func escaped(_ text: String) -> String {
        var shown = ""
        for character in text {
            if "\\`*_[]<&".contains(character) { shown.append("\\") }
            shown.append(character)
        }
        return shown
    }

    /// Between backticks, more of them than the text itself has in a row.
    private static func code(_ text: String) -> String {
        let longest = longestRunOfBackticks(text)
        guard longest > 0 else { return "`\(text)`" }
        let mark = String(repeating: "`", count: longest + 1)
        return "\(mark) \(text) \(mark)"
    }

    private static func longestRunOfBackticks(_ text: String) -> Int {
        text.split { $0 != "`" }.map(\.count).max() ?? 0
    }
}
