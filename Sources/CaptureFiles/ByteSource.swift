import SystemPackage

/// The octets of a file or of standard input, decompressed if they are compressed.
final class ByteSource {
    let path: String
    /// How the file is compressed; `nil` if it is not.
    let compression: Compression?
    private let stored: StoredOctets
    private let decompressed: DecompressedOctets?
    /// What was read to recognise the format and not yet consumed.
    private var peeked: [UInt8] = []

    /// `path`: a file's path, or `-` for standard input.
    convenience init(path: String) throws(CaptureError) {
        try self.init(StoredOctets(path: path), path: path)
    }

    /// `path`: what messages call it.
    init(_ stored: StoredOctets, path: String) throws(CaptureError) {
        self.path = path
        self.stored = stored
        compression = Compression.recognise(stored.peek(Compression.beginning))
        guard let compression else {
            decompressed = nil
            return
        }
        guard let decompressed = DecompressedOctets(stored, compression) else {
            throw CaptureError(.cannotOpen, path: path, "cannot be opened: out of memory")
        }
        self.decompressed = decompressed
    }

    /// Octets of the file as it lies on disk; `nil` for a pipe and for standard input, which can be read only once.
    var size: Int64? { stored.size }

    /// Whether the octets come while somebody waits for them.
    var isLive: Bool { stored.isLive }

    /// Whether the octets are those of a file as it lies on disk.
    var isPlainFile: Bool { size != nil && compression == nil }

    /// Octets of the file on disk that were read so far.
    var position: Int64 { decompressed?.position ?? stored.position }

    /// What ended the octets before their end: an error, or a compressed file that is damaged or cut off.
    var failure: String? { decompressed?.failure ?? stored.failure }

    /// The first `count` octets, or all where there are fewer; they stay to be read.
    func peek(_ count: Int) -> [UInt8] {
        while peeked.count < count {
            var more = [UInt8](repeating: 0, count: count - peeked.count)
            let read = unsafe more.withUnsafeMutableBytes { unsafe readDirectly(into: $0) }
            guard read > 0 else { break }
            peeked += more.prefix(read)
        }
        return Array(peeked.prefix(count))
    }

    /// Reads until `target` is full or the end is reached, and returns the number of octets read; of what is live, what there is.
    ///
    /// A read error ends the octets and is told in `failure`.
    @unsafe func read(into target: UnsafeMutableRawBufferPointer) -> Int {
        guard !peeked.isEmpty else { return unsafe readDirectly(into: target) }
        let count = min(peeked.count, target.count)
        unsafe target.copyBytes(from: peeked.prefix(count))
        peeked.removeFirst(count)
        if isLive { return count }
        return unsafe count + readDirectly(into: UnsafeMutableRawBufferPointer(rebasing: target.dropFirst(count)))
    }

    /// Reads in place of what stands from `place` on, until its end or that of the source, and returns the number of octets read.
    func read(into octets: inout [UInt8], from place: Int) -> Int {
        unsafe octets.withUnsafeMutableBytes {
            unsafe self.read(into: UnsafeMutableRawBufferPointer(rebasing: $0[place...]))
        }
    }

    /// Appends up to `count` octets and returns how many there were.
    func append(_ count: Int, to octets: inout [UInt8]) -> Int {
        let old = octets.count
        octets.append(contentsOf: repeatElement(0, count: count))
        let read = read(into: &octets, from: old)
        octets.removeLast(count - read)
        return read
    }

    @unsafe private func readDirectly(into target: UnsafeMutableRawBufferPointer) -> Int {
        if let decompressed { return unsafe decompressed.read(into: target) }
        return unsafe stored.read(into: target)
    }

    /// Whether the file can be read more than once: a pipe cannot, nor can standard input.
    static func isRereadable(_ path: String) -> Bool {
        path != "-" && (try? Stat(FilePath(name: path)))?.type == .regular
    }
}
