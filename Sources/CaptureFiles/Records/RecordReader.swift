import ByteParsing

/// A reader of a file whose records are not frames of a link type that tcpdump.org knows: it makes such frames of them, so that
/// nobody above needs to know the file.
protocol RecordReader: AnyObject {
    /// Records read so far.
    var number: Int { get }
    /// What could not be read, once all that could was.
    var losses: CaptureLosses { get }

    /// Puts the frame of the next record in place of what `octets` holds; `nil` at the end of the file.
    func readRecord(into octets: inout [UInt8]) throws(CaptureError) -> Record?
}

extension RecordReader {
    var losses: CaptureLosses { CaptureLosses() }
}

/// What of a file could not be read though it was read to its end.
public struct CaptureLosses: Codable, Hashable, Sendable {
    /// Nothing was lost.
    public static let none = CaptureLosses()

    /// Places where something else stood than the format says; reading went on behind them.
    public var damages = 0
    /// Records of kinds that are not known.
    public var unknown = 0
}

/// What is to be said of the frame that was made of a record.
struct Record {
    var time: CaptureTime
    var linkType: LinkType
    /// How many octets the frame would have if the file held it whole; `nil` where it does.
    var originalLength: Int?
}

extension [UInt8] {
    /// Begins a frame of link type 201: the direction, and the H4 packet indicator.
    mutating func beginHCI(isReceived: Bool, indicator: UInt8) {
        removeAll(keepingCapacity: true)
        append(contentsOf: [0, 0, 0, isReceived ? 1 : 0, indicator])
    }

    /// The frame of a record that is of no HCI packet: one of link type 201 with an indicator that nothing has.
    mutating func makeOther() { beginHCI(isReceived: true, indicator: 0xFF) }
}
