import ArgumentParser
import CaptureFiles
import FoundationEssentials
import MeshEvidence
import MeshVerdict
import MeshReports
import SystemPackage
import Glibc

/// What the user sees: standard output, standard error, and whether a terminal is behind them.
enum Terminal {
    static var isErrorTerminal: Bool { FileDescriptor.standardError.isTerminal }

    /// Colours are for terminals, and not for people who set `NO_COLOR` (no-color.org) or have a dumb terminal.
    static var wantsColor: Bool {
        let environment = ProcessInfo.processInfo.environment
        return FileDescriptor.standardOutput.isTerminal && (environment["NO_COLOR"] ?? "").isEmpty
            && environment["TERM"] != "dumb"
    }

    /// How text looks where standard output leads; `localTime`: whether times stand beside UTC as the reader's clock says them.
    static func style(localTime: Bool) -> TextRenderer.Style {
        guard FileDescriptor.standardOutput.isTerminal else { return .plain }
        let clock: @Sendable (CaptureTime) -> String? = { LocalTime.text($0) }
        return TextRenderer.Style(width: width, isColored: wantsColor, localTime: localTime ? clock : nil)
    }

    /// The columns of the terminal behind standard output; 100 where it does not tell them.
    private static var width: Int {
        if let text = ProcessInfo.processInfo.environment["COLUMNS"], let columns = Int(text), columns > 0 {
            return columns
        }
        var size = winsize()
        let terminal = FileDescriptor.standardOutput.rawValue
        let outcome = unsafe withUnsafeMutablePointer(to: &size) { unsafe ioctl(terminal, UInt(TIOCGWINSZ), $0) }
        return outcome == 0 && size.ws_col > 0 ? Int(size.ws_col) : 100
    }

    /// Says what must not be overlooked, where the report itself does not.
    static func sayAttentions(_ analysis: Analysis, of master: Analysis.Master) {
        for attention in AnalysisDocument.attentions(analysis, of: master) {
            say("meshscope: \(attention.label.text): \(attention.text.text)\n")
        }
    }

    /// Says that an answer does not hold any more today. The report itself is the capture's, whenever it is made.
    static func warnOfAge(_ analysis: Analysis) {
        let now = LocalTime.now
        for master in analysis.masters {
            guard let until = master.verdict.recovery?.validUntil, until < now,
                analysis.captures.allSatisfy(\.isClockSet)
            else {
                continue
            }
            warn(
                "the answer for \(master.address) was sure until \(until.text(digits: 0)), which is past: take a fresh capture before the replacement"
            )
        }
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
    static func output(_ text: String) throws { try output(Array(text.utf8)) }

    /// The same of text in UTF-8.
    static func output(_ octets: [UInt8]) throws {
        do {
            try FileDescriptor.standardOutput.writeAll(octets)
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
    private let start = ContinuousClock.now
    /// So short a time tells no rate.
    private static let leastTime = Duration.seconds(2)

    func show(_ progress: ReadingProgress) {
        guard isShown else { return }
        if let search = progress.search {
            let what =
                progress.frames > 0 ? "\(progress.frames) frames; searching the IV Index" : "searching friendships"
            Terminal.say("\r\u{1B}[K\(what), \(Int(search * 100)) %\(left(search))")
            return
        }
        let done = progress.octets.flatMap { $0.size > 0 ? Double($0.read) / Double($0.size) : nil }
        let share = done.map { ", \(Int($0 * 100)) %\(left($0))" } ?? ""
        Terminal.say("\r\u{1B}[K\(progress.frames) frames\(share)")
    }

    /// How long it goes on at the rate so far, where that tells something.
    private func left(_ done: Double) -> String {
        let spent = start.duration(to: .now)
        guard spent > Self.leastTime, done > 0.01, done <= 1 else { return "" }
        let seconds = Int((spent.inSeconds * (1 - done) / done).rounded(.up))
        return seconds < 120 ? ", \(seconds) s left" : ", \((seconds + 59) / 60) min left"
    }

    func clear() {
        if isShown { Terminal.say("\r\u{1B}[K") }
    }
}
