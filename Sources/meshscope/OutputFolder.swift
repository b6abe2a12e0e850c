import ArgumentParser
import FoundationEssentials

/// A folder of files that belong together, each written whole or not at all.
struct OutputFolder {
    let path: String

    init(_ path: String) {
        self.path = path
    }

    /// Writes files, some in folders of their own; nothing that is there already is replaced.
    ///
    /// `areSecret`: only the owner may read them.
    func write(_ files: [(name: String, text: String)], areSecret: Bool = false) throws {
        for (name, _) in files where FileManager.default.fileExists(atPath: "\(path)/\(name)") {
            throw Terminal.fail("\(path)/\(name): is there already; name a folder without it, or take it away first")
        }
        let attributes: [FileAttributeKey: Any] = areSecret ? [.posixPermissions: 0o700] : [:]
        for (name, text) in files {
            let file = URL(filePath: "\(path)/\(name)")
            do {
                try FileManager.default.createDirectory(
                    at: file.deletingLastPathComponent(), withIntermediateDirectories: true, attributes: attributes)
            } catch {
                throw Terminal.fail("\(path): the folder cannot be made; is the place yours to write?")
            }
            try OutputFile.write(pieces: { sink in try sink(Array(text.utf8)) }, to: file.path, isSecret: areSecret)
        }
    }
}
