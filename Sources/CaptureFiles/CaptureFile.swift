public enum CaptureFormat: String, Hashable, Sendable { case pcap, pcapng, btsnoop }

/// A capture of any known container, recognised by its first octets and never by its name, compressed or not.
///
///     var file = try CaptureFile(path: "x.pcap")
///     while let frame = try file.nextFrame() { … }
public struct CaptureFile: ~Copyable {
    public let path: String
    public let format: CaptureFormat
    /// Decimal digits of a second that the file's header promises; single times of a pcapng may have more.
    public let timeDigits: Int

    private let source: ByteSource
    // One of these; an enum cannot hold several kinds of non-copyable readers.
    private var pcap: PcapHandle?
    private var pcapng: PcapngReader?
    private var btsnoop: BtsnoopReader?

    /// `path`: a file's path, or `-` for standard input.
    public init(path: String) throws(CaptureError) {
        let source = try ByteSource(path: path)
        let start = source.peek(8)
        guard let (format, digits) = Self.recognise(start) else { throw Self.unknown(start, source) }
        var pcap: PcapHandle?
        var pcapng: PcapngReader?
        var btsnoop: BtsnoopReader?
        switch format {
        case .pcap: pcap = try PcapHandle(source)
        case .pcapng: pcapng = PcapngReader(source)
        case .btsnoop: btsnoop = try BtsnoopReader(source)
        }
        self.path = path
        self.format = format
        self.source = source
        self.timeDigits = digits
        self.pcap = pcap
        self.pcapng = pcapng
        self.btsnoop = btsnoop
    }

    /// Frames read so far.
    public var frames: Int {
        switch pcap {
        case .some(let reader): return reader.number
        case .none: break
        }
        switch pcapng {
        case .some(let reader): return reader.number
        case .none: break
        }
        switch btsnoop {
        case .some(let reader): return reader.number
        case .none: return 0
        }
    }

    /// Octets read and octets in all, of the file as it lies on disk; `nil` for a pipe.
    public var progress: (read: Int64, size: Int64)? {
        guard let size = source.size else { return nil }
        switch pcap {
        case .some(let reader): return (reader.position, size)
        case .none: return (source.position, size)
        }
    }

    /// The next frame, valid until the one behind it is read; `nil` at the end of the file.
    ///
    /// - Throws: where the file cannot be read on; the frames before stay good.
    @_lifetime(&self)
    public mutating func nextFrame() throws(CaptureError) -> CapturedFrame? {
        switch format {
        case .pcap: return try pcap?.nextFrame()
        case .btsnoop: return try btsnoop?.nextFrame()
        case .pcapng: return try pcapng?.nextFrame()
        }
    }

    private static func recognise(_ start: [UInt8]) -> (CaptureFormat, digits: Int)? {
        if start == BtsnoopReader.magic { return (.btsnoop, 6) }
        switch Array(start.prefix(4)) {
        case [0x0A, 0x0D, 0x0D, 0x0A]: return (.pcapng, 6)
        case [0xA1, 0xB2, 0xC3, 0xD4], [0xD4, 0xC3, 0xB2, 0xA1]: return (.pcap, 6)
        case [0xA1, 0xB2, 0x3C, 0x4D], [0x4D, 0x3C, 0xB2, 0xA1]: return (.pcap, 9)
        case [0xA1, 0xB2, 0xCD, 0x34], [0x34, 0xCD, 0xB2, 0xA1]: return (.pcap, 6)
        default: return nil
        }
    }

    private static func unknown(_ start: [UInt8], _ source: ByteSource) -> CaptureError {
        if let failure = source.failure {
            return CaptureError(.cannotOpen, path: source.path, "cannot be read: \(failure)")
        }
        guard !start.isEmpty else {
            return CaptureError(
                .notACapture, path: source.path, "is empty; a pcap, pcapng or btsnoop capture is needed")
        }
        if start.allSatisfy({ $0 >= 0x20 && $0 < 0x7F || $0 == 0x0A || $0 == 0x0D || $0 == 0x09 }) {
            return CaptureError(
                .notACapture, path: source.path,
                "is no capture but text; btmon writes one with 'btmon -w FILE', and Wireshark saves as pcapng")
        }
        let octets = start.map { octet in
            let digits = String(octet, radix: 16)
            return digits.count == 1 ? "0" + digits : digits
        }
        return CaptureError(
            .notACapture, path: source.path,
            "begins with \(octets.joined(separator: " ")), which is no capture; pcap, pcapng and btsnoop are read, also in gzip"
        )
    }
}
