import ArgumentParser
import CaptureFiles
import FoundationEssentials
import SystemPackage

/// Files that are written whole or not at all.
enum OutputFile {
    /// Writes beside the target and renames; `-` is standard output.
    static func write(_ text: String, to path: String?) throws {
        try write(texts: { try $0(text) }, to: path)
    }

    /// The same for a text that comes in pieces.
    static func write(texts: ((String) throws -> Void) throws -> Void, to path: String?) throws {
        guard let path, path != "-" else {
            try texts(Terminal.output)
            return
        }
        let pieces: (([UInt8]) throws -> Void) throws -> Void = { sink in
            try withoutActuallyEscaping(sink) { sink in try texts { try sink([UInt8]($0.utf8)) } }
        }
        try write(pieces: pieces, to: path)
    }

    /// Writes beside the target and renames.
    static func write(_ data: Data, to path: String) throws {
        try write(pieces: { sink in try sink([UInt8](data)) }, to: path)
    }

    /// An output never takes the place of an input, which may be the only evidence there is.
    static func requireOther(than inputs: [String], _ output: String) throws {
        let place = FilePath(name: output)
        for input in inputs
        where input == "-" ? place.isRead(from: .standardInput) : FilePath(name: input).isSameFile(as: place) {
            throw Terminal.fail("\(output): is an input as well, and would be overwritten; name another output")
        }
    }

    /// Writes what may be too large for memory piece by piece, and renames when it is whole.
    ///
    /// A symbolic link is followed, and a file keeps its mode. A device or a pipe is written to, and never replaced.
    ///
    /// `isSecret`: only the owner may read it, and no link leads it elsewhere.
    static func write(
        pieces: (([UInt8]) throws -> Void) throws -> Void, to path: String, isSecret: Bool = false
    ) throws {
        do {
            switch try OutputPlace(FilePath(name: path), followsLinks: !isSecret) {
            case .descriptor(let file): try pieces { try file.writeAll($0) }
            case .stream(let target):
                let file = try FileDescriptor.open(target, .writeOnly, options: .closeOnExec)
                try file.closeAfter { try pieces { try file.writeAll($0) } }
            case .file(let target, let held):
                try replace(target, held, isSecret ? .ownerReadWrite : .everybodyReadWrite, with: pieces)
            }
        } catch Errno.brokenPipe {
            // Whoever reads it has seen enough.
        } catch let error as Errno {
            throw Terminal.fail("\(path): \(explain(error))")
        }
    }

    /// Why something cannot be written, and what to do.
    static func explain(_ error: Errno) -> String {
        switch error {
        case .noSpace: "cannot be written: the disk is full"
        case .diskQuotaExceeded: "cannot be written: your share of the disk is full"
        case .readOnlyFileSystem: "cannot be written: the file system is read-only"
        case .fileTooLarge: "cannot be written: the file would be larger than is allowed"
        default: "cannot be written; is the folder there, and yours to write?"
        }
    }

    /// `held`: the file that is replaced, and whose mode the new one has; `permissions`: of a file that is new.
    private static func replace(
        _ target: FilePath, _ held: Stat?, _ permissions: FilePermissions,
        with pieces: (([UInt8]) throws -> Void) throws -> Void
    ) throws {
        let temporary = try TemporaryFile(
            beside: target, held?.permissions.intersection(.everybodyReadWrite) ?? permissions)
        try temporary.file.closeAfter {
            do {
                if let held { try temporary.file.takeOwnerAndMode(of: held) }
                try pieces { try temporary.file.writeAll($0) }
                try temporary.move(to: target)
            } catch {
                temporary.discard()
                throw error
            }
        }
    }
}

/// Where what is written to a path ends up.
private enum OutputPlace {
    /// A file that this process has open already, such as standard output under the name `/dev/stdout`.
    case descriptor(FileDescriptor)
    /// What is there and no regular file.
    case stream(FilePath)
    /// A file to make, or to replace, behind all links.
    case file(FilePath, replacing: Stat?)

    init(_ path: FilePath, followsLinks: Bool) throws(Errno) {
        guard followsLinks else {
            self = .file(path, replacing: nil)
            return
        }
        guard let held = try? Stat(path) else {
            self = .file(try path.withoutLinks(), replacing: nil)
            return
        }
        // A new file in place of it would be another one than the shell opened, and what was in it would be gone.
        for file in [FileDescriptor.standardOutput, .standardError] where file.isOpen(on: held) {
            self = .descriptor(file)
            return
        }
        guard held.type == .regular, let target = try? path.withoutLinks(), target.isSameFile(as: path) else {
            self = .stream(path)
            return
        }
        self = .file(target, replacing: held)
    }
}
