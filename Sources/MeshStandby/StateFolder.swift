import Glibc
import SystemPackage

/// The folder of a state: its owner's alone, and written by one process at a time.
enum StateFolder {
    private static let lockName = "lock"

    /// Makes the folder where there is none, and holds its lock until the file is closed.
    static func makeAndLock(_ folder: String) throws(StateError) -> FileDescriptor {
        let path = FilePath(folder)
        if (try? Stat(path)) == nil {
            let made = unsafe path.withPlatformString { unsafe mkdir($0, 0o700) }
            guard made == 0 || errno == EEXIST else {
                throw StateError(folder, "the folder cannot be made; is the place yours to write?")
            }
        }
        let file: FileDescriptor
        do {
            file = try FileDescriptor.open(
                path.appending(lockName), .readWrite, options: [.create, .closeOnExec, .noFollow],
                permissions: .ownerReadWrite)
        } catch {
            throw StateError(folder, "the state cannot be written: \(error)")
        }
        guard isLocked(file) else {
            try? file.close()
            throw StateError(folder, "another meshscope watch keeps this state; stop that one, or name another folder")
        }
        return file
    }

    private static let mostTries = 20
    private static let pause: useconds_t = 100_000

    /// One that has just ended may still be about to let go.
    private static func isLocked(_ file: FileDescriptor) -> Bool {
        for number in 1...mostTries {
            if flock(file.rawValue, LOCK_EX | LOCK_NB) == 0 { return true }
            if number < mostTries { usleep(pause) }
        }
        return false
    }

    /// Makes an empty file that only its owner may read; SQLite gives those beside it the same mode.
    static func makePrivate(_ path: String) {
        let file = try? FileDescriptor.open(
            FilePath(path), .readWrite, options: [.create, .closeOnExec, .noFollow], permissions: .ownerReadWrite)
        try? file?.close()
    }

    static func isFile(_ path: String) -> Bool { (try? Stat(FilePath(path)))?.type == .regular }

    static func size(_ path: String) -> Int64 { (try? Stat(FilePath(path)))?.size ?? 0 }
}
