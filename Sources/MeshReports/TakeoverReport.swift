import ByteParsing
import CaptureFiles
import FoundationEssentials
public import MeshAnalysis
import MeshProtocol

/// Says in one word whether a replacement was accepted, and why.
public enum TakeoverReport {
    public static func text(_ takeover: Takeover) -> String {
        var lines = ["\(takeover.verdict.rawValue): \(headline(takeover))"]
        func add(_ text: String) { lines += wrapped(text, width: 98).map { "  " + $0 } }
        if let old = takeover.oldLast {
            let place = takeover.oldLastFrame.map { ", frame \($0.number)" } ?? ", as given"
            add("The old device's last: \(text(old))\(place).")
        } else {
            add(
                "The old device was not heard before \(takeover.since.text(digits: 0)): name a capture from before as well, or --last-seq."
            )
        }
        if let first = takeover.first, let frame = takeover.firstFrame {
            add(
                "The replacement's first: \(text(first)), frame \(frame.number), \(frame.time.text(digits: 6)); \(takeover.sent) PDUs since."
            )
        }
        for line in answers(takeover) { add(line) }
        if takeover.verdict == .ignored, let old = takeover.oldLast, let first = takeover.first, first <= old {
            let next = old.sequence.value + 1
            add(
                first.ivIndex == old.ivIndex
                    ? "It is \(next - first.sequence.value) SEQ short: start it at \(Hexadecimal.prefixed(next, digits: 6)) (\(next)) or above, "
                        + "as meshscope analyze on a capture of before recommends."
                    : "Its IV Index is an older one: meshscope analyze tells the right one.")
        }
        if takeover.oldLast == nil, takeover.first != nil {
            add(
                "Take a capture that begins before the swap, or say what the old device used last: --last-seq, --last-iv-index."
            )
        }
        if !takeover.foreign.isEmpty {
            add(
                "Not the replacement's: frame \(takeover.foreign.map { "\($0.number)" }.joined(separator: ", ")). Find the old device and switch it off; or say with --since when the swap was, if that was later."
            )
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private static func answers(_ takeover: Takeover) -> [String] {
        let answers = takeover.answers
        guard takeover.first != nil else { return [] }
        var lines = [
            "It sent \(answers.requests) requests to \(answers.asked) nodes; \(answers.owed) of them have to be answered.",
            "Segment Acknowledgments: \(takeover.acknowledgments). Answers under device keys: \(answers.deviceKeyAnswers).",
        ]
        if answers.answers > 0 {
            lines.append(
                "In time, \(answers.answered) nodes sent something back, \(answers.answers) times (by chance alone: \(percent(answers.chance)))."
            )
        }
        if answers.publications > 0 {
            lines.append(
                "\(answers.publications) publications broke a silence just after it sent (by chance alone: \(percent(answers.publicationChance)))."
            )
        }
        let frames = [answers.firstFrame, takeover.firstAcknowledgment].compactMap(\.self)
        if let first = frames.min(by: { $0.time < $1.time }) {
            lines.append("The first of it is frame \(first.number), \(first.time.text(digits: 6)).")
        }
        return lines
    }

    /// Whole percent, up to the next.
    private static func percent(_ chance: Double) -> String {
        chance <= 0.001 ? "less than 0.1 %" : chance <= 0.01 ? "less than 1 %" : "\(Int((chance * 100).rounded(.up))) %"
    }

    private static func headline(_ takeover: Takeover) -> String {
        switch takeover.verdict {
        case .accepted: "nodes answer \(takeover.address)"
        case .conflict: "another device sends as \(takeover.address) too"
        case .unclear where takeover.first == nil: "\(takeover.address) was not heard since the swap"
        case .unclear where takeover.isContinuation:
            "its first SEQ follows closely on the old one's: is it the old device that goes on? Check --since"
        case .unclear where takeover.oldLast == nil && (takeover.answers.isShown || takeover.acknowledgments > 0):
            "nodes answer \(takeover.address), and nothing tells it from the old device"
        case .unclear where takeover.answers.answers > 0:
            "nodes send to \(takeover.address), but as they may do unasked; capture longer, with pauses between the requests"
        case .unclear:
            "\(takeover.address) was heard, but asked too little to tell; let it ask nodes (a Get is enough) and capture again"
        case .ignored:
            if let old = takeover.oldLast, let first = takeover.first, first <= old {
                "its first SEQ is not above the old one's: peers drop it"
            } else {
                "it asks what has to be answered, and nobody answers"
            }
        }
    }

    private static func text(_ position: SequencePosition) -> String {
        "SEQ \(Hexadecimal.prefixed(position.sequence.value, digits: 6)) under IV Index \(Hexadecimal.prefixed(position.ivIndex.value, digits: 8))"
    }

    private struct Model: Encodable {
        struct Frame: Encodable {
            var capture: Int
            var frame: Int
            var time: String
        }

        struct Position: Encodable {
            var ivIndex: UInt32
            var seq: UInt32
            var capture: Int?
            var frame: Int?
        }

        var schema = "meshscope.takeover/1"
        var verdict: String
        var address: String
        var since: String
        var oldLast: Position?
        var first: Position?
        var sent: Int
        var requests: Int
        var owed: Int
        var asked: Int
        var answers: Int
        var answered: Int
        var answersByChance: Double
        var deviceKeyAnswers: Int
        var firstAnswer: Frame?
        var firstAcknowledgment: Frame?
        var acknowledgments: Int
        var publications: Int
        var publicationsByChance: Double
        var foreignFrames: [Int]
    }

    public static func json(_ takeover: Takeover) throws -> String {
        func position(_ position: SequencePosition?, _ frame: FrameReference?) -> Model.Position? {
            position.map {
                .init(
                    ivIndex: $0.ivIndex.value, seq: $0.sequence.value, capture: frame?.capture, frame: frame?.number)
            }
        }
        func frame(_ frame: FrameReference?) -> Model.Frame? {
            frame.map { .init(capture: $0.capture, frame: $0.number, time: $0.time.text(digits: 6)) }
        }
        // Six digits, so that the last bits of a machine's arithmetic do not show.
        func rounded(_ chance: Double) -> Double { (chance * 1_000_000).rounded() / 1_000_000 }
        let answers = takeover.answers
        let model = Model(
            verdict: takeover.verdict.rawValue, address: "\(takeover.address)",
            since: takeover.since.text(digits: 6), oldLast: position(takeover.oldLast, takeover.oldLastFrame),
            first: position(takeover.first, takeover.firstFrame), sent: takeover.sent, requests: answers.requests,
            owed: answers.owed, asked: answers.asked, answers: answers.answers, answered: answers.answered,
            answersByChance: rounded(answers.chance), deviceKeyAnswers: answers.deviceKeyAnswers,
            firstAnswer: frame(answers.firstFrame), firstAcknowledgment: frame(takeover.firstAcknowledgment),
            acknowledgments: takeover.acknowledgments, publications: answers.publications,
            publicationsByChance: rounded(answers.publicationChance),
            foreignFrames: takeover.foreign.map(\.number))
        return try JSONReport.encode(model)
    }
}
