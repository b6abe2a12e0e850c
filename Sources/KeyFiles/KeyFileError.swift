/// A key that cannot be used. It says where and why, and never holds a key.
public struct KeyFileError: Error, Hashable, Sendable, CustomStringConvertible {
    /// A path, an option or a variable.
    public let place: String
    public let explanation: String

    public init(_ place: String, _ explanation: String) {
        self.place = place
        self.explanation = explanation
    }

    public var description: String { "\(place): \(explanation)" }
}
