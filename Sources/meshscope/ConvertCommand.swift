public import ArgumentParser
import CaptureFiles
import KeyFiles
public import MeshEvidence
import MeshReports
import MeshProtocol
import MeshVerdict

extension CaptureConversion.Target: ExpressibleByArgument {}

struct ConvertCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "convert",
        abstract: "Writes captures as pcap, pcapng or .bttrp, or only the frames that an answer rests on.",
        discussion: """
            Any capture that can be read becomes one that Wireshark opens. With --evidence and the keys, only frames are kept \
            that say something authentic and new, and each has a comment in the pcapng: what it says, of which source. Keys \
            are never in it. The bundle gives the same answer.

            Examples:
              meshscope convert trace.btt -o trace.pcapng
              meshscope convert capture.pcap -o capture.bttrp
              meshscope convert monday.pcap tuesday.btsnoop --evidence --keys office.json -o evidence.pcapng
            """)

    @OptionGroup var input: CaptureArguments

    @OptionGroup var keys: KeyOptions

    @OptionGroup var question: QuestionOptions

    @Option(
        name: .shortAndLong,
        help: ArgumentHelp("Where the capture goes; its ending says what it is.", valueName: "file"),
        completion: .file())
    var output: String

    @Option(
        help:
            "What is written, where the ending does not say it: \(CaptureConversion.Target.allCases.map(\.rawValue).joined(separator: ", "))."
    )
    var to: CaptureConversion.Target?

    @Flag(help: "Only the frames that the answer rests on, each with a comment; the keys are needed.")
    var evidence = false

    func validate() throws {
        try input.requireSome()
        guard target != nil else {
            throw ValidationError("What is to be written? Let FILE end in .pcap, .pcapng or .bttrp, or use --to.")
        }
        guard !evidence || target == .pcapng else {
            throw ValidationError("Only a pcapng holds comments; let FILE end in .pcapng.")
        }
    }

    private var target: CaptureConversion.Target? {
        to ?? output.split(separator: ".").last.flatMap { .init(rawValue: $0.lowercased()) }
    }

    func run() throws {
        guard let target else { return }
        try OutputFile.requireOther(than: input.captures + keys.keyFiles, output)
        let conversion = CaptureConversion(
            evidence ? try evidenceParts() : input.captures.map { CaptureConversion.Part($0) }, to: target)
        var outcome = CaptureConversion.Outcome()
        do {
            try OutputFile.write(
                pieces: { sink in
                    outcome = try conversion.run(sink)
                    guard outcome.written > 0 else { throw nothing(outcome, target) }
                }, to: output)
        } catch let error as CaptureError {
            throw Terminal.fail(error)
        }
        for failure in outcome.failures { Terminal.warn(failure) }
        if outcome.leftOut > 0 {
            Terminal.warn(
                "\(outcome.leftOut) frames were left out, since a .\(target.rawValue) cannot hold them beside the others"
            )
        }
        guard outcome.failures.isEmpty else { throw ExitCode.unusableInput }
    }

    private func evidenceParts() throws -> [CaptureConversion.Part] {
        let keyRing = try keys.requiredKeyRing()
        for path in input.captures where !CaptureFile.isRereadable(path) {
            throw Terminal.fail("\(path): is read twice for --evidence; name a file")
        }
        var notes = EvidenceNotes()
        let analyzer = Analyzer(keys: keyRing, options: question.options(input))
        let analysis = try Terminal.analyze(input.captures, analyzer) { notes.apply($0, $1) }
        if notes.isFull { Terminal.warn("the captures hold more evidence than a bundle can: its end is left out") }
        for error in analysis.unusable { Terminal.complain(error) }
        guard analysis.unusable.isEmpty else { throw ExitCode.unusableInput }
        return notes.parts(analysis)
    }

    private func nothing(_ outcome: CaptureConversion.Outcome, _ target: CaptureConversion.Target) -> ExitCode {
        do throws(CaptureError) {
            // Why nothing of them can be used, if nothing can.
            var reading = try CaptureReading(input.captures)
            var stream = EvidenceStream(KeyRing(networks: []))
            try reading.run(into: &stream, { _ in })
        } catch {
            return Terminal.fail(error)
        }
        let path = input.captures.joined(separator: ", ")
        guard outcome.leftOut == 0 else {
            return Terminal.fail("\(path): holds no frames from the air; a .pcapng holds those of hosts")
        }
        return Terminal.fail(evidence ? "\(path): holds no evidence that these keys open" : "\(path): has no frames")
    }
}
