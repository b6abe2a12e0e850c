import ByteParsing

/// What a log of the Linux monitor channel holds twice: a mesh packet as the controller's event and as the kernel's management
/// event, or as the daemon's management command and as the kernel's command to the controller. Both are one hearing.
struct MonitorEcho {
    /// Which of the two interfaces a record is of.
    enum Interface { case controller, management }

    private struct Record {
        var direction: Advertisement.Direction
        var digest: UInt64
        var nanoseconds: Int64
    }

    /// The kernel passes on what it hears at once; what it is to send waits for its turn.
    private static let longestWait: UInt64 = 100_000_000
    private static let longestQueue: UInt64 = 5_000_000_000
    /// So many wait at least before the oldest give way, together.
    private static let mostRecords = 64

    /// What came by one interface and not yet by the other, oldest first.
    private var waiting: (controller: [Record], management: [Record]) = ([], [])

    /// Whether the same data came by the other interface just before; each record is matched once.
    mutating func isRepeated(
        _ data: ByteReader, _ direction: Advertisement.Direction, by interface: Interface, at nanoseconds: Int64
    ) -> Bool {
        let record = Record(direction: direction, digest: Self.digest(data), nanoseconds: nanoseconds)
        switch interface {
        case .controller: return Self.match(record, with: &waiting.management, or: &waiting.controller)
        case .management: return Self.match(record, with: &waiting.controller, or: &waiting.management)
        }
    }

    private static func match(_ record: Record, with others: inout [Record], or own: inout [Record]) -> Bool {
        if !others.isEmpty, let place = place(of: record, in: others) {
            others.remove(at: place)
            return true
        }
        if own.count >= 2 * mostRecords { own.removeFirst(mostRecords) }
        own.append(record)
        return false
    }

    private static func place(of record: Record, in others: [Record]) -> Int? {
        let wait = record.direction == .heard ? longestWait : longestQueue
        return others.firstIndex { other in
            other.direction == record.direction && other.digest == record.digest
                && record.nanoseconds.subtractingReportingOverflow(other.nanoseconds).partialValue.magnitude <= wait
        }
    }

    /// 64 bits of the data and their length; not secret.
    @inline(__always)
    private static func digest(_ data: ByteReader) -> UInt64 {
        var data = data
        var digest = UInt64(truncatingIfNeeded: data.remaining)
        do throws(ParseError) {
            let octets = try data.readSpan(data.remaining)
            // The last 16 octets end where the data do, wherever those before them end.
            var place = 0
            while place &+ 16 < octets.count {
                digest = added(octets, at: place, to: digest)
                place &+= 16
            }
            if octets.count >= 16 { return added(octets, at: octets.count &- 16, to: digest) }
            for place in octets.indices { digest = mixed(digest, UInt64(octets[place])) }
        } catch {
            // All that remains can be read.
        }
        return digest
    }

    /// A digest with 16 octets more.
    @inline(__always)
    private static func added(_ octets: Span<UInt8>, at place: Int, to digest: UInt64) -> UInt64 {
        mixed(
            digest ^ octets.loadLittleEndian(UInt64.self, at: place),
            octets.loadLittleEndian(UInt64.self, at: place &+ 8))
    }

    /// Both halves of a product, of which each bit depends on many, and what was there before: a factor may be 0.
    @inline(__always)
    private static func mixed(_ one: UInt64, _ other: UInt64) -> UInt64 {
        let product = (one ^ 0x9E37_79B9_7F4A_7C15).multipliedFullWidth(by: other ^ 0xD6E8_FEB8_6659_FD93)
        return product.high ^ product.low ^ one
    }
}
