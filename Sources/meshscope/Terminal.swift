import ArgumentParser
import FoundationEssentials
import Glibc

/// What the user sees: standard output, standard error, and whether a terminal is behind them.
enum Terminal {
    static var isOutputTerminal: Bool { isatty(STDOUT_FILENO) == 1 }
    static var isErrorTerminal: Bool { isatty(STDERR_FILENO) == 1 }

    /// Colours are for terminals, and not for people who set `NO_COLOR` (no-color.org) or have a dumb terminal.
    static var wantsColor: Bool {
        let environment = ProcessInfo.processInfo.environment
        return isOutputTerminal && (environment["NO_COLOR"] ?? "").isEmpty && environment["TERM"] != "dumb"
    }

    static func say(_ text: String) {
        write(text, to: STDERR_FILENO)
    }

    /// Prints an error and gives the status to end with.
    static func fail(_ error: some CustomStringConvertible, _ status: ExitCode = .unusableInput) -> ExitCode {
        say("meshscope: error: \(error)\n")
        return status
    }

    static func output(_ text: String) throws {
        guard write(text, to: STDOUT_FILENO) || errno == EPIPE else {
            throw fail("standard output cannot be written")
        }
    }

    @discardableResult
    private static func write(_ text: String, to descriptor: Int32) -> Bool {
        let octets = Array(text.utf8)
        var start = 0
        while start < octets.count {
            let count = unsafe octets.withUnsafeBytes { bytes in
                unsafe Glibc.write(descriptor, bytes.baseAddress?.advanced(by: start), octets.count - start)
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return false }
            start += count
        }
        return true
    }
}
