import ByteParsing

/// What a log of the Linux monitor channel holds twice: a mesh packet as the controller's event and as the kernel's management
/// event, or as the daemon's management command and as the kernel's command to the controller. Both are one hearing.
struct MonitorEcho {
    /// Which of the two interfaces a record is of.
    enum Interface { case controller, management }

    private struct Record {
        var interface: Interface
        var direction: Advertisement.Direction
        var digest: UInt64
        var nanoseconds: Int64
    }

    /// The kernel passes on what it hears at once; what it is to send waits for its turn.
    private static let longestWait: Int64 = 100_000_000
    private static let longestQueue: Int64 = 5_000_000_000
    private static let mostRecords = 64

    private var records: [Record] = []

    /// Whether the same data came by the other interface just before; each record is matched once.
    mutating func isRepeated(
        _ data: ByteReader, _ direction: Advertisement.Direction, by interface: Interface, at nanoseconds: Int64
    ) -> Bool {
        let digest = Self.digest(data)
        let wait = direction == .heard ? Self.longestWait : Self.longestQueue
        let place = records.firstIndex { record in
            record.interface != interface && record.direction == direction && record.digest == digest
                && abs(nanoseconds.subtractingReportingOverflow(record.nanoseconds).partialValue) <= wait
        }
        if let place {
            records.remove(at: place)
            return true
        }
        if records.count >= Self.mostRecords { records.removeFirst() }
        records.append(Record(interface: interface, direction: direction, digest: digest, nanoseconds: nanoseconds))
        return false
    }

    /// FNV-1a, 64 bits.
    private static func digest(_ data: ByteReader) -> UInt64 {
        var data = data
        var digest: UInt64 = 0xCBF2_9CE4_8422_2325
        while data.remaining > 0, let octet = try? data.readUInt8() {
            digest = (digest ^ UInt64(octet)) &* 0x100_0000_01B3
        }
        return digest
    }
}
