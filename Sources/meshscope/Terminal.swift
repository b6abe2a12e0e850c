import ArgumentParser
import FoundationEssentials
import MeshReports

/// What the user sees: standard output, standard error, and whether a terminal is behind them.
enum Terminal {
    static var isErrorTerminal: Bool { Descriptor.error.isTerminal }

    /// Colours are for terminals, and not for people who set `NO_COLOR` (no-color.org) or have a dumb terminal.
    static var wantsColor: Bool {
        let environment = ProcessInfo.processInfo.environment
        return Descriptor.output.isTerminal && (environment["NO_COLOR"] ?? "").isEmpty && environment["TERM"] != "dumb"
    }

    static func say(_ text: String) {
        _ = Descriptor.error.write(Array(text.utf8))
    }

    /// Prints an error and gives the status to end with.
    static func fail(_ error: some CustomStringConvertible, _ status: ExitCode = .unusableInput) -> ExitCode {
        say("meshscope: error: \(PrintableText.escape("\(error)"))\n")
        return status
    }

    static func output(_ text: String) throws {
        guard Descriptor.output.write(Array(text.utf8)) != .failed else {
            throw fail("standard output cannot be written")
        }
    }
}
