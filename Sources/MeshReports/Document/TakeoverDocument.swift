import ByteParsing
import CaptureFiles
import MeshEvidence
import MeshProtocol
import MeshTimelines
public import MeshVerdict

/// Says in one word whether a replacement was accepted, and why.
public enum TakeoverDocument {
    /// The answer in a headline, and what it rests on below; the same takeover gives the same document.
    public static func make(_ takeover: Takeover) -> ReportDocument {
        let grounds =
            [oldDevice(takeover)] + replacement(takeover) + answers(takeover) + owing(takeover) + shortfall(takeover)
            + whatIsMissing(takeover) + conflict(takeover) + reports(takeover)
        return ReportDocument(sections: [
            ReportDocument.Section(
                [.headline("\(takeover.verdict.rawValue): \(headline(takeover))", tone(takeover.verdict))]
                    + grounds.map { .paragraph($0, depth: 1) })
        ])
    }

    private static func tone(_ verdict: Takeover.Verdict) -> ReportDocument.Tone {
        switch verdict {
        case .accepted: .good
        case .partial, .unclear: .caution
        case .ignored, .conflict: .alarm
        }
    }

    private static func headline(_ takeover: Takeover) -> Prose {
        switch takeover.verdict {
        case .accepted: "nodes answer \(takeover.address)"
        case .partial:
            "some nodes answer \(takeover.address), and \(takeover.answers.owing.count) that owe an answer do not"
        case .conflict: "another device sends as \(takeover.address) too"
        case .unclear where takeover.first == nil: "\(takeover.address) was not heard since the swap"
        case .unclear where takeover.isContinuation:
            "its start SEQ follows closely on the old one's: is it the old device that goes on? Check --since"
        case .unclear where takeover.oldLast == nil && (takeover.answers.isShown || takeover.acknowledgments > 0):
            "nodes answer \(takeover.address), and nothing tells it from the old device"
        case .unclear where takeover.answers.answers > 0:
            "nodes send to \(takeover.address), but as they may do unasked; capture longer, with pauses between the requests"
        case .unclear:
            "\(takeover.address) was heard, but asked too little to tell; let it ask nodes (a Get is enough) and capture again"
        case .ignored where overlap(takeover) != nil: "its start SEQ is not above the old one's: peers drop it"
        case .ignored: "it asks what has to be answered, and nobody answers"
        }
    }

    // MARK: What it rests on

    private static func oldDevice(_ takeover: Takeover) -> Prose {
        guard let old = takeover.oldLast else {
            return
                "The old device was not heard before \(takeover.since.text(digits: 0)): name a capture from before as well, or --last-seq."
        }
        let place = takeover.oldLastFrame.map { ", frame \($0.number)" } ?? ", as given"
        return "The old device's last: \(text(old))\(place)."
    }

    private static func replacement(_ takeover: Takeover) -> [Prose] {
        guard let first = takeover.first, let frame = takeover.firstFrame else { return [] }
        return [
            "The replacement's first: \(text(first)), frame \(frame.number), \(frame.time.text(digits: 6)); \(Wording.count(takeover.sent, "PDU")) since."
        ]
    }

    private static func answers(_ takeover: Takeover) -> [Prose] {
        let answers = takeover.answers
        guard takeover.first != nil else { return [] }
        var lines: [Prose] = [
            "It sent \(Wording.count(answers.requests, "request")) to \(Wording.count(answers.asked, "node")); \(answers.owed) of them have to be answered.",
            "Segment Acknowledgments: \(takeover.acknowledgments). Answers under device keys: \(answers.deviceKeyAnswers).",
        ]
        if answers.answers > 0 {
            lines.append(
                "In time, \(Wording.count(answers.answered, "node")) sent something back, \(Wording.count(answers.answers, "time")) (by chance alone: \(percent(answers.chance)))."
            )
        }
        if answers.publications > 0 {
            lines.append(
                "\(Wording.count(answers.publications, "publication")) broke a silence just after it sent (by chance alone: \(percent(answers.publicationChance)))."
            )
        }
        let frames = [answers.firstFrame, takeover.firstAcknowledgment].compactMap(\.self)
        if let first = frames.min(by: { $0.time < $1.time }) {
            lines.append("The first of it is frame \(first.number), \(first.time.text(digits: 6)).")
        }
        return lines
    }

    /// Nodes that do not answer while others do hold a higher SEQ of the old device than was heard.
    private static func owing(_ takeover: Takeover) -> [Prose] {
        guard takeover.verdict == .partial else { return [] }
        func names(_ nodes: [UnicastAddress]) -> String {
            nodes.prefix(16).map { "\($0)" }.joined(separator: ", ") + (nodes.count > 16 ? ", …" : "")
        }
        return [
            "They owe an answer: \(names(takeover.answers.owing)). They answer: \(names(takeover.answers.accepting)).",
            "Those that are silent may hold a higher SEQ of the old device than was heard, or be out of its reach. Start the replacement "
                + "anew with a higher start SEQ (meshscope analyze --margin safe), and verify again.",
        ]
    }

    /// Where the replacement began too low: by how much, and what to do.
    private static func shortfall(_ takeover: Takeover) -> [Prose] {
        guard takeover.verdict == .ignored, let (old, first) = overlap(takeover) else { return [] }
        guard first.ivIndex == old.ivIndex else {
            return ["Its IV Index is an older one: meshscope analyze tells the right one."]
        }
        let next = old.sequence.value + 1
        return [
            "It is \(next - first.sequence.value) SEQ short: start it at \(Hexadecimal.prefixed(next, digits: 6)) (\(next)) or above, "
                + "as meshscope analyze on a capture of before recommends."
        ]
    }

    private static func whatIsMissing(_ takeover: Takeover) -> [Prose] {
        guard takeover.oldLast == nil, takeover.first != nil else { return [] }
        return [
            "Take a capture that begins before the swap, or say what the old device used last: --last-seq, --last-iv-index."
        ]
    }

    private static func conflict(_ takeover: Takeover) -> [Prose] {
        guard !takeover.foreign.isEmpty else { return [] }
        let frames = takeover.foreign.map { "\($0.number)" }.joined(separator: ", ")
        return [
            "Not the replacement's: frame \(frames). Find the old device and switch it off; or say with --since when the swap was, if that was later."
        ]
    }

    /// Who reported to the address regularly, and whether it does so since: what the replacement should hear by itself.
    private static func reports(_ takeover: Takeover) -> [Prose] {
        let regular = takeover.reporters.filter { $0.period != nil }
        guard takeover.first != nil, !regular.isEmpty else { return [] }
        func names(_ reporters: [TakeoverCard.Reporter]) -> String {
            reporters.prefix(8).map { reporter in
                let kind = reporter.kind == .publication ? "publications" : "Heartbeats"
                return
                    "\(reporter.source) (\(kind)\(reporter.period.map { ", about every \(Wording.span($0))" } ?? ""))"
            }.joined(separator: ", ") + (reporters.count > 8 ? ", …" : "")
        }
        let again = regular.filter(takeover.isHeardSince)
        let silent = regular.filter { reporter in !again.contains(reporter) }
        return [
            again.isEmpty ? nil : "Reports to it go on: \(names(again)).",
            silent.isEmpty
                ? nil : "Not heard since: \(names(silent)); the replacement should hear each once in its time.",
        ].compactMap(\.self)
    }

    // MARK: Words

    /// The old device's last position and the replacement's first, where the first is not above the last.
    private static func overlap(_ takeover: Takeover) -> (old: SequencePosition, first: SequencePosition)? {
        guard let old = takeover.oldLast, let first = takeover.first, first <= old else { return nil }
        return (old, first)
    }

    /// Whole percent, up to the next.
    private static func percent(_ chance: Double) -> String {
        chance <= 0.001 ? "less than 0.1 %" : chance <= 0.01 ? "less than 1 %" : "\(Int((chance * 100).rounded(.up))) %"
    }

    private static func text(_ position: SequencePosition) -> String {
        "SEQ \(Hexadecimal.prefixed(position.sequence.value, digits: 6)) under IV Index \(Hexadecimal.prefixed(position.ivIndex.value, digits: 8))"
    }
}
