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
        add(
            "It asked \(takeover.asked) nodes (\(takeover.requests) PDUs to single nodes); \(takeover.answered) answered, "
                + "\(takeover.acknowledgments) Segment Acknowledgments\(takeover.firstAnswer.map { ", the first answer in frame \($0.number)" } ?? "")."
        )
        if !takeover.foreign.isEmpty {
            add(
                "Not the replacement's: frame \(takeover.foreign.map { "\($0.number)" }.joined(separator: ", ")). Find the old device and switch it off."
            )
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private static func headline(_ takeover: Takeover) -> String {
        switch takeover.verdict {
        case .accepted: "nodes answer \(takeover.address)"
        case .conflict: "another device sends as \(takeover.address) too"
        case .unclear where takeover.first == nil: "\(takeover.address) was not heard since the swap"
        case .unclear where takeover.isContinuation:
            "its first SEQ follows closely on the old one's: is it the old device that goes on? Check --since"
        case .unclear:
            "\(takeover.address) was heard, but asked too little to tell; let it ask nodes (a Get is enough) and capture again"
        case .ignored:
            if let old = takeover.oldLast, let first = takeover.first, first <= old {
                "its first SEQ is not above the old one's: peers drop it"
            } else {
                "it asks, and nobody answers"
            }
        }
    }

    private static func text(_ position: SequencePosition) -> String {
        "SEQ \(Hexadecimal.prefixed(position.sequence.value, digits: 6)) under IV Index \(Hexadecimal.prefixed(position.ivIndex.value, digits: 8))"
    }

    private struct Model: Encodable {
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
        var asked: Int
        var answered: Int
        var acknowledgments: Int
        var foreignFrames: [Int]
    }

    public static func json(_ takeover: Takeover) throws -> String {
        func position(_ position: SequencePosition?, _ frame: FrameReference?) -> Model.Position? {
            position.map {
                .init(
                    ivIndex: $0.ivIndex.value, seq: $0.sequence.value, capture: frame?.capture, frame: frame?.number)
            }
        }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        encoder.keyEncodingStrategy = .convertToSnakeCase
        let model = Model(
            verdict: takeover.verdict.rawValue, address: "\(takeover.address)",
            since: takeover.since.text(digits: 6), oldLast: position(takeover.oldLast, takeover.oldLastFrame),
            first: position(takeover.first, takeover.firstFrame), sent: takeover.sent, requests: takeover.requests,
            asked: takeover.asked, answered: takeover.answered, acknowledgments: takeover.acknowledgments,
            foreignFrames: takeover.foreign.map(\.number))
        return String(decoding: try encoder.encode(model), as: UTF8.self) + "\n"
    }
}
