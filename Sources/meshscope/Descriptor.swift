import FoundationEssentials
import Glibc
import SystemPackage

/// What the command needs of files, and SystemPackage does not have in these words.
extension FileDescriptor {
    private static let mostNames = 1000

    /// A new file in the folder of another, under a name that nobody else writes to.
    ///
    /// - Throws: `Errno`, if none can be made.
    static func createTemporary(
        beside target: FilePath, _ permissions: FilePermissions
    ) throws(Errno) -> (FileDescriptor, FilePath) {
        let folder = target.removingLastComponent()
        let process = ProcessInfo.processInfo.processIdentifier
        for number in 0..<mostNames {
            let path = FilePath(folder.isEmpty ? "." : folder.string).appending(".meshscope-\(process)-\(number).part")
            do {
                let options: OpenOptions = [.create, .exclusiveCreate, .noFollow, .closeOnExec]
                return (try open(path, .writeOnly, options: options, permissions: permissions), path)
            } catch Errno.fileExists {
                continue
            } catch {
                throw error as? Errno ?? .ioError
            }
        }
        throw .fileExists
    }

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
    static func ignoreClosedPipes() { _ = signal(SIGPIPE, SIG_IGN) }
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
        guard unsafe Glibc.rename(string, new.string) == 0 else { throw Errno(rawValue: errno) }
    }

    /// Whether both lead to one file, whatever their names; false where there is none.
    func isSameFile(as other: FilePath) -> Bool {
        guard let own = try? Stat(self), let others = try? Stat(other) else { return false }
        return own.deviceID == others.deviceID && own.inode == others.inode
    }
}
