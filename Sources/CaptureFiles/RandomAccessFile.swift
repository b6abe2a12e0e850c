import Glibc
import SystemPackage

/// A file that is read at any place: a plain one as it lies on disk, any other from a temporary copy that has no name.
@safe final class RandomAccessFile {
    let path: String
    let size: Int64
    /// Why the copy ends before its end; `nil` where it does not.
    let failure: String?
    private let descriptor: FileDescriptor

    init(_ source: ByteSource) throws(CaptureError) {
        path = source.path
        descriptor = try source.isPlainFile ? Self.open(source.path) : Self.copy(source)
        failure = source.failure
        size = (try? descriptor.stat())?.size ?? 0
    }

    deinit { try? descriptor.close() }

    private static func open(_ path: String) throws(CaptureError) -> FileDescriptor {
        do { return try FileDescriptor.open(FilePath(name: path), .readOnly, options: .closeOnExec) } catch {
            throw CaptureError(.cannotOpen, path: path, "cannot be opened: \(error)")
        }
    }

    /// What comes from a pipe, or is compressed, cannot be read at any place.
    private static func copy(_ source: ByteSource) throws(CaptureError) -> FileDescriptor {
        func failed(_ error: some Error) -> CaptureError {
            CaptureError(.cannotOpen, path: source.path, "cannot be copied to read it in its order: \(error)")
        }
        guard let file = unsafe tmpfile() else { throw failed(Errno(rawValue: errno)) }
        defer { unsafe fclose(file) }
        do {
            let descriptor = try unsafe FileDescriptor(rawValue: fileno(file)).duplicate()
            var octets: [UInt8] = []
            while source.append(1 << 16, to: &octets) > 0 {
                try descriptor.writeAll(octets)
                octets.removeAll(keepingCapacity: true)
            }
            return descriptor
        } catch {
            throw failed(error)
        }
    }

    /// Puts up to `count` octets from a place on behind those that `octets` holds; fewer at the end of the file, or where it cannot
    /// be read.
    func append(_ count: Int, at place: Int64, to octets: inout [UInt8]) {
        guard count > 0, place >= 0, place < size else { return }
        let old = octets.count
        octets.append(contentsOf: repeatElement(0, count: Int(min(Int64(count), size - place))))
        var end = old
        while end < octets.count {
            let read = try? unsafe octets.withUnsafeMutableBytes {
                try unsafe descriptor.read(
                    fromAbsoluteOffset: place + Int64(end - old),
                    into: UnsafeMutableRawBufferPointer(rebasing: $0[end...]))
            }
            guard let read, read > 0 else { break }
            end += read
        }
        octets.removeLast(octets.count - end)
    }
}
