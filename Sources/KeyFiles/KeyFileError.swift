/// A key that cannot be used. It says where and why, and never holds a key.
public struct KeyFileError: Error, Hashable, Sendable, CustomStringConvertible {
    /// A path, an option or a variable.
    public let place: String
    /// What is wrong there, to stand behind a colon; it never holds a key.
    public let explanation: String

    /// An error at this place; neither text may hold a key.
    public init(_ place: String, _ explanation: String) {
        self.place = place
        self.explanation = explanation
    }

    /// Place, colon, explanation.
    public var description: String { "\(place): \(explanation)" }
}
