import ByteParsing
import MeshProtocol
import MeshTimelines
import MeshVerdict

/// From the last SEQ that was heard to the start SEQ, term by term.
struct MarginChart {
    private static let left = 20.0
    private static let right = Drawing.width - 20
    /// What no term is narrower than, so that the smallest is seen.
    private static let leastWidth = 4.0
    private static let styles: [Drawing.Style] = [.term0, .term1, .term2, .term3, .term4, .term5]

    let recovery: Recovery

    func drawing() -> Drawing {
        let start = recovery.recommended.value
        var table = ReportDocument.Table([.init("what"), .init("SEQ", .right), .init("why")])
        table.add([
            "minimum", "\(recovery.minimum.value)",
            "one above the last SEQ that was heard, or 0 under a newer IV Index",
        ])
        for term in recovery.margin {
            table.add(["\(term.term.rawValue)", "+ \(term.value)", Prose(Wording.reason(of: term))])
        }
        table.add(["start SEQ", "\(start)", "what the replacement begins with"])
        var drawing = Drawing(
            "From the minimum to the start SEQ",
            "The minimum is \(text(recovery.minimum.value)); \(Wording.count(recovery.margin.count, "term")) above it make the start SEQ, \(text(start)).",
            height: 92, table: table)
        let widths = self.widths
        var x = Self.left
        for (place, term) in recovery.margin.enumerated() {
            let style = Self.styles[place % Self.styles.count]
            drawing.add(
                .rectangle(x: x, y: 30, width: widths[place], height: 30), style,
                "+ \(term.value): \(Wording.reason(of: term))",
                [.init("term", term.term.rawValue), .init("value", term.value)])
            drawing.explain(style, "+ \(term.value): \(Wording.reason(of: term))")
            x += widths[place]
        }
        drawing.add(
            .line(x1: Self.left, y1: 22, x2: Self.left, y2: 66), .axis, nil,
            [.init("minimum_seq", recovery.minimum.value)])
        drawing.add(.text(x: Self.left, y: 16, .start, "minimum \(text(recovery.minimum.value))"), .label)
        drawing.add(.line(x1: x, y1: 22, x2: x, y2: 66), .recommended, nil, [.init("recommended_seq", start)])
        drawing.add(.text(x: x, y: 82, .end, "start SEQ \(text(start))"), .label)
        return drawing
    }

    private var widths: [Double] {
        let sum = recovery.margin.reduce(0) { $0 + Double($1.value) }
        let room = Self.right - Self.left - Double(recovery.margin.count) * Self.leastWidth
        return recovery.margin.map { Self.leastWidth + (sum > 0 ? Double($0.value) / sum * room : 0) }
    }

    private func text(_ number: UInt32) -> String { "\(Hexadecimal.prefixed(number, digits: 6)) (\(number))" }
}
