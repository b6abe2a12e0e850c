public import CaptureFiles
import MeshEvidence
import MeshTimelines
import MeshVerdict

/// Lays a document out for a terminal or a text file; drawings are left out.
public struct TextRenderer {
    /// How the text looks where it is read.
    public struct Style: Sendable {
        /// The columns of a line: 60 to 140.
        public let width: Int
        /// Whether there are escapes for emphasis and colours. Without them the text is the same.
        public let isColored: Bool
        /// What the clock on the reader's wall says at a moment, such as `14:00:22 CEST`; `nil` where there is nobody to read it.
        let localTime: (@Sendable (CaptureTime) -> String?)?

        /// `width` is held within 60 to 140.
        public init(
            width: Int = 100, isColored: Bool = false, localTime: (@Sendable (CaptureTime) -> String?)? = nil
        ) {
            self.width = min(140, max(60, width))
            self.isColored = isColored
            self.localTime = localTime
        }

        /// The text for a file or a pipe: 100 columns, without colours.
        public static let plain = Style()
    }

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
        case .headline(let prose, let tone): addHeadline(prose, tone)
        case .paragraph(let prose, let depth): add(text(prose), depth: depth)
        case .values(let values): add(values)
        case .terms(let terms): for term in terms { add(term) }
        case .list(let list): add(list)
        case .table(let table): add(table)
        case .callout(let callout): add(callout)
        case .findings(let rows): for row in rows { add(row) }
        case .excerpt(let blocks): for block in blocks { add(block) }
        case .chart: break
        case .pause: lines.append("")
        }
    }

    /// As plain text, with the reader's time behind each moment where there is a reader.
    private func text(_ prose: Prose) -> String {
        guard let localTime = style.localTime else { return prose.text }
        return prose.runs.map { run in
            guard case .time(let text, let time) = run, let local = localTime(time) else { return Prose.text(of: run) }
            return "\(text) (\(local) here)"
        }.joined()
    }

    private mutating func addTitle(_ title: Prose) {
        if !lines.isEmpty { lines.append("") }
        for line in wrapped(title.text, width: style.width) { lines.append(escaped(line, "1")) }
    }

    private mutating func addHeadline(_ prose: Prose, _ tone: ReportDocument.Tone) {
        for line in wrapped(text(prose), width: style.width) { lines.append(escaped(line, Self.code(tone))) }
    }

    private mutating func add(_ values: [ReportDocument.Value]) {
        let indent = String.spaces(2 * Self.indentation)
        let width = max(Self.nameWidth, (values.map(\.name.text.count).max() ?? 0) + 2)
        for value in values {
            var line = indent + value.name.text.padded(to: width)
            line += value.decimal == nil ? value.hexadecimal : escaped(value.hexadecimal, "1")
            if let decimal = value.decimal { line += "  (\(decimal))" }
            guard let note = value.note else {
                lines.append(line)
                continue
            }
            // A value with a note is a flag, which has no decimal and is not emphasised: what is seen is what is counted.
            let start = line.count + 2
            for (index, piece) in wrapped("(\(note.text))", width: style.width - start).enumerated() {
                lines.append((index == 0 ? line + "  " : .spaces(start)) + piece)
            }
        }
    }

    private mutating func add(_ term: ReportDocument.Term) {
        addHanging("+ \(term.value)  ", text(term.reason), depth: 2)
    }

    private mutating func add(_ list: ReportDocument.List) {
        for (index, item) in list.items.enumerated() {
            switch list.style {
            case .numbered: add("\(index + 1). \(text(item.text))", depth: list.depth)
            case .plain: add(text(item.text), depth: list.depth)
            }
            for detail in item.details { add(text(detail), depth: list.depth + 1) }
        }
    }

    private mutating func add(_ callout: ReportDocument.Callout) {
        let start = lines.count
        add("\(callout.label.text): \(text(callout.text))", depth: 1)
        guard start < lines.count else { return }
        lines[start] = lines[start].replacing(
            callout.label.text, with: colored(callout.label.text, callout.severity), maxReplacements: 1)
    }

    private mutating func add(_ row: ReportDocument.FindingRow) {
        let label = row.label.text.padded(to: Self.severityWidth)
        addHanging(label + "  ", shownAs: colored(label, row.severity) + "  ", text(row.text), depth: 1)
    }

    // MARK: Tables

    private mutating func add(_ table: ReportDocument.Table) {
        let rows = [table.columns.map(\.title.text)] + table.rows.map { $0.map(\.text) }
        let widths = table.columns.indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
        for (part, columns) in parts(of: table, widths).enumerated() {
            if part > 0 { lines.append("") }
            for row in rows {
                let cells = columns.map { column in
                    switch table.columns[column].alignment {
                    case .left: row[column].padded(to: widths[column])
                    case .right: row[column].paddedBefore(to: widths[column])
                    }
                }
                var line = String.spaces(Self.indentation) + cells.joined(separator: "  ")
                while line.last == " " { line.removeLast() }
                guard line.count > style.width, let last = columns.last else {
                    lines.append(line)
                    continue
                }
                // One column alone is too wide: its text goes on below itself.
                let start = Self.indentation + cells.dropLast().reduce(0) { $0 + $1.count + 2 }
                for (index, piece) in wrapped(row[last], width: max(8, style.width - start)).enumerated() {
                    lines.append((index == 0 ? String(line.prefix(start)) : .spaces(start)) + piece)
                }
            }
        }
    }

    /// The columns of a table that is too wide in groups, one below the other, each with the columns that tell the rows apart.
    private func parts(of table: ReportDocument.Table, _ widths: [Int]) -> [[Int]] {
        let keys = Array(widths.indices.prefix(table.keys))
        func width(_ columns: [Int]) -> Int { columns.reduce(0) { $0 + widths[$1] + 2 } }
        let isTooWide = width(Array(widths.indices)) > style.width
        var parts: [[Int]] = []
        var part = keys
        for column in widths.indices.dropFirst(keys.count) {
            let isBreak = isTooWide && column == table.secondPart
            if isBreak || width(part + [column]) > style.width, part.count > keys.count {
                parts.append(part)
                part = keys
            }
            part.append(column)
        }
        return parts + [part]
    }

    // MARK: Lines

    private mutating func add(_ text: String, depth: Int) {
        let indent = String.spaces(depth * Self.indentation)
        for line in wrapped(text, width: style.width - indent.count) { lines.append(indent + line) }
    }

    /// A mark, and beside it text whose further lines begin below its first.
    ///
    /// `shown`: the mark with escapes, which take no room.
    private mutating func addHanging(_ mark: String, shownAs shown: String? = nil, _ text: String, depth: Int) {
        let indent = String.spaces(depth * Self.indentation)
        for (index, line) in wrapped(text, width: style.width - indent.count - mark.count).enumerated() {
            lines.append(indent + (index == 0 ? shown ?? mark : .spaces(mark.count)) + line)
        }
    }

    // MARK: Colours

    private static func code(_ tone: ReportDocument.Tone) -> String {
        switch tone {
        case .neutral: "1"
        case .good: "1;32"
        case .caution: "1;33"
        case .alarm: "1;31"
        }
    }

    private func colored(_ text: String, _ severity: Fact.Severity) -> String {
        switch severity {
        case .critical: escaped(text, "1;31")
        case .warning: escaped(text, "33")
        case .info: text
        }
    }

    private func escaped(_ text: String, _ code: String) -> String {
        style.isColored ? "\u{1B}[\(code)m\(text)\u{1B}[0m" : text
    }
}
