import Foundation

extension Program {
    /// What a command line makes of octets, from its standard input to its standard output.
    public static func filter(_ octets: [UInt8], through command: String) throws -> [UInt8] {
        let folder = try Checkout.temporaryFolder()
        defer { try? FileManager.default.removeItem(at: folder) }
        try Data(octets).write(to: folder.appending(path: "in"))
        let outcome = try run(
            URL(filePath: "/bin/sh"), ["-c", "{ \(command); } < in > out"], folder: folder)
        guard outcome.status == 0 else { throw ToolFailure(command: command, message: outcome.error) }
        return [UInt8](try Data(contentsOf: folder.appending(path: "out")))
    }
}

/// A tool that is not there, or ended with an error: `make test-packages` installs all.
public struct ToolFailure: Error {
    public let command: String
    public let message: String
}
