import ArgumentParser
import CaptureFiles
import FoundationEssentials
import MeshEvidence
import MeshVerdict
import MeshReports
import SystemPackage

/// What the user sees: standard output, standard error, and whether a terminal is behind them.
enum Terminal {
    static var isErrorTerminal: Bool { FileDescriptor.standardError.isTerminal }

    /// Colours are for terminals, and not for people who set `NO_COLOR` (no-color.org) or have a dumb terminal.
    static var wantsColor: Bool {
        let environment = ProcessInfo.processInfo.environment
        return FileDescriptor.standardOutput.isTerminal && (environment["NO_COLOR"] ?? "").isEmpty
            && environment["TERM"] != "dumb"
    }

    /// Prints a message. No message shows a key, wherever it comes from.
    static func say(_ text: String) {
        _ = try? FileDescriptor.standardError.writeAll(KeyMask.hide(text).utf8)
    }

    /// Prints what the user should know of a run that goes on.
    static func warn(_ text: some CustomStringConvertible) { say("meshscope: warning: \(line(text))\n") }

    /// Prints an error that does not end the run.
    static func complain(_ error: some CustomStringConvertible) {
        say("meshscope: error: \(line(error))\n")
    }

    private static func line(_ text: some CustomStringConvertible) -> String {
        KeyMask.explain(PrintableText.escape("\(text)"))
    }

    /// Prints an error and gives the status to end with.
    static func fail(_ error: some CustomStringConvertible, _ status: ExitCode = .unusableInput) -> ExitCode {
        complain(error)
        return status
    }

    /// Writes to standard output; whoever reads it may have seen enough, which is no error.
    static func output(_ text: String) throws {
        do {
            try FileDescriptor.standardOutput.writeAll(text.utf8)
        } catch Errno.brokenPipe {
            return
        } catch let error as Errno {
            throw fail("standard output \(OutputFile.explain(error))")
        }
    }

    /// Runs an analysis with progress on long work; what cannot be used is said.
    static func analyze(
        _ captures: [String], _ analyzer: Analyzer, receive: Analyzer.Receiver? = nil
    ) throws -> Analysis {
        let progress = ProgressLine()
        do throws(CaptureError) {
            let analysis = try analyzer.analyze(captures, progress: { progress.show($0) }, receive: receive)
            progress.clear()
            for error in analysis.unusable { complain(error) }
            return analysis
        } catch {
            progress.clear()
            throw fail(error)
        }
    }
}

/// How far a long read has come, on a terminal's standard error.
struct ProgressLine {
    private let isShown = Terminal.isErrorTerminal

    func show(_ progress: ReadingProgress) {
        guard isShown else { return }
        if let search = progress.search {
            Terminal.say("\r\u{1B}[K\(progress.frames) frames; searching the IV Index, \(Int(search * 100)) %")
            return
        }
        let share = progress.octets.map { $0.size > 0 ? ", \($0.read * 100 / $0.size) %" : "" } ?? ""
        Terminal.say("\r\u{1B}[K\(progress.frames) frames\(share)")
    }

    func clear() {
        if isShown { Terminal.say("\r\u{1B}[K") }
    }
}
