import CZlib
import Glibc
import SystemPackage

/// The octets of a file or of standard input, decompressed if they are gzip.
///
/// The only place that touches zlib. Plain octets pass through unchanged.
@safe final class ByteSource {
    let path: String
    /// Octets of the file as it lies on disk; `nil` for a pipe and for standard input, which can be read only once.
    let size: Int64?
    private let file: gzFile
    /// Room for the stream; the C library's own reads 4 KiB at a time.
    private let streamBuffer: UnsafeMutableBufferPointer<CChar>
    /// What was read to recognise the format and not yet consumed.
    private var peeked: [UInt8] = []
    private(set) var failure: String?

    /// `path`: a file's path, or `-` for standard input.
    init(path: String) throws(CaptureError) {
        self.path = path
        let (descriptor, status) = try Self.open(path)
        size = path != "-" && status.type == .regular ? status.size : nil
        guard let opened = unsafe gzdopen(descriptor.rawValue, "rb") else {
            try? descriptor.close()
            throw CaptureError(.cannotOpen, path: path, "cannot be opened: out of memory")
        }
        unsafe file = opened
        unsafe gzbuffer(file, 128 << 10)
        unsafe streamBuffer = .allocate(capacity: 64 << 10)
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
        unsafe gzclose(file)
        unsafe streamBuffer.deallocate()
    }

    /// Octets of the file on disk that were read so far.
    var position: Int64 { unsafe Int64(gzoffset(file)) }

    /// The first octets, which stay to be read.
    func peek(_ count: Int) -> [UInt8] {
        if peeked.count < count {
            var more = [UInt8](repeating: 0, count: count - peeked.count)
            let read = unsafe more.withUnsafeMutableBytes { unsafe readDirectly(into: $0) }
            peeked += more.prefix(read)
        }
        return peeked
    }

    /// Reads until `target` is full or the end is reached, and returns the number of octets read.
    ///
    /// A read error ends the octets and is told in `failure`.
    @unsafe func read(into target: UnsafeMutableRawBufferPointer) -> Int {
        guard !peeked.isEmpty else { return unsafe readDirectly(into: target) }
        let count = min(peeked.count, target.count)
        unsafe target.copyBytes(from: peeked.prefix(count))
        peeked.removeFirst(count)
        return unsafe count + readDirectly(into: UnsafeMutableRawBufferPointer(rebasing: target.dropFirst(count)))
    }

    /// Appends up to `count` octets and returns how many there were.
    func append(_ count: Int, to octets: inout [UInt8]) -> Int {
        let old = octets.count
        octets.append(contentsOf: repeatElement(0, count: count))
        let read = unsafe octets.withUnsafeMutableBytes {
            unsafe self.read(into: UnsafeMutableRawBufferPointer(rebasing: $0[old...]))
        }
        octets.removeLast(count - read)
        return read
    }

    @unsafe private func readDirectly(into target: UnsafeMutableRawBufferPointer) -> Int {
        var total = 0
        while total < target.count, failure == nil {
            let piece = unsafe UnsafeMutableRawBufferPointer(rebasing: target[total...])
            let count = unsafe Int(gzread(file, piece.baseAddress, UInt32(min(piece.count, 1 << 30))))
            guard count > 0 else {
                failure = readError()
                break
            }
            total += count
        }
        return total
    }

    /// What went wrong, if anything did; a compressed file that is cut off ends without an error of its own.
    private func readError() -> String? {
        var code: Int32 = 0
        guard let text = unsafe gzerror(file, &code), code != Z_OK, code != Z_STREAM_END else { return nil }
        guard code != Z_ERRNO else { return Self.systemError() }
        // zlib puts the descriptor in front of what is wrong.
        let message = unsafe String(cString: text)
        return message.split(separator: ": ", maxSplits: 1).last.map(String.init) ?? message
    }

    /// Whether the file can be read more than once: a pipe cannot, nor can standard input.
    static func isRereadable(_ path: String) -> Bool {
        path != "-" && (try? Stat(FilePath(name: path)))?.type == .regular
    }

    static func systemError() -> String { unsafe String(cString: strerror(errno)) }

    /// Whether the octets are those of a file as it lies on disk.
    var isPlainFile: Bool { unsafe size != nil && gzdirect(file) == 1 }

    /// A C stream that reads this source, for libraries that want one.
    ///
    /// There is one stream at a time, and it must not outlive the source, which lends it its buffer.
    @unsafe func makeStream() -> UnsafeMutablePointer<FILE>? {
        // A plain file is opened once more, which is faster than to pass its octets on.
        guard let stream = unsafe isPlainFile ? makePlainStream() : makeForwardingStream() else { return nil }
        unsafe setvbuf(stream, streamBuffer.baseAddress, Int32(_IOFBF), streamBuffer.count)
        return unsafe stream
    }

    @unsafe private func makePlainStream() -> UnsafeMutablePointer<FILE>? {
        let opened = try? FileDescriptor.open(FilePath(name: path), .readOnly, options: .closeOnExec)
        return unsafe opened.flatMap { unsafe fdopen($0.rawValue, "rb") }
    }

    /// A stream that passes this source's octets on and keeps the source alive until it is closed.
    @unsafe private func makeForwardingStream() -> UnsafeMutablePointer<FILE>? {
        let cookie = unsafe Unmanaged.passRetained(self).toOpaque()
        var functions = cookie_io_functions_t()
        unsafe functions.read = { cookie, buffer, count in
            guard let cookie = unsafe cookie, let buffer = unsafe buffer else { return -1 }
            let source = unsafe Unmanaged<ByteSource>.fromOpaque(cookie).takeUnretainedValue()
            let target = unsafe UnsafeMutableRawBufferPointer(start: buffer, count: count)
            return unsafe source.read(into: target)
        }
        unsafe functions.close = { cookie in
            if let cookie = unsafe cookie { unsafe Unmanaged<ByteSource>.fromOpaque(cookie).release() }
            return 0
        }
        guard let stream = unsafe fopencookie(cookie, "rb", functions) else {
            unsafe Unmanaged<ByteSource>.fromOpaque(cookie).release()
            return nil
        }
        return unsafe stream
    }
}

/// gzip for written captures. The header holds no name and no time, so that the same octets give the same file.
public enum Gzip {
    /// The octets as a gzip file.
    public static func compress(_ octets: [UInt8]) -> [UInt8] {
        var stream = unsafe z_stream()
        let size = unsafe Int32(MemoryLayout<z_stream>.size)
        let ready = unsafe deflateInit2_(&stream, 9, Z_DEFLATED, 15 + 16, 9, Z_DEFAULT_STRATEGY, ZLIB_VERSION, size)
        precondition(ready == Z_OK, "zlib has no memory")
        var input = octets
        var output = [UInt8](repeating: 0, count: unsafe Int(deflateBound(&stream, UInt(octets.count))))
        let written = unsafe input.withUnsafeMutableBufferPointer { input in
            unsafe output.withUnsafeMutableBufferPointer { output in
                unsafe stream.next_in = input.baseAddress
                unsafe stream.avail_in = UInt32(input.count)
                unsafe stream.next_out = output.baseAddress
                unsafe stream.avail_out = UInt32(output.count)
                unsafe deflate(&stream, Z_FINISH)
                return unsafe Int(stream.total_out)
            }
        }
        unsafe deflateEnd(&stream)
        return Array(output.prefix(written))
    }
}
