import FoundationEssentials
import Glibc

/// Tells systemd how a service is: datagrams to the socket that `NOTIFY_SOCKET` names. Without it nobody is told.
struct ServiceNotices {
    private let path: String?
    /// How often the service has to say that it lives; `nil` where nobody asks.
    let watchdog: Duration?

    init(_ environment: [String: String] = ProcessInfo.processInfo.environment) {
        path = environment["NOTIFY_SOCKET"].flatMap { $0.hasPrefix("/") || $0.hasPrefix("@") ? $0 : nil }
        let isOwn = environment["WATCHDOG_PID"].map { $0 == "\(getpid())" } ?? true
        let microseconds = environment["WATCHDOG_USEC"].flatMap(Int64.init)
        watchdog = isOwn ? microseconds.map { .microseconds($0) } : nil
    }

    /// Such as `READY=1`.
    func say(_ text: String) {
        guard let path else { return }
        let file = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard file >= 0 else { return }
        defer { close(file) }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        // A name that begins with @ is no file: its first octet is 0.
        var octets = Array(path.utf8)
        if octets.first == UInt8(ascii: "@") { octets[0] = 0 }
        let room = MemoryLayout.size(ofValue: address.sun_path)
        guard octets.count < room else { return }
        unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: octets) }
        let length = socklen_t(MemoryLayout<sa_family_t>.size + octets.count)
        let message = Array(text.utf8)
        _ = unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe sendto(file, message, message.count, Int32(MSG_NOSIGNAL), $0, length)
            }
        }
    }
}
