import Glibc
import SystemPackage

/// Octets that come while somebody waits for them.
protocol LiveOctets: AnyObject {
    /// Waits until there is at least one octet, reads what there is, and returns how many; 0 at the end. `failure`: what ended them
    /// before their end.
    @unsafe func read(into target: UnsafeMutableRawBufferPointer, _ failure: inout String?) -> Int
}

/// Where a capture comes from that is still being made.
public enum LiveSource: Hashable, Sendable {
    /// A file that grows, a FIFO, or a folder of files of which each follows the one before.
    case path(String)
    /// What another program writes.
    case standardInput
    /// A network interface, such as `bluetooth-monitor`, by libpcap.
    case interface(String)
    /// HCI packets as `btmon -E` sends them, one in a UDP datagram to a port of this address.
    case ellisys(address: String, port: UInt16)

    /// Whether nothing but the user ends it.
    public var isEndless: Bool {
        switch self {
        case .path, .standardInput: false
        case .interface, .ellisys: true
        }
    }

    /// As the user names it.
    public var name: String {
        switch self {
        case .path(let path): path
        case .standardInput: "-"
        case .interface(let name): "interface:\(name)"
        case .ellisys(_, let port): "ellisys:\(port)"
        }
    }
}

/// How somebody waits for what is still to come: what is done before, and when it is no use any more.
public protocol LiveWaiting: AnyObject, Sendable {
    /// Whether what is there now is all that is wanted.
    var isOnlyWhatIsThere: Bool { get }
    /// Whether somebody asked to stop.
    var isStopped: Bool { get }
    /// All that there is was read.
    func rest()
}

/// A capture that is still being made.
public final class LiveInput {
    /// Whether a descriptor has something to be read, or has ended, within so many milliseconds.
    static func isReady(_ descriptor: Int32, within milliseconds: Int32) -> Bool {
        var waited = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        return unsafe poll(&waited, 1, milliseconds) > 0
    }

    /// As the user names it.
    public let name: String
    let path: String
    /// `nil` for a file that is read as it stands.
    let octets: (any LiveOctets)?

    /// One file, of which more may come.
    ///
    /// - Parameters:
    ///   - name: as the user names the source.
    ///   - path: of the file or FIFO.
    ///   - waiting: how to wait.
    ///   - hasSuccessor: whether the file is complete, since another one follows it; asked when all of it was read.
    /// - Throws: `cannotOpen`.
    public init(
        name: String, path: String, waiting: any LiveWaiting, hasSuccessor: @escaping () -> Bool
    ) throws(CaptureError) {
        self.name = name
        self.path = path
        octets = CaptureFile.canBeFollowed(path) ? try GrowingFile(path, name, waiting, hasSuccessor) : nil
    }

    /// A source that is no file.
    ///
    /// - Throws: `cannotOpen`, with what to do.
    public init(_ source: LiveSource, waiting: any LiveWaiting) throws(CaptureError) {
        name = source.name
        path = source.name
        switch source {
        case .path(let path): octets = try GrowingFile(path, path, waiting) { false }
        case .standardInput: octets = try GrowingFile("-", "-", waiting) { false }
        case .interface(let interface): octets = try InterfaceCapture(interface, waiting)
        case .ellisys(let address, let port): octets = try InjectionSocket(address, port, waiting)
        }
    }
}

/// A pcap file in memory that grows with each frame: what live sources are read as.
struct LiveRecords {
    private var octets: [UInt8] = []
    private var taken = 0

    /// `linkType`: of all frames.
    init(_ linkType: UInt32) {
        // The magic number of nanoseconds, version 2.4, no zone, and room for any frame.
        for number: UInt32 in [0xA1B2_3C4D, 0x0004_0002, 0, 0, 0x0004_0000, linkType] { append(number) }
    }

    private mutating func append(_ number: UInt32) {
        for shift: UInt32 in [0, 8, 16, 24] { octets.append(UInt8(truncatingIfNeeded: number >> shift)) }
    }

    mutating func append(_ frame: some Collection<UInt8>, originalLength: Int, at time: CaptureTime) {
        let (seconds, rest) = time.nanoseconds.quotientAndRemainder(dividingBy: 1_000_000_000)
        append(UInt32(clamping: seconds))
        append(UInt32(clamping: rest))
        append(UInt32(clamping: frame.count))
        append(UInt32(clamping: originalLength))
        octets += frame
    }

    var isEmpty: Bool { taken == octets.count }

    /// Moves what there is room for, and returns how much.
    @unsafe mutating func move(into target: UnsafeMutableRawBufferPointer) -> Int {
        let count = min(target.count, octets.count - taken)
        unsafe target.copyBytes(from: octets[taken..<(taken + count)])
        taken += count
        if isEmpty {
            octets.removeAll(keepingCapacity: true)
            taken = 0
        }
        return count
    }
}
