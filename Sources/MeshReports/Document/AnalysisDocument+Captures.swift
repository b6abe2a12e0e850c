import CaptureFiles
import MeshEvidence
import MeshTimelines
import MeshVerdict

/// What was read.
extension AnalysisDocument {
    var captures: ReportDocument.Section {
        ReportDocument.Section(
            title: "Captures",
            [.list(.init(.plain, depth: 1, analysis.captures.enumerated().map { item($1, at: $0) }))])
    }

    private func item(_ capture: CaptureSummary, at index: Int) -> ReportDocument.List.Item {
        let types = capture.linkTypes.map { "\($0.number)" }.joined(separator: ", ")
        let failed = capture.crcFailed > 0 ? ", \(capture.crcFailed) with a failed CRC" : ""
        let complete = capture.isComplete ? "" : ", BREAKS OFF"
        let number = analysis.captures.count > 1 ? "[\(index + 1)] " : ""
        var details: [Prose] = []
        if let alignment = capture.alignment { details.append(Prose(Wording.alignment(alignment))) }
        if let first = capture.firstTime, let last = capture.lastTime {
            details.append("\(first.text(digits: capture.timeDigits)) to \(last.text(digits: capture.timeDigits))")
        }
        let text: Prose =
            "\(number)\(KeyMask.hide(capture.path)): \(capture.format.rawValue), link type \(types.isEmpty ? "–" : types), "
            + "\(Wording.count(capture.frames, "frame"))\(failed)\(complete)"
        return ReportDocument.List.Item(text, details: details)
    }
}
