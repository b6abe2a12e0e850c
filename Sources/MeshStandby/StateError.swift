/// Why a kept state cannot be used, and what to do.
public struct StateError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The folder of the state.
    public let folder: String
    /// What is wrong, and what to do.
    public let explanation: String

    /// `folder`: of the state; `explanation`: what is wrong, and what to do.
    public init(_ folder: String, _ explanation: String) {
        self.folder = folder
        self.explanation = explanation
    }

    public var description: String { "\(folder): \(explanation)" }
}
