import ArgumentParser
import FoundationEssentials

/// A folder of files that belong together, each written whole or not at all.
struct OutputFolder {
    let path: String

    init(_ path: String) {
        self.path = path
    }

    /// Writes files, some in folders of their own; only a new or an empty folder takes them.
    ///
    /// `areSecret`: only the owner may read them.
    func write(_ files: [(name: String, text: String)], areSecret: Bool = false) throws {
        guard !path.isEmpty else { throw Terminal.fail("the folder to write has no name") }
        if let held = try? FileManager.default.contentsOfDirectory(atPath: path), !held.isEmpty {
            throw Terminal.fail("\(path): is there already and is not empty; name a new folder, or an empty one")
        }
        if let type = try? FileManager.default.attributesOfItem(atPath: path)[.type] as? FileAttributeType,
            type == .typeRegular
        {
            throw Terminal.fail("\(path): is a file; name a new folder, or an empty one")
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
