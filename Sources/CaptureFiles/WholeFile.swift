/// A small file read whole: keys beside captures, from a path, a pipe or standard input.
public enum WholeFile {
    /// The octets of a file, decompressed if they are compressed; `path` may be `-` for standard input.
    ///
    /// - Throws: `cannotOpen` if it cannot be read, or is longer than `limit` octets.
    public static func read(path: String, limit: Int) throws(CaptureError) -> [UInt8] {
        try read(try ByteSource(path: path), limit: limit)
    }

    /// As `read`, of a file that should hold keys.
    ///
    /// - Throws: as `read`, and `cannotOpen` if it begins like something else, such as a capture, with what to do.
    public static func readKeys(path: String, limit: Int) throws(CaptureError) -> [UInt8] {
        let source = try ByteSource(path: path)
        if let explanation = ForeignFile.explainNoKeys(source) {
            throw CaptureError(.cannotOpen, path: path, explanation)
        }
        return try read(source, limit: limit)
    }

    /// Hands over the octets of a file as they lie on disk, piece by piece, and says whether it came to their end; what can be read only
    /// once is not read.
    public static func readStored(path: String, _ receive: ([UInt8]) -> Void) -> Bool {
        guard path != "-", let stored = try? StoredOctets(path: path), stored.size != nil else { return false }
        while true {
            let piece = stored.next(1 << 16)
            guard !piece.isEmpty else { return stored.failure == nil }
            receive(piece)
        }
    }

    private static func read(_ source: ByteSource, limit: Int) throws(CaptureError) -> [UInt8] {
        let path = source.path
        var octets: [UInt8] = []
        while octets.count <= limit, source.append(1 << 16, to: &octets) > 0 {}
        if let failure = source.failure { throw CaptureError(.cannotOpen, path: path, "cannot be read: \(failure)") }
        guard octets.count <= limit else {
            throw CaptureError(.cannotOpen, path: path, "is longer than the \(limit >> 20) MiB that it may have")
        }
        return octets
    }
}
