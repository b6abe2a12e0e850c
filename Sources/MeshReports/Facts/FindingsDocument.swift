public import MeshTimelines

/// What every kind of finding means, in the order in which reports list equally grave ones. `Findings.md` of the
/// documentation is its Markdown.
public enum FindingsDocument {
    /// A section for each kind: its name in the JSON, its severity, and its explanation.
    public static func make() -> ReportDocument {
        ReportDocument(
            title: "Findings",
            sections: [ReportDocument.Section([.paragraph(introduction)])] + Fact.Kind.allCases.map(section))
    }

    /// What one kind means, and what it looks like in a report.
    public static func make(of kind: Fact.Kind) -> ReportDocument {
        let example = Fact.examples.first { $0.kind == kind }
        let times = CaptureTimes.examples
        let shown: [ReportDocument.Block] =
            example.map { fact in
                [
                    .pause, .paragraph("In a report it stands as:"),
                    .findings([
                        .init(
                            severity: fact.severity, label: "\(fact.severity.rawValue)", "1 × \(fact.sentence(times))")
                    ]),
                ]
            } ?? []
        let section = section(kind)
        return ReportDocument(title: section.title, sections: [ReportDocument.Section(section.blocks + shown)])
    }

    /// The kinds, each with its severity.
    public static func list() -> ReportDocument {
        var table = ReportDocument.Table([.init("finding"), .init("severity")])
        for kind in Fact.Kind.allCases { table.add(["\(kind.rawValue)", "\(kind.severity.rawValue)"]) }
        return ReportDocument(sections: [
            ReportDocument.Section([
                .table(table), .pause,
                .paragraph("\(code: "meshscope explain FINDING") tells what one means, and what to do."),
            ])
        ])
    }

    private static let introduction: Prose = """
        What each finding of a report means for the nodes and for the answer, what usually causes it, and what to do.
        A finding is \(code: "critical") where the answer may not hold, or where somebody acts against the network;
        \(code: "warning") where a rule of the specification is broken, or the capture is not whole; \(code: "info") where it is
        worth knowing and harmless. Names are those of the JSON report, in the order in which reports list equally grave ones.
        """

    private static func section(_ kind: Fact.Kind) -> ReportDocument.Section {
        ReportDocument.Section(
            title: "\(code: kind.rawValue)",
            [
                .paragraph("Severity: \(code: kind.severity.rawValue)"),
                .paragraph(Prose(markingCode: kind.explanation)),
            ])
    }
}
