import MeshEvidence
import MeshTimelines
import MeshVerdict

/// Lays a document out for a terminal or a text file, within 100 columns; drawings are left out.
public struct TextRenderer {
    /// Whether a terminal shows it.
    public enum Style: Sendable {
        /// The text for a file or a pipe, without colours.
        case plain
        /// With the escapes of a terminal for emphasis and colours. Without them the text is the same.
        case colored
    }

    private static let width = 100
    /// Columns of a level of depth.
    private static let indentation = 2
    /// Columns of the names of values, which line up also where there are several blocks of values.
    private static let nameWidth = 18
    private static let severityWidth = 8

    private let style: Style
    private var lines: [String] = []

    /// The whole document; ends with a newline.
    public static func render(_ document: ReportDocument, style: Style = .plain) -> String {
        var renderer = TextRenderer(style)
        if let title = document.title { renderer.addTitle(title) }
        for section in document.sections {
            if let title = section.title { renderer.addTitle(title) }
            for block in section.blocks { renderer.add(block) }
        }
        return renderer.text
    }

    /// Blocks without a section around them; ends with a newline.
    static func render(_ blocks: [ReportDocument.Block]) -> String {
        var renderer = TextRenderer(.plain)
        for block in blocks { renderer.add(block) }
        return renderer.text
    }

    private init(_ style: Style) {
        self.style = style
    }

    private var text: String { lines.joined(separator: "\n") + "\n" }

    // MARK: Blocks

    private mutating func add(_ block: ReportDocument.Block) {
        switch block {
        case .headline(let prose): addEmphasised(prose)
        case .paragraph(let prose, let depth): add(prose.text, depth: depth)
        case .values(let values): add(values)
        case .terms(let terms): for term in terms { add(term) }
        case .list(let list): add(list)
        case .table(let table): add(table)
        case .callout(let callout): add("\(callout.label.text): \(callout.text.text)", depth: 1)
        case .findings(let rows): for row in rows { add(row) }
        case .excerpt(let blocks): for block in blocks { add(block) }
        case .chart: break
        case .pause: lines.append("")
        }
    }

    private mutating func addTitle(_ title: Prose) {
        if !lines.isEmpty { lines.append("") }
        addEmphasised(title)
    }

    private mutating func addEmphasised(_ prose: Prose) {
        for line in wrapped(prose.text, width: Self.width) { lines.append(emphasised(line)) }
    }

    private mutating func add(_ values: [ReportDocument.Value]) {
        let indent = String.spaces(2 * Self.indentation)
        let width = max(Self.nameWidth, (values.map(\.name.text.count).max() ?? 0) + 2)
        for value in values {
            var line = indent + value.name.text.padded(to: width)
            line += value.decimal == nil ? value.hexadecimal : emphasised(value.hexadecimal)
            if let decimal = value.decimal { line += "  (\(decimal))" }
            if let note = value.note { line += "  (\(note.text))" }
            lines.append(line)
        }
    }

    private mutating func add(_ term: ReportDocument.Term) {
        addHanging("+ \(term.value)  ", term.reason.text, depth: 2)
    }

    private mutating func add(_ list: ReportDocument.List) {
        for (index, item) in list.items.enumerated() {
            switch list.style {
            case .numbered: add("\(index + 1). \(item.text.text)", depth: list.depth)
            case .plain: add(item.text.text, depth: list.depth)
            }
            for detail in item.details { add(detail.text, depth: list.depth + 1) }
        }
    }

    private mutating func add(_ table: ReportDocument.Table) {
        let rows = [table.columns.map(\.title.text)] + table.rows.map { $0.map(\.text) }
        let widths = table.columns.indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
        for row in rows {
            let cells = table.columns.indices.map { column in
                switch table.columns[column].alignment {
                case .left: row[column].padded(to: widths[column])
                case .right: row[column].paddedBefore(to: widths[column])
                }
            }
            var line = String.spaces(Self.indentation) + cells.joined(separator: "  ")
            while line.last == " " { line.removeLast() }
            lines.append(line)
        }
    }

    private mutating func add(_ row: ReportDocument.FindingRow) {
        let label = row.label.text.padded(to: Self.severityWidth)
        addHanging(label + "  ", shownAs: colored(label, row.severity) + "  ", row.text.text, depth: 1)
    }

    // MARK: Lines

    private mutating func add(_ text: String, depth: Int) {
        let indent = String.spaces(depth * Self.indentation)
        for line in wrapped(text, width: Self.width - indent.count) { lines.append(indent + line) }
    }

    /// A mark, and beside it text whose further lines begin below its first.
    ///
    /// `shown`: the mark with escapes, which take no room.
    private mutating func addHanging(_ mark: String, shownAs shown: String? = nil, _ text: String, depth: Int) {
        let indent = String.spaces(depth * Self.indentation)
        for (index, line) in wrapped(text, width: Self.width - indent.count - mark.count).enumerated() {
            lines.append(indent + (index == 0 ? shown ?? mark : .spaces(mark.count)) + line)
        }
    }

    private func emphasised(_ text: String) -> String { style == .colored ? "\u{1B}[1m\(text)\u{1B}[0m" : text }

    private func colored(_ text: String, _ severity: Fact.Severity) -> String {
        guard style == .colored else { return text }
        switch severity {
        case .critical: return "\u{1B}[1;31m\(text)\u{1B}[0m"
        case .warning: return "\u{1B}[33m\(text)\u{1B}[0m"
        case .info: return text
        }
    }
}
