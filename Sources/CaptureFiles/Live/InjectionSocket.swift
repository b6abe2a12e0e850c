import ByteParsing
import Glibc

/// HCI packets as BlueZ's `btmon -E` and others send them, one in a UDP datagram, read as frames of link type 201.
final class InjectionSocket: LiveOctets {
    /// Bluetooth HCI H4 with a direction before it.
    private static let linkType: UInt32 = 201
    private static let longest = 1 << 16
    private static let pauseMilliseconds: Int32 = 200
    private static let bufferSize: Int32 = 8 << 20

    private let socket: Int32
    private let waiting: any LiveWaiting
    private var records = LiveRecords(linkType)
    private var datagram = [UInt8](repeating: 0, count: longest)

    init(_ address: String, _ port: UInt16, _ waiting: any LiveWaiting) throws(CaptureError) {
        self.waiting = waiting
        let name = "ellisys:\(port)"
        socket = Glibc.socket(AF_INET, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard socket >= 0 else { throw Self.error(name, "no socket can be had") }
        var size = Self.bufferSize
        let length = socklen_t(MemoryLayout<Int32>.size)
        _ = unsafe setsockopt(socket, SOL_SOCKET, SO_RCVBUF, &size, length)
        var place = sockaddr_in()
        place.sin_family = sa_family_t(AF_INET)
        place.sin_port = port.bigEndian
        guard unsafe inet_pton(AF_INET, address, &place.sin_addr) == 1 else {
            close(socket)
            throw Self.error(name, "\(address) is no IPv4 address to listen on")
        }
        let bound = unsafe withUnsafePointer(to: &place) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe bind(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard bound == 0 else {
            let reason = unsafe String(cString: strerror(errno))
            close(socket)
            throw Self.error(name, "cannot be listened to on \(address): \(reason)")
        }
    }

    deinit { close(socket) }

    private static func error(_ name: String, _ what: String) -> CaptureError {
        CaptureError(.cannotOpen, path: name, what)
    }

    @unsafe func read(into target: UnsafeMutableRawBufferPointer, _ failure: inout String?) -> Int {
        while records.isEmpty {
            if !isReady(within: 0) {
                // Again and again: what was heard may not be taken at once.
                repeat {
                    waiting.rest()
                    if waiting.isStopped || waiting.isOnlyWhatIsThere { return 0 }
                } while !isReady(within: Self.pauseMilliseconds)
            }
            receive()
        }
        return unsafe records.move(into: target)
    }

    /// A datagram that is none of this protocol is nobody's frame.
    private func receive() {
        let count = unsafe recv(socket, &datagram, datagram.count, Int32(MSG_DONTWAIT))
        guard count > 0 else { return }
        var reader = ByteReader(datagram.span.extracting(0..<count))
        guard let packet = try? InjectionDatagram(parsing: &reader) else { return }
        let frame = packet.frame
        records.append(frame, originalLength: frame.count, at: packet.time)
    }

    private func isReady(within milliseconds: Int32) -> Bool { LiveInput.isReady(socket, within: milliseconds) }
}
