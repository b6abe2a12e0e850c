import FoundationEssentials
import Glibc
import SystemPackage

/// What the command needs of files, and SystemPackage does not have in these words.
extension FileDescriptor {
    /// As the file that it will replace; somebody else's stays theirs where this process may give files away.
    ///
    /// - Throws: `Errno`, if the mode cannot be set.
    func takeOwnerAndMode(of held: Stat) throws(Errno) {
        _ = fchown(rawValue, held.userID.rawValue, held.groupID.rawValue)
        guard fchmod(rawValue, held.permissions.rawValue & 0o777) == 0 else { throw Errno(rawValue: errno) }
    }

    /// Whether this descriptor is of that file.
    func isOpen(on file: Stat) -> Bool {
        guard let own = try? Stat(self) else { return false }
        return own.deviceID == file.deviceID && own.inode == file.inode
    }

    /// Whether somebody sits in front of it.
    var isTerminal: Bool { isatty(rawValue) == 1 }

    /// Makes a closed pipe a failed write, `Errno.brokenPipe`, instead of the end of the process.
    ///
    /// And a file that would grow beyond what is allowed, `Errno.fileTooLarge`.
    static func ignoreClosedPipes() {
        _ = signal(SIGPIPE, SIG_IGN)
        _ = signal(SIGXFSZ, SIG_IGN)
    }
}

extension FilePermissions {
    /// As far as the user's mask lets them.
    static let everybodyReadWrite: FilePermissions = [.ownerReadWrite, .groupReadWrite, .otherReadWrite]
}

extension FilePath {
    private static let mostLinks = 40

    /// Where symbolic links under this name lead, also where nothing is there yet.
    ///
    /// - Throws: `Errno.tooManySymbolicLinkLevels`, if they lead in a circle.
    func withoutLinks() throws(Errno) -> FilePath {
        var path = self
        for _ in 0..<Self.mostLinks {
            guard let next = try? FileManager.default.destinationOfSymbolicLink(atPath: path.string) else {
                return path
            }
            path = path.removingLastComponent().pushing(FilePath(next))
        }
        throw .tooManySymbolicLinkLevels
    }

    /// Moves a file to another name in one step, in place of what has that name.
    ///
    /// - Throws: `Errno`, if it stays where it was.
    func rename(to new: FilePath) throws(Errno) {
        guard unsafe withPlatformString({ own in unsafe new.withPlatformString { unsafe Glibc.rename(own, $0) } }) == 0
        else { throw Errno(rawValue: errno) }
    }

    /// Whether what is read from a descriptor is this file.
    func isRead(from descriptor: FileDescriptor) -> Bool {
        (try? Stat(self)).map { $0.type == .regular && descriptor.isOpen(on: $0) } ?? false
    }

    /// Whether both lead to one file, whatever their names; false where there is none.
    func isSameFile(as other: FilePath) -> Bool {
        guard let own = try? Stat(self), let others = try? Stat(other) else { return false }
        return own.deviceID == others.deviceID && own.inode == others.inode
    }
}
