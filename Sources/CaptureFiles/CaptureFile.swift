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
    private var lossesOfTrace = CaptureLosses()
    private let records: (any RecordReader)?
    /// The frame of the last record.
    private var octets: [UInt8] = []

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
    public var losses: CaptureLosses { records?.losses ?? lossesOfTrace }

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
        if pcap != nil { return try pcap?.nextFrame() }
        switch format {
        case .pcap: return try rare?.nextFrame()
        case .btsnoop: return try btsnoop?.nextFrame()
        case .pcapng: return try pcapng?.nextFrame()
        case .ellisysTrace: return try nextTraced()
        case .packetLogger, .ellisysText, .hcidump, .btmonText: return try nextRecord()
        }
    }

    @_lifetime(&self)
    private mutating func nextRecord() throws(CaptureError) -> CapturedFrame? {
        guard let records, let record = try records.readRecord(into: &octets) else { return nil }
        return frame(of: record, number: records.number)
    }

    @_lifetime(&self)
    private mutating func nextTraced() throws(CaptureError) -> CapturedFrame? {
        guard let record = try trace?.readRecord(into: &octets), let number = trace?.number else {
            if let losses = trace?.losses { lossesOfTrace = losses }
            return nil
        }
        return frame(of: record, number: number)
    }

    @_lifetime(borrow self)
    private func frame(of record: Record, number: Int) -> CapturedFrame {
        CapturedFrame(
            number: number, time: record.time, linkType: record.linkType,
            originalLength: record.originalLength ?? octets.count, bytes: octets.span)
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
