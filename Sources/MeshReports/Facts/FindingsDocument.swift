import MeshTimelines

/// What every kind of finding means, in the order in which reports list equally grave ones. `Findings.md` of the
/// documentation is its Markdown.
public enum FindingsDocument {
    /// A section for each kind: its name in the JSON, its severity, and its explanation.
    public static func make() -> ReportDocument {
        ReportDocument(
            title: "Findings",
            sections: [ReportDocument.Section([.paragraph(introduction)])] + Fact.Kind.allCases.map(section))
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
