import ByteParsing
import CaptureFiles
import FoundationEssentials
import MeshEvidence
import MeshTimelines
public import MeshVerdict
import MeshProtocol

/// Whether a replacement was accepted, as JSON; ``TakeoverDocument`` says it in words.
public enum TakeoverReport {
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

        struct Reporter: Encodable {
            var source: String
            var kind: String
            var periodSeconds: Double
            var heardSince: Bool
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
        var accepting: [String]
        var owing: [String]
        var firstAnswer: Frame?
        var firstAcknowledgment: Frame?
        var acknowledgments: Int
        var publications: Int
        var publicationsByChance: Double
        var foreignFrames: [Int]
        var reporters: [Reporter]
    }

    /// One object of the schema `meshscope.takeover/1`; the same takeover gives the same bytes.
    ///
    /// - Throws: an `EncodingError` where a number is none that JSON has.
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
        // Six digits, so that the rounding of a machine's arithmetic does not show in the report.
        func rounded(_ chance: Double) -> Double { (chance * 1_000_000).rounded() / 1_000_000 }
        let answers = takeover.answers
        let model = Model(
            verdict: takeover.verdict.rawValue, address: "\(takeover.address)",
            since: takeover.since.text(digits: 6), oldLast: position(takeover.oldLast, takeover.oldLastFrame),
            first: position(takeover.first, takeover.firstFrame), sent: takeover.sent, requests: answers.requests,
            owed: answers.owed, asked: answers.asked, answers: answers.answers, answered: answers.answered,
            answersByChance: rounded(answers.chance), deviceKeyAnswers: answers.deviceKeyAnswers,
            accepting: answers.accepting.map { "\($0)" }, owing: answers.owing.map { "\($0)" },
            firstAnswer: frame(answers.firstFrame), firstAcknowledgment: frame(takeover.firstAcknowledgment),
            acknowledgments: takeover.acknowledgments, publications: answers.publications,
            publicationsByChance: rounded(answers.publicationChance),
            foreignFrames: takeover.foreign.map(\.number),
            reporters: takeover.reporters.compactMap { reporter in
                reporter.period.map {
                    .init(
                        source: "\(reporter.source)", kind: reporter.kind.rawValue,
                        periodSeconds: Double($0.components.seconds),
                        heardSince: takeover.isHeardSince(reporter))
                }
            })
        return try JSONReport.encode(model)
    }
}
