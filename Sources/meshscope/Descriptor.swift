import Glibc

/// A file descriptor: what the command needs of the C library, in one place.
struct Descriptor {
    private let number: Int32

    static let output = Descriptor(number: STDOUT_FILENO)
    static let error = Descriptor(number: STDERR_FILENO)

    private init(number: Int32) {
        self.number = number
    }

    /// A new or emptied file; `nil` if it cannot be written.
    ///
    /// `isSecret`: only the owner may read it.
    init?(creating path: String, isSecret: Bool = false) {
        let flags = O_WRONLY | O_CREAT | O_CLOEXEC | (isSecret ? O_EXCL | O_NOFOLLOW : O_TRUNC)
        number = unsafe open(path, flags, isSecret ? 0o600 : 0o666)
        guard number >= 0 else { return nil }
    }

    var isTerminal: Bool { isatty(number) == 1 }

    enum WriteOutcome { case written, closedPipe, failed }

    func write(_ octets: [UInt8]) -> WriteOutcome {
        var start = 0
        while start < octets.count {
            let count = unsafe octets.withUnsafeBytes { bytes in
                unsafe Glibc.write(number, bytes.baseAddress?.advanced(by: start), octets.count - start)
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return errno == EPIPE ? .closedPipe : .failed }
            start += count
        }
        return .written
    }

    /// False if what was written did not reach the file.
    func close() -> Bool { Glibc.close(number) == 0 }

    static func rename(_ old: String, to new: String) -> Bool { unsafe Glibc.rename(old, new) == 0 }

    /// What tells one file from another, whatever path leads to it; `nil` if there is none.
    static func identity(_ path: String) -> [UInt64]? {
        var status = stat()
        guard unsafe stat(path, &status) == 0 else { return nil }
        return [UInt64(status.st_dev), UInt64(status.st_ino)]
    }

    static func remove(_ path: String) { _ = unsafe unlink(path) }

    /// A closed pipe is seen as a failed write, and is no error.
    static func ignoreClosedPipes() { _ = signal(SIGPIPE, SIG_IGN) }
}
