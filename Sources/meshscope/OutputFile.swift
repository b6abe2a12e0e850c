import ArgumentParser
import FoundationEssentials

/// Files that are written whole or not at all.
enum OutputFile {
    /// Writes beside the target and renames; `-` is standard output.
    static func write(_ text: String, to path: String?) throws {
        guard let path, path != "-" else {
            try Terminal.output(text)
            return
        }
        do {
            // A device or a pipe cannot be replaced by a file.
            let type = try? FileManager.default.attributesOfItem(atPath: path)[.type] as? FileAttributeType
            let isReplaceable = type == nil || type == .typeRegular || type == .typeSymbolicLink
            try Data(text.utf8).write(to: URL(filePath: path), options: isReplaceable ? .atomic : [])
        } catch {
            throw Terminal.fail("\(path): cannot be written; is the folder there, and yours to write?")
        }
    }
}
