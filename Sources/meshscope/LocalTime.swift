import CaptureFiles
import FoundationEssentials
import Glibc

/// What the clock on the reader's wall says; for messages to people, and for nothing that is kept.
enum LocalTime {
    /// Where the machine's own clock stands, or what `SOURCE_DATE_EPOCH` says instead (reproducible-builds.org), in seconds since 1970.
    static var now: CaptureTime {
        if let given = ProcessInfo.processInfo.environment["SOURCE_DATE_EPOCH"].flatMap({ Int64($0) }) {
            return CaptureTime(seconds: given)
        }
        var moment = timespec()
        unsafe clock_gettime(CLOCK_REALTIME, &moment)
        return CaptureTime(seconds: Int64(moment.tv_sec), nanoseconds: Int64(moment.tv_nsec))
    }

    /// Day, hour, minute and zone, such as `Mon 14:00 CEST`; `nil` in a zone that has UTC's time, and where nothing is known.
    static func text(_ time: CaptureTime) -> String? {
        guard time.isKnown else { return nil }
        var seconds = time_t(time.nanoseconds / 1_000_000_000)
        var parts = unsafe tm()
        let isKnown = unsafe (localtime_r(&seconds, &parts) != nil && parts.tm_gmtoff != 0)
        guard isKnown else { return nil }
        var octets = [CChar](repeating: 0, count: 64)
        let count = unsafe strftime(&octets, octets.count, "%a %H:%M %Z", &parts)
        return String(decoding: octets.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
