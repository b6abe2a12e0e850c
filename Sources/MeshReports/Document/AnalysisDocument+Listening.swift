import CaptureFiles
import MeshVerdict

/// When somebody listened, where the answer rests on what `meshscope watch` kept.
extension AnalysisDocument {
    private static let mostGaps = 8

    /// No section where nobody did.
    var listening: [ReportDocument.Section] {
        guard let listening = analysis.listening, let since = listening.since, let until = listening.until else {
            return []
        }
        func text(_ time: CaptureTime) -> Prose { Prose(time.text(digits: 0)) }
        let runs = Prose(Wording.count(listening.count, "run"))
        var items = [Item("since \(text(since)) until \(text(until)), by the clock of that machine, in " + runs)]
        if listening.isOpen {
            items.append(
                Item("the last run goes on, or was killed: what it heard behind that time is not in this answer"))
        }
        if listening.silence > .zero {
            let silence = Prose(Wording.span(listening.silence))
            items.append(Item("for the last " + silence + " nothing authentic was heard: that time counts as unheard"))
        }
        let gaps = listening.gaps
        for gap in gaps.suffix(Self.mostGaps) {
            items.append(Item("nobody listened from \(text(gap.start)) to \(text(gap.end))"))
        }
        if gaps.count > Self.mostGaps {
            items.append(Item("\(Wording.count(gaps.count - Self.mostGaps, "more gap")) before these"))
        }
        return [ReportDocument.Section(title: "Listening", [.list(.init(.plain, depth: 1, items))])]
    }
}
