public import ArgumentParser
import CaptureFiles
import FoundationEssentials
import KeyFiles
import MeshVerdict
import MeshProtocol
public import MeshReports
import MeshStacks

extension RestoreFiles.Target: ExpressibleByArgument {
    public init?(argument: String) {
        self.init(identifier: argument)
    }

    /// The identifiers, for help and completion.
    public static var allValueStrings: [String] { all.map(\.identifier) }
    /// The identifiers.
    public static var defaultCompletionKind: CompletionKind { .list(allValueStrings) }
}

struct RestoreCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "restore",
        abstract: "Writes what a stack takes to go on where the failed master ended.",
        discussion: """
            The folder gets a README.md with the values and the steps, and the files or calls of the stack, the replay \
            protection list among them where the stack takes one. Nothing that is there already is replaced. The failed \
            device must never transmit again. The margin counts what the stack of --for skips at a restart, unless --stack \
            says that the failed device ran another one.

            Examples:
              meshscope restore capture.pcap --keys office.json --master 0x0001 --for bluez --node-json node.json -o restore
              meshscope restore capture.pcap --keys office.json --master 0x0001 --for zephyr -o restore
            """)

    @OptionGroup var input: CaptureArguments

    @OptionGroup var keys: KeyOptions
    @OptionGroup var question: QuestionOptions
    @OptionGroup var standby: StateOptions

    @Option(
        name: .customLong("for"),
        help: "The stack: \(RestoreFiles.Target.allValueStrings.joined(separator: ", ")).")
    var target: RestoreFiles.Target

    @Option(
        name: .customLong("node-json"),
        help: ArgumentHelp("BlueZ: the old device's node.json, of which three values are changed.", valueName: "file"),
        completion: .file(extensions: ["json"]))
    var nodeJSON: String?

    @Option(
        name: .shortAndLong, help: ArgumentHelp("The folder to write.", valueName: "folder"), completion: .directory)
    var output: String

    func validate() throws {
        try input.requireSome(or: standby.folder)
        guard nodeJSON == nil || target == .stack(.bluez) else {
            throw ValidationError("--node-json is for --for bluez.")
        }
    }

    func run() throws {
        let keyRing = try keys.requiredKeyRing()
        var options = question.options(input)
        if options.stack == nil { options.stack = target.stack }
        let kept = try standby.read(keyRing)
        options.listening = kept?.listening
        let analyzer = Analyzer(keys: keyRing, options: options, continuing: kept?.kept)
        let analysis = try Terminal.analyze(input.captures, analyzer)
        guard let master = analysis.masters.first else {
            let reasons = analysis.networkIndexes.compactMap { AnalysisDocument.whyNothingOpened(analysis, in: $0) }
            if let reason = reasons.first, reasons.count == analysis.networks.count {
                throw Terminal.fail("nothing to restore: \(reason.text)", .answerIsNo)
            }
            throw Terminal.fail("nothing tells which source the master is: name it with --master", .answerIsNo)
        }
        guard analysis.masters.count == 1 else {
            throw Terminal.fail(
                "\(analysis.masters.count) networks of the keys may have the master: give only the keys of the right one",
                .answerIsNo)
        }
        let files: [RestoreFile]?
        do throws(StoredFileError) {
            let node = try nodeJSON.map { path throws(StoredFileError) in try text(path) }
            files = try Self.files(analysis, master, for: target, storedFile: node)
        } catch {
            throw Terminal.fail("\(nodeJSON ?? ""): \(error)")
        }
        guard let files else {
            let reason = AnalysisDocument.whyNothingOpened(analysis, in: master.network)?.text
            throw Terminal.fail(
                "nothing to restore: "
                    + (reason ?? "the verdict is \(master.verdict.name); meshscope analyze says why and what to do"),
                .answerIsNo)
        }
        Terminal.sayAttentions(analysis, of: master)
        let page = try HTMLRenderer.render(AnalysisDocument.page(analysis), of: analysis)
        let written = files + [RestoreFile(name: "report.html", text: page)]
        try OutputFolder(output).write(written.map { ($0.name, $0.text) }, areSecret: true)
        Terminal.warnOfAge(analysis)
        try Terminal.output(written.map { "\(KeyMask.hide(PrintableText.escape(output)))/\($0.name)\n" }.joined())
        guard analysis.unusable.isEmpty else { throw ExitCode.unusableInput }
        guard analysis.doubts.isEmpty else { throw ExitCode.answerIsNo }
    }

    private func text(_ path: String) throws(StoredFileError) -> String {
        let octets: [UInt8]
        do throws(CaptureError) {
            octets = try WholeFile.read(path: path, limit: 16 << 20)
        } catch {
            throw StoredFileError(explanation: error.explanation)
        }
        let text = String(decoding: octets, as: UTF8.self)
        guard Array(text.utf8) == octets else { throw StoredFileError(explanation: "is no UTF-8, and is not edited") }
        return text
    }

    /// `nil` where the verdict gives no number.
    static func files(
        _ analysis: Analysis, _ master: Analysis.Master, for target: RestoreFiles.Target, storedFile: String? = nil
    ) throws(StoredFileError) -> [RestoreFile]? {
        guard let restore = RestoreFiles(analysis, master: master) else { return nil }
        let files = try restore.files(for: target, storedFile: storedFile)
        guard target == .wireshark else { return files }
        let network = analysis[master.network]
        var tables = WiresharkTables()
        tables.add(network.keys, ivIndexes: network.transmitIndexes)
        return files + tables.files.map { RestoreFile(name: $0.name, text: $0.text) }
    }
}
