import SystemPackage

/// The octets of a file, a pipe or standard input as they are stored.
final class StoredOctets {
    /// Octets of the file; `nil` for a pipe and for standard input, which can be read only once.
    let size: Int64?
    private let descriptor: FileDescriptor?
    /// What gives the octets as they come, in place of a file.
    private let live: (any LiveOctets)?
    /// What was read to recognise a compression and not yet taken.
    private var ahead: [UInt8] = []
    /// Octets taken so far.
    private(set) var position: Int64 = 0
    /// What ended the octets before their end.
    private(set) var failure: String?

    /// `path`: a file's path, or `-` for standard input.
    init(path: String) throws(CaptureError) {
        let (descriptor, status) = try Self.open(path)
        self.descriptor = descriptor
        live = nil
        size = path != "-" && status.type == .regular ? status.size : nil
    }

    /// Octets that come while somebody waits for them.
    init(_ live: any LiveOctets) {
        self.live = live
        descriptor = nil
        size = nil
    }

    private static func open(_ path: String) throws(CaptureError) -> (FileDescriptor, Stat) {
        do {
            let descriptor =
                path == "-"
                ? try FileDescriptor.standardInput.duplicate()
                : try FileDescriptor.open(FilePath(name: path), .readOnly, options: .closeOnExec)
            if let status = try? descriptor.stat(), status.type != .directory { return (descriptor, status) }
            try? descriptor.close()
        } catch {
            throw CaptureError(.cannotOpen, path: path, "cannot be opened: \(error)")
        }
        throw CaptureError(.cannotOpen, path: path, "is a directory; name the capture files in it")
    }

    deinit {
        try? descriptor?.close()
    }

    /// Whether what is there is worth more than what is still to come.
    var isLive: Bool { live != nil }

    /// The first `count` octets, or all where there are fewer; they stay to be taken.
    func peek(_ count: Int) -> [UInt8] {
        while ahead.count < count {
            var more = [UInt8](repeating: 0, count: count - ahead.count)
            let read = unsafe more.withUnsafeMutableBytes { unsafe readDirectly(into: $0) }
            guard read > 0 else { break }
            ahead += more.prefix(read)
        }
        return Array(ahead.prefix(count))
    }

    /// Up to `count` octets more; none at the end.
    func next(_ count: Int) -> [UInt8] {
        var octets = [UInt8](repeating: 0, count: count)
        let read = unsafe octets.withUnsafeMutableBytes { unsafe self.read(into: $0) }
        return Array(octets.prefix(read))
    }

    /// Reads until `target` is full or the end is reached, and returns the number of octets read; of what is live, what there is.
    @unsafe func read(into target: UnsafeMutableRawBufferPointer) -> Int {
        let known = min(ahead.count, target.count)
        unsafe target.copyBytes(from: ahead.prefix(known))
        ahead.removeFirst(known)
        let rest = unsafe UnsafeMutableRawBufferPointer(rebasing: target.dropFirst(known))
        let count = unsafe isLive && known > 0 ? known : known + readDirectly(into: rest)
        position += Int64(count)
        return count
    }

    @unsafe private func readDirectly(into target: UnsafeMutableRawBufferPointer) -> Int {
        if let live { return unsafe live.read(into: target, &failure) }
        guard let descriptor else { return 0 }
        var total = 0
        while total < target.count, failure == nil {
            do {
                let piece = unsafe UnsafeMutableRawBufferPointer(rebasing: target[total...])
                let count = unsafe try descriptor.read(into: piece)
                guard count > 0 else { break }
                total += count
            } catch {
                failure = "\(error)"
            }
        }
        return total
    }
}
