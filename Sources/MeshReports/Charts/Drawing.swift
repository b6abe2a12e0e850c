import CaptureFiles
import MeshEvidence

/// A picture with all that it says: its words, its shapes, and the numbers behind it as a table.
struct Drawing: Sendable {
    /// What a shape stands for; a rendering chooses colour and hatching, which never stand for anything alone.
    enum Style: String, Sendable {
        case axis, grid, label, evidence, unheard, band, limit, mark, line, second, replay, jump, restart, recommended
        case heard0, heard1, heard2, heard3, term0, term1, term2, term3, term4, term5
    }

    /// Where a shape lies; x to the right, y downwards, in units of the drawing.
    enum Form: Sendable {
        case line(x1: Double, y1: Double, x2: Double, y2: Double)
        case rectangle(x: Double, y: Double, width: Double, height: Double)
        case circle(x: Double, y: Double, radius: Double)
        case path([(x: Double, y: Double)])
        case text(x: Double, y: Double, Anchor, Prose)
    }

    /// Which end of a text its place is.
    enum Anchor: String, Sendable { case start, middle, end }

    /// A number that a shape shows, under the name that it has in the JSON report.
    struct Datum: Sendable {
        let name: String
        let value: String

        init(_ name: String, _ value: some CustomStringConvertible) {
            self.name = name
            self.value = PrintableText.escape(value.description)
        }
    }

    /// A piece of the picture.
    struct Shape: Sendable {
        let form: Form
        let style: Style
        /// What a pointer over it shows, and a screen reader says; `nil` where a label or a table says it.
        var title: Prose?
        /// The numbers that it shows.
        var data: [Datum] = []
    }

    /// A style with its meaning.
    struct LegendEntry: Sendable {
        let style: Style
        let meaning: Prose
    }

    static let width = 760.0

    let title: Prose
    /// What it shows, in a sentence.
    let summary: Prose
    var height = 240.0
    var shapes: [Shape] = []
    var legend: [LegendEntry] = []
    var table: ReportDocument.Table
    /// Whether it is shown only when somebody asks for it.
    var isFolded = false

    init(_ title: Prose, _ summary: Prose, height: Double = 240, table: ReportDocument.Table) {
        self.title = title
        self.summary = summary
        self.height = height
        self.table = table
    }

    mutating func add(_ form: Form, _ style: Style, _ title: Prose? = nil, _ data: [Datum] = []) {
        shapes.append(Shape(form: form, style: style, title: title, data: data))
    }

    mutating func explain(_ style: Style, _ meaning: Prose) { legend.append(.init(style: style, meaning: meaning)) }
}

extension Drawing.Datum {
    static func frame(_ frame: FrameReference) -> [Self] {
        [Self("capture", frame.capture), Self("frame", frame.number)]
    }
}
