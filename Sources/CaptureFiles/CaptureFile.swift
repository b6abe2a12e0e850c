/// A capture of any known container, recognised by its first octets and never by its name, compressed or not.
///
///     var file = try CaptureFile(path: "x.pcap")
///     while let frame = try file.nextFrame() { … }
public struct CaptureFile: ~Copyable {
    /// As it was given; `-` for standard input.
    public let path: String
    /// The container that was recognised.
    public let format: CaptureFormat
    /// Decimal digits of a second that the file's header promises; single times of a pcapng may have more.
    public let timeDigits: Int

    private let source: ByteSource
    // Exactly one of these is there. They are optionals, since an enum cannot hold several kinds of non-copyable readers.
    private var pcap: PcapReader?
    /// A pcap of a kind that only libpcap knows.
    private var rare: PcapHandle?
    private var pcapng: PcapngReader?
    private var btsnoop: BtsnoopReader?
    private var trace: EllisysTraceReader?
    private let records: (any RecordReader)?
    /// The frame that was read last and its octets, where its reader does not keep them.
    private var frame = FrameRecords()
    private var linkType = LinkType(.pcap, 0)
    private var octets: [UInt8] = []
    /// Of that frame.
    private var number = 0

    /// Opens a capture and reads as much of it as tells its format.
    ///
    /// - Parameter path: a file's path, or `-` for standard input.
    /// - Throws: `cannotOpen` where there is nothing to read, `notACapture` where no format is recognised, `brokenOff`
    ///   where the file ends within its header.
    public init(path: String) throws(CaptureError) {
        try self.init(ByteSource(path: path))
    }

    /// Opens a capture that is still being made: waits for its beginning, and `nextFrame` waits for each frame.
    ///
    /// - Throws: `notACapture` where no format is recognised, or one that can be read only once it is complete.
    public init(following input: LiveInput) throws(CaptureError) {
        guard let octets = input.octets else {
            try self.init(ByteSource(path: input.path))
            return
        }
        try self.init(ByteSource(StoredOctets(octets), path: input.name))
    }

    /// Whether what is there of a file can be read while more of it comes: an Ellisys trace cannot, since its pages lie anywhere in it. It
    /// is read as it stands, and once more when it has grown.
    static func canBeFollowed(_ path: String) -> Bool {
        FileMark.start(of: path).map { CaptureFormat.recognise($0.octets)?.format != .ellisysTrace } ?? true
    }

    private init(_ source: ByteSource) throws(CaptureError) {
        let start = Self.beginning(of: source)
        let signature = try Self.signature(start, source)
        var pcap: PcapReader?
        var rare: PcapHandle?
        var pcapng: PcapngReader?
        var btsnoop: BtsnoopReader?
        var trace: EllisysTraceReader?
        var records: (any RecordReader)?
        switch signature.format {
        case .pcap:
            pcap = PcapReader.open(source, start)
            if pcap == nil { rare = try PcapHandle(source) }
        case .pcapng: pcapng = PcapngReader(source)
        case .btsnoop: btsnoop = try BtsnoopReader(source)
        case .ellisysTrace: trace = try EllisysTraceReader(source)
        case .ellisysText: records = EllisysTextReader(source)
        case .packetLogger:
            records = PacketLoggerReader(source, PacketLoggerReader.byteOrder(of: start) ?? .big)
        case .hcidump: records = HcidumpReader(source)
        case .btmonText: records = BtmonTextReader(source)
        }
        path = source.path
        self.format = signature.format
        self.source = source
        self.timeDigits = signature.timeDigits
        self.pcap = pcap
        self.rare = rare
        self.pcapng = pcapng
        self.btsnoop = btsnoop
        self.trace = trace
        self.records = records
    }

    /// Whether a capture can be read more than once: one from a pipe cannot.
    public static func isRereadable(_ path: String) -> Bool { ByteSource.isRereadable(path) }

    /// What could not be read, once the last frame was.
    public var losses: CaptureLosses {
        switch trace {
        case .some(let trace): trace.losses
        case .none: records?.losses ?? .none
        }
    }

    /// Octets read and octets in all, of the file as it lies on disk; `nil` for a pipe.
    public var progress: (read: Int64, size: Int64)? {
        guard let size = source.size else { return nil }
        return (source.position, size)
    }

    /// The next frame, valid until the one behind it is read; `nil` at the end of the file.
    ///
    /// - Throws: where the file cannot be read on; the frames before stay good.
    @_lifetime(&self)
    public mutating func nextFrame() throws(CaptureError) -> CapturedFrame? {
        try nextFrames(atMost: 1)?.frame(at: 0)
    }

    /// The next frame, and as many behind it as can be had without reading on.
    ///
    /// - Parameter most: how many frames are wanted; fewer than 1 are taken for 1, more than 4,096 for as many.
    /// - Returns: frames that are valid until more are read; `nil` at the end of the file.
    /// - Throws: where the file cannot be read on; the frames before stay good.
    @_lifetime(&self)
    public mutating func nextFrames(atMost most: Int) throws(CaptureError) -> CapturedFrames? {
        let most = min(max(most, 1), 4096)
        if pcap != nil { return try pcap?.nextFrames(atMost: most) }
        switch format {
        case .pcap: return try rare?.nextFrames()
        case .btsnoop: return try btsnoop?.nextFrames(atMost: most)
        case .pcapng: return try pcapng?.nextFrames(atMost: most)
        case .ellisysTrace: return try trace?.nextFrames(atMost: most)
        case .packetLogger, .ellisysText, .hcidump, .btmonText: note(try records?.readRecord(into: &octets))
        }
        guard frame.count > 0 else { return nil }
        number += 1
        return CapturedFrames(frame.all, in: octets.span, linkType, lastNumber: number)
    }

    /// Takes note of the frame that `octets` holds.
    private mutating func note(_ record: Record?) {
        frame.begin(atMost: 1)
        guard let record else { return }
        linkType = record.linkType
        frame.append(
            FrameRecord(
                start: 0, count: octets.count, originalLength: record.originalLength ?? octets.count, time: record.time)
        )
    }

    /// As much as tells the format: what is live may have no more for a long time.
    private static func beginning(of source: ByteSource) -> [UInt8] {
        var count = source.isLive ? 24 : CaptureFormat.beginning
        while true {
            let start = source.peek(count)
            let isRecognised = CaptureFormat.recognise(start)?.hasMagic == true
            guard count < CaptureFormat.beginning, start.count >= count, !isRecognised else { return start }
            count = min(2 * count, CaptureFormat.beginning)
        }
    }

    /// How the file begins; if like no capture, what it is, and what to do.
    private static func signature(
        _ start: [UInt8], _ source: ByteSource
    ) throws(CaptureError) -> CaptureFormat.Signature {
        let signature = CaptureFormat.recognise(start)
        if let signature, signature.hasMagic { return signature }
        let foreign = FileStart(source)
        if let kind = ForeignFile.recognise(foreign, as: .capture, isCapture: signature != nil) {
            throw CaptureError(.notACapture, path: source.path, kind.explanation(foreign, as: .capture))
        }
        if let signature { return signature }
        if let failure = source.failure {
            throw CaptureError(.cannotOpen, path: source.path, "cannot be read: \(failure)")
        }
        throw CaptureError(.notACapture, path: source.path, ForeignFile.explainUnknown(foreign, source))
    }
}
