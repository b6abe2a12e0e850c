/// A file that cannot be opened, or cannot be read on.
public struct CaptureError: Error, Hashable, Sendable, CustomStringConvertible {
    public enum Kind: Hashable, Sendable {
        /// There is nothing to read: no such file, no permission, a directory.
        case cannotOpen
        /// The file is readable and is no capture of a known kind.
        case notACapture
        /// The file was read up to a place where it cannot be read on.
        case brokenOff
    }

    public let kind: Kind
    public let path: String
    /// What is wrong and what to do, as a sentence.
    public let explanation: String

    public init(_ kind: Kind, path: String, _ explanation: String) {
        self.kind = kind
        self.path = path
        self.explanation = explanation
    }

    public var description: String { "\(path): \(explanation)" }
}
