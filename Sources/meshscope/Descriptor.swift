import Glibc
import SystemPackage

/// What the command needs of files, and SystemPackage does not have in these words.
extension FileDescriptor {
    /// A new or emptied file.
    ///
    /// `isSecret`: only the owner may read it, and nothing may be there: a link could lead the octets elsewhere.
    /// - Throws: `Errno`, if it cannot be written.
    static func create(_ path: FilePath, isSecret: Bool) throws -> FileDescriptor {
        try open(
            path, .writeOnly, options: [.create, .closeOnExec, isSecret ? [.exclusiveCreate, .noFollow] : .truncate],
            permissions: isSecret ? .ownerReadWrite : [.ownerReadWrite, .groupReadWrite, .otherReadWrite])
    }

    /// Whether somebody sits in front of it.
    var isTerminal: Bool { isatty(rawValue) == 1 }

    /// Makes a closed pipe a failed write, `Errno.brokenPipe`, instead of the end of the process.
    static func ignoreClosedPipes() { _ = signal(SIGPIPE, SIG_IGN) }
}

extension FilePath {
    /// Moves a file to another name in one step, in place of what has that name.
    ///
    /// - Throws: `Errno`, if it stays where it was.
    func rename(to new: FilePath) throws(Errno) {
        guard unsafe Glibc.rename(string, new.string) == 0 else { throw Errno(rawValue: errno) }
    }

    /// Whether both lead to one file, whatever their names; false where there is none.
    func isSameFile(as other: FilePath) -> Bool {
        guard let own = try? Stat(self), let others = try? Stat(other) else { return false }
        return own.deviceID == others.deviceID && own.inode == others.inode
    }
}
