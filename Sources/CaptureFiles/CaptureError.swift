/// A file that cannot be opened, or cannot be read on.
public struct CaptureError: Error, Codable, Hashable, Sendable, CustomStringConvertible {
    /// How far the file could be used.
    public enum Kind: String, Codable, Hashable, Sendable {
        /// There is nothing to read: no such file, no permission, a directory.
        case cannotOpen
        /// The file is readable, and is no capture of a known kind, or one without a frame of such.
        case notACapture
        /// The file was read up to a place where it cannot be read on.
        case brokenOff
    }

    /// How far the file could be used.
    public let kind: Kind
    /// The file, as it was given; `-` for standard input.
    public let path: String
    /// What is wrong and what to do, as a sentence.
    public let explanation: String

    /// `explanation`: a sentence that goes on behind the path and a colon.
    public init(_ kind: Kind, path: String, _ explanation: String) {
        self.kind = kind
        self.path = path
        self.explanation = explanation
    }

    /// The path and what is wrong.
    public var description: String { "\(path): \(explanation)" }
}
