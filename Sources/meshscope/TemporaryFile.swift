import FoundationEssentials
import Glibc
import SystemPackage

/// A file that is written beside the one it will become.
///
/// It has no name before it is whole, where the file system can do that, so that nothing is left of it if the process is killed;
/// elsewhere a name that nobody else writes to.
struct TemporaryFile {
    private static let mostNames = 1000
    /// Linux: a file without a name, in a folder. The flag is the same on all its machines but for the one of folders.
    private static let withoutName = FileDescriptor.OpenOptions(rawValue: 0o20_000_000 | O_DIRECTORY)

    let file: FileDescriptor
    private let folder: FilePath
    /// `nil` for a file without a name.
    private let name: FilePath?

    /// - Throws: `Errno`, if none can be made.
    init(beside target: FilePath, _ permissions: FilePermissions) throws(Errno) {
        let parent = target.removingLastComponent()
        folder = parent.isEmpty ? "." : parent
        let options: FileDescriptor.OpenOptions = [Self.withoutName, .closeOnExec]
        if let file = try? FileDescriptor.open(folder, .writeOnly, options: options, permissions: permissions) {
            guard (try? Stat(Self.way(to: file))) == nil else {
                (self.file, name) = (file, nil)
                return
            }
            try? file.close()
        }
        (file, name) = try Self.firstFree(in: folder) { path throws(Errno) in
            let options: FileDescriptor.OpenOptions = [.create, .exclusiveCreate, .noFollow, .closeOnExec]
            do {
                return try FileDescriptor.open(path, .writeOnly, options: options, permissions: permissions)
            } catch {
                throw error as? Errno ?? .ioError
            }
        }
    }

    private static func way(to file: FileDescriptor) -> FilePath { FilePath("/proc/self/fd/\(file.rawValue)") }

    /// The first name that nobody has, by this process's number.
    private static func firstFree<Value>(
        in folder: FilePath, _ make: (FilePath) throws(Errno) -> Value
    ) throws(Errno) -> (Value, FilePath) {
        let process = ProcessInfo.processInfo.processIdentifier
        for number in 0..<mostNames {
            let path = folder.appending(".meshscope-\(process)-\(number).part")
            do throws(Errno) {
                return (try make(path), path)
            } catch {
                guard error == .fileExists else { throw error }
            }
        }
        throw .fileExists
    }

    /// Gives it the name of another file, in place of that one, in one step.
    ///
    /// - Throws: `Errno`, if what has that name stays.
    func move(to target: FilePath) throws(Errno) {
        guard name == nil else {
            try name?.rename(to: target)
            return
        }
        let own = Self.way(to: file)
        let (_, linked) = try Self.firstFree(in: folder) { path throws(Errno) in
            let done = unsafe own.withPlatformString { own in
                unsafe path.withPlatformString { unsafe linkat(AT_FDCWD, own, AT_FDCWD, $0, AT_SYMLINK_FOLLOW) }
            }
            guard done == 0 else { throw Errno(rawValue: errno) }
        }
        do {
            try linked.rename(to: target)
        } catch {
            unsafe linked.withPlatformString { _ = unsafe unlink($0) }
            throw error
        }
    }

    /// Half a file is of no use to anybody.
    func discard() {
        unsafe name?.withPlatformString { _ = unsafe unlink($0) }
    }
}
