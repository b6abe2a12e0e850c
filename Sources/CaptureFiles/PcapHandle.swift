import CPcap
import Glibc

/// libpcap, loaded when something first asks for it: with the libraries that it brings along, the start of each run would take a tenth
/// longer.
enum PcapLibrary {
    /// What is called of the machine's libpcap; `nil` where it has none.
    static let functions = load(["libpcap.so.0.8", "libpcap.so.1"])

    /// The functions of the first library of these names that has them all.
    static func load(_ names: [String]) -> pcap_functions? {
        unsafe withUnsafeTemporaryAllocation(of: pcap_functions.self, capacity: 1) { functions in
            guard let first = functions.baseAddress, names.contains(where: { unsafe pcap_load($0, first) != 0 }) else {
                return nil
            }
            return unsafe first.pointee
        }
    }

    /// What it says.
    @unsafe static func text(_ message: UnsafePointer<CChar>?) -> String {
        unsafe message.map { unsafe String(cString: $0) } ?? ""
    }

    /// What to do where there is none.
    static func missing(_ path: String) -> CaptureError {
        CaptureError(
            .cannotOpen, path: path,
            "takes libpcap, which this machine lacks; install it (Debian: libpcap0.8, elsewhere: libpcap)")
    }
}

/// A pcap file of a kind that `PcapReader` leaves to libpcap; the only file that imports it.
///
/// libpcap's own error text reaches the user unchanged.
@safe struct PcapHandle: ~Copyable {
    private let pcap: pcap_functions
    private let handle: OpaquePointer
    private let source: ByteSource
    private let linkType: LinkType
    private(set) var number = 0
    private var records = FrameRecords()

    init(_ source: ByteSource, _ functions: pcap_functions? = PcapLibrary.functions) throws(CaptureError) {
        guard source.peek(PcapReader.fileHeader).count == PcapReader.fileHeader else {
            throw CaptureError(.brokenOff, path: source.path, source.failure ?? "ends within the file's header")
        }
        guard let pcap = functions else { throw PcapLibrary.missing(source.path) }
        var message = [CChar](repeating: 0, count: Int(PCAP_ERRBUF_SIZE))
        guard let file = unsafe Self.stream(of: source) else {
            let reason = unsafe String(cString: strerror(errno))
            throw CaptureError(.cannotOpen, path: source.path, "cannot be opened: \(reason)")
        }
        guard
            let opened = unsafe pcap.fopen_offline_with_tstamp_precision(
                file, UInt32(PCAP_TSTAMP_PRECISION_NANO), &message)
        else {
            unsafe fclose(file)
            throw CaptureError(.brokenOff, path: source.path, source.failure ?? Self.text(message))
        }
        self.pcap = pcap
        unsafe handle = opened
        self.source = source
        linkType = unsafe LinkType(.pcap, UInt32(bitPattern: pcap.datalink(opened)))
    }

    deinit {
        unsafe pcap.close(handle)
    }

    /// pcap's seconds are unsigned and have 32 bits, which libpcap extends as if they were signed.
    private func seconds(_ seconds: Int) -> Int64 {
        seconds < 0 ? Int64(UInt32(truncatingIfNeeded: seconds)) : Int64(seconds)
    }

    /// The next frame, by itself; `nil` at the end of the file.
    @_lifetime(&self)
    mutating func nextFrames() throws(CaptureError) -> CapturedFrames? {
        var header: UnsafeMutablePointer<pcap_pkthdr>?
        var octets: UnsafePointer<UInt8>?
        switch unsafe pcap.next_ex(handle, &header, &octets) {
        case 1: break
        case PCAP_ERROR_BREAK where source.failure == nil: return nil
        default:
            let message = unsafe PcapLibrary.text(pcap.geterr(handle))
            throw CaptureError(.brokenOff, path: source.path, source.failure ?? message)
        }
        guard let header = unsafe header, let octets = unsafe octets else { return nil }
        number += 1
        let time = unsafe header.pointee.ts
        let count = unsafe Int(header.pointee.caplen)
        records.begin(atMost: 1)
        records.append(
            FrameRecord(
                start: 0, count: count, originalLength: unsafe Int(header.pointee.len),
                time: CaptureTime(seconds: seconds(time.tv_sec), nanoseconds: Int64(time.tv_usec))))
        let all = unsafe _overrideLifetime(Span(_unsafeStart: octets, count: count), borrowing: self)
        return CapturedFrames(records.all, in: all, linkType, lastNumber: number)
    }

    fileprivate static func text(_ message: [CChar]) -> String {
        String(decoding: message.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    /// A stream that passes a source's octets on and keeps the source alive until it is closed.
    @unsafe private static func stream(of source: ByteSource) -> UnsafeMutablePointer<FILE>? {
        let cookie = unsafe Unmanaged.passRetained(source).toOpaque()
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

/// Frames of a network interface as they arrive, by libpcap.
@safe final class InterfaceCapture: LiveOctets {
    private static let longest: Int32 = 1 << 18
    private static let pauseMilliseconds: Int32 = 200

    private let pcap: pcap_functions
    private let handle: OpaquePointer
    private let waiting: any LiveWaiting
    private var records: LiveRecords

    init(
        _ interface: String, _ waiting: any LiveWaiting, _ functions: pcap_functions? = PcapLibrary.functions
    ) throws(CaptureError) {
        let name = "interface:\(interface)"
        guard let pcap = functions else { throw PcapLibrary.missing(name) }
        self.waiting = waiting
        var message = [CChar](repeating: 0, count: Int(PCAP_ERRBUF_SIZE))
        guard let handle = unsafe pcap.create(interface, &message) else {
            throw CaptureError(.cannotOpen, path: name, PcapHandle.text(message))
        }
        _ = unsafe pcap.set_snaplen(handle, Self.longest)
        _ = unsafe pcap.set_timeout(handle, Self.pauseMilliseconds)
        _ = unsafe pcap.set_immediate_mode(handle, 1)
        let status = unsafe pcap.activate(handle)
        guard status >= 0 else {
            let reason = unsafe PcapLibrary.text(pcap.geterr(handle))
            let why = reason.isEmpty ? unsafe PcapLibrary.text(pcap.statustostr(status)) : reason
            unsafe pcap.close(handle)
            throw CaptureError(
                .cannotOpen, path: name, "cannot be captured: \(why); it takes the capability CAP_NET_RAW, or root")
        }
        self.pcap = pcap
        unsafe self.handle = handle
        records = LiveRecords(unsafe UInt32(bitPattern: pcap.datalink(handle)))
    }

    deinit {
        unsafe pcap.close(handle)
    }

    @unsafe func read(into target: UnsafeMutableRawBufferPointer, _ failure: inout String?) -> Int {
        while records.isEmpty {
            var header: UnsafeMutablePointer<pcap_pkthdr>?
            var octets: UnsafePointer<UInt8>?
            switch unsafe pcap.next_ex(handle, &header, &octets) {
            case 1:
                guard let header = unsafe header, let octets = unsafe octets else { return 0 }
                let time = unsafe header.pointee.ts
                unsafe records.append(
                    UnsafeBufferPointer(start: octets, count: Int(header.pointee.caplen)),
                    originalLength: Int(header.pointee.len),
                    at: CaptureTime(seconds: Int64(time.tv_sec), nanoseconds: Int64(time.tv_usec) * 1000))
            case 0:
                waiting.rest()
                if waiting.isStopped || waiting.isOnlyWhatIsThere { return 0 }
            default:
                failure = unsafe PcapLibrary.text(pcap.geterr(handle))
                return 0
            }
        }
        return unsafe records.move(into: target)
    }
}
