import ArgumentParser
import FoundationEssentials
import SystemPackage

/// Files that are written whole or not at all.
enum OutputFile {
    /// Writes beside the target and renames; `-` is standard output.
    static func write(_ text: String, to path: String?) throws {
        guard let path, path != "-" else {
            try Terminal.output(text)
            return
        }
        try write(Data(text.utf8), to: path)
    }

    /// Writes beside the target and renames.
    static func write(_ data: Data, to path: String) throws {
        do {
            try data.write(to: URL(filePath: path), options: isReplaceable(path) ? .atomic : [])
        } catch {
            throw cannotWrite(path)
        }
    }

    /// An output never takes the place of an input, which may be the only evidence there is.
    static func requireOther(than inputs: [String], _ output: String) throws {
        for input in inputs where input != "-" && FilePath(input).isSameFile(as: FilePath(output)) {
            throw Terminal.fail("\(output): is an input as well, and would be overwritten; name another output")
        }
    }

    /// Writes what is too large for memory piece by piece, and renames when it is whole.
    static func write(
        pieces: (([UInt8]) throws -> Void) throws -> Void, to path: String, isSecret: Bool = false
    ) throws {
        let temporary = FilePath(path + ".part")
        do {
            let file = try FileDescriptor.create(temporary, isSecret: isSecret)
            do {
                try file.closeAfter { try pieces { try file.writeAll($0) } }
                try temporary.rename(to: FilePath(path))
            } catch {
                // Half a file is of no use to anybody.
                try? FileManager.default.removeItem(atPath: temporary.string)
                throw error
            }
        } catch is Errno {
            throw cannotWrite(path)
        }
    }

    /// A device or a pipe cannot be replaced by a file.
    private static func isReplaceable(_ path: String) -> Bool {
        let type = try? FileManager.default.attributesOfItem(atPath: path)[.type] as? FileAttributeType
        return type == nil || type == .typeRegular || type == .typeSymbolicLink
    }

    private static func cannotWrite(_ path: String) -> ExitCode {
        Terminal.fail("\(path): cannot be written; is the folder there, and yours to write?")
    }
}
