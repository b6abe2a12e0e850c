import ArgumentParser

/// The exit statuses beside 0, done, and 64, wrong usage, which the argument parser gives.
extension ExitCode {
    /// The analysis is complete, and the answer is no.
    static let answerIsNo = ExitCode(1)
    /// An input could not be used.
    static let unusableInput = ExitCode(2)
}
