import MeshEvidence
import MeshTimelines
import MeshVerdict

/// Everything noteworthy, the gravest first.
extension AnalysisDocument {
    var findings: ReportDocument.Section {
        guard !analysis.findings.isEmpty else {
            return ReportDocument.Section(title: "Findings", [.paragraph("none", depth: 1)])
        }
        return ReportDocument.Section(title: "Findings", [.findings(analysis.findings.map(row))])
    }

    private func row(_ finding: Finding) -> ReportDocument.FindingRow {
        let subject = finding.source.map { "\($0): " } ?? ""
        let frames = finding.frames.map { label($0) }.joined(separator: ", ")
        let more = finding.count > finding.frames.count ? ", …" : ""
        let shown = frames.isEmpty ? "" : " (frame \(frames)\(more))"
        return ReportDocument.FindingRow(
            severity: finding.severity, label: "\(finding.severity.rawValue)",
            "\(finding.count) × \(subject)\(finding.fact.sentence(times))\(shown) [\(finding.kind.rawValue)]",
            explanation: Prose(markingCode: finding.kind.explanation))
    }
}
