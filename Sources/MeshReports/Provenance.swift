import ByteParsing
import CaptureFiles
import MeshCrypto
import MeshEvidence
public import MeshVerdict

/// What made a report, and of which files.
public struct Provenance: Sendable {
    /// The version of the program.
    public static let version = "0.2.0"

    let version = Self.version
    /// By the index of the capture; `nil` for what can be read only once.
    let digests: [Int: String?]

    /// Reads those of an analysis' captures once more that were named for it.
    public init(_ analysis: Analysis, of paths: [String]) {
        var digests: [Int: String?] = [:]
        for (index, capture) in analysis.captures.enumerated() where paths.contains(capture.path) {
            digests[index] = .some(Self.digest(capture.path))
        }
        self.digests = digests
    }

    /// SHA-256 of the file as it lies on disk, in hexadecimal, as `sha256sum` says it.
    private static func digest(_ path: String) -> String? {
        let digest = SHA256Digest()
        guard WholeFile.readStored(path: path, { digest.add($0) }) else { return nil }
        return Hexadecimal.text(digest.finish())
    }
}
