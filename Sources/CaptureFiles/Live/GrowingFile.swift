import Glibc
import SystemPackage

/// A file that grows, or a pipe: its end is waited for.
final class GrowingFile: LiveOctets {
    private let path: String
    private let file: FileDescriptor
    private let isPipe: Bool
    private let waiting: any LiveWaiting
    private let hasSuccessor: () -> Bool
    private var position: Int64 = 0

    private static let pause: useconds_t = 100_000
    private static let pauseMilliseconds: Int32 = 200

    init(
        _ path: String, _ name: String, _ waiting: any LiveWaiting, _ hasSuccessor: @escaping () -> Bool
    ) throws(CaptureError) {
        self.path = path
        self.waiting = waiting
        self.hasSuccessor = hasSuccessor
        do {
            // Without waiting for whoever writes a FIFO: that would be a wait that nothing ends.
            let options: FileDescriptor.OpenOptions = [.closeOnExec, .nonBlocking]
            file =
                path == "-"
                ? try FileDescriptor.standardInput.duplicate()
                : try FileDescriptor.open(FilePath(name: path), .readOnly, options: options)
        } catch {
            throw CaptureError(.cannotOpen, path: name, "cannot be opened: \(error)")
        }
        let type = (try? file.stat())?.type
        isPipe = type != .regular
        guard type != .directory else {
            try? file.close()
            throw CaptureError(.cannotOpen, path: name, "is a directory")
        }
    }

    deinit {
        try? file.close()
    }

    @unsafe func read(into target: UnsafeMutableRawBufferPointer, _ failure: inout String?) -> Int {
        while failure == nil {
            if isPipe, !waiting.isOnlyWhatIsThere, !waitForPipe() { return 0 }
            do {
                let count = unsafe try file.read(into: target)
                position += Int64(count)
                if count > 0 || isPipe { return count }
            } catch Errno.resourceTemporarilyUnavailable {
                // Somebody writes it, and has nothing to say now; a pipe that nobody writes has ended.
                guard waitForPipe() else { return 0 }
            } catch {
                failure = "\(error)"
                return 0
            }
            waiting.rest()
            guard !waiting.isOnlyWhatIsThere, !waiting.isStopped else { return 0 }
            if isTruncated { return 0 }
            if isReplaced || hasSuccessor() {
                // What was written until then is read as well.
                return (unsafe try? file.read(into: target)) ?? 0
            }
            usleep(Self.pause)
        }
        return 0
    }

    /// Waits until there is something to read, or whoever writes has ended; false where nobody waits any more.
    private func waitForPipe() -> Bool {
        guard !isReady(within: 0) else { return true }
        waiting.rest()
        while !waiting.isStopped {
            if isReady(within: Self.pauseMilliseconds) { return true }
        }
        return false
    }

    private func isReady(within milliseconds: Int32) -> Bool { LiveInput.isReady(file.rawValue, within: milliseconds) }

    /// Whether its beginning was overwritten, as `logrotate` does with `copytruncate`.
    private var isTruncated: Bool { ((try? file.stat())?.size ?? 0) < position }

    /// Whether another file has its name.
    private var isReplaced: Bool {
        guard let named = try? Stat(FilePath(name: path)), let own = try? file.stat() else { return false }
        return named.inode != own.inode || named.deviceID != own.deviceID
    }
}
