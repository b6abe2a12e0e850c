import CaptureFiles
public import MeshEvidence
public import MeshProtocol

/// What one source sent to one destination in one form, as far as it was heard for the first time.
///
/// The form tells publications apart that nobody can open: those of one model have one key and one length.
public struct Strand: Hashable, Codable, Sendable {
    /// What the PDUs are.
    public enum Form: Hashable, Codable, Sendable {
        /// Unsegmented access messages: AKF and AID, and octets of the TransportPDU.
        case access(key: UInt8, length: UInt8)
        /// Segmented access messages.
        case segmented
        /// Heartbeats.
        case heartbeat
    }

    /// Who sent it.
    public let source: UnicastAddress
    /// To whom.
    public let destination: MeshAddress
    /// What the PDUs are.
    public let form: Form
    /// How many messages: of segmented ones those that differ in SeqZero from the one before.
    public internal(set) var count = 0
    /// Of segmented messages, how many at last, one behind the other, of which no Segment Acknowledgment was heard.
    public internal(set) var unacknowledged = 0
    /// The last of them.
    public internal(set) var last: FrameReference
    /// Milliseconds between two of them: the latest few.
    private var intervals: [UInt32] = []
    /// Of the first few, how many came right behind a message in the other direction: answers.
    private(set) var answers = 0
    private var seqZero: UInt16?
    /// The first of `unacknowledged`.
    public private(set) var unacknowledgedSince: FrameReference?

    private static let mostIntervals = 16
    private static let fewestIntervals = 6
    /// How far from a multiple of the usual interval another one may be, as a share of it; and how many may not be so.
    private static let tolerance = 0.1
    private static let mostIrregular = 0.2
    private static let shortestInterval: Int64 = 500

    init(_ source: UnicastAddress, _ destination: MeshAddress, _ form: Form, at frame: FrameReference) {
        self.source = source
        self.destination = destination
        self.form = form
        last = frame
    }

    /// `seqZero`: of a segment; of a message that is known already nothing is counted.
    @inline(__always)
    mutating func apply(seqZero: UInt16?, isLatest: Bool, at frame: FrameReference) {
        if let seqZero {
            guard seqZero != self.seqZero else { return }
            self.seqZero = seqZero
            if unacknowledged == 0 { unacknowledgedSince = frame }
            unacknowledged += 1
        }
        if isLatest, count > 0, frame.capture == last.capture { noteInterval(to: frame) }
        count += 1
        if isLatest { last = max(last, frame) }
    }

    /// Whether more is to be known of whether it answers.
    var asksForAnswers: Bool { count <= Self.mostIntervals && form != .heartbeat }

    mutating func noteAnswer() { answers += 1 }

    private mutating func noteInterval(to frame: FrameReference) {
        let interval =
            frame.time.nanoseconds.subtractingReportingOverflow(last.time.nanoseconds).partialValue / 1_000_000
        guard interval >= Self.shortestInterval else { return }
        if intervals.count < Self.mostIntervals {
            intervals.append(UInt32(clamping: interval))
        } else {
            intervals[count % Self.mostIntervals] = UInt32(clamping: interval)
        }
    }

    /// Takes note of a Segment Acknowledgment; true where it answers the latest message.
    mutating func acknowledge(_ seqZero: UInt16) -> Bool {
        guard form == .segmented, self.seqZero == seqZero else { return false }
        unacknowledged = 0
        return true
    }

    /// The time from one to the next, where they come regularly: some may have been missed. `nil` where too few were heard, or where they
    /// come at any time.
    public var period: Duration? {
        guard intervals.count >= Self.fewestIntervals, 2 * answers <= min(count, Self.mostIntervals) else { return nil }
        let usual = Double(intervals.sorted()[(intervals.count - 1) / 2])
        let irregular = intervals.count { interval in
            let share = Double(interval) / usual
            return share < 1 - Self.tolerance || (share - share.rounded()).magnitude > Self.tolerance
        }
        guard Double(irregular) <= Double(intervals.count) * Self.mostIrregular else { return nil }
        return .milliseconds(Int64(usual))
    }
}

/// Who sends what to whom in a network: the first few thousand strands, found without searching.
struct Correspondence: Hashable, Sendable {
    static let mostStrands = 2048
    /// Twice as many slots as strands, so that one is found at once or next to where it should be.
    private static let slots = 2 * mostStrands

    /// In the order of hearing.
    private(set) var strands: [Strand] = []
    /// Whether there was no room for one.
    private(set) var isFull = false
    /// Source, destination and form of each strand, and its place; 0 is no source.
    private var keys = [UInt64](repeating: 0, count: slots)
    private var places = [Int32](repeating: 0, count: slots)

    init() {}

    /// Takes a PDU that was heard for the first time.
    @inline(__always)
    mutating func apply(_ pdu: NetworkPDU, isLatest: Bool, at frame: FrameReference) {
        guard let destination = pdu.destination, let form = pdu.form else {
            pdu.acknowledgedSeqZero.map { acknowledge($0, of: pdu) }
            return
        }
        let key = Self.key(pdu.source, destination, form)
        let slot = slot(of: key)
        if keys[slot] == 0, !add(Strand(pdu.source, destination, form, at: frame), key, at: slot) { return }
        let place = Int(places[slot])
        if strands[place].asksForAnswers, isAnswer(to: destination, from: pdu.source, at: frame) {
            strands[place].noteAnswer()
        }
        strands[place].apply(seqZero: form == .segmented ? pdu.seqZero : nil, isLatest: isLatest, at: frame)
    }

    private static let longestAnswer = Duration.seconds(5)

    /// Whether the destination sent something to the source, or to a group, shortly before.
    private func isAnswer(to asker: MeshAddress, from source: UnicastAddress, at frame: FrameReference) -> Bool {
        strands.contains { strand in
            guard strand.source.value == asker.value, strand.form != .heartbeat,
                strand.destination.value == source.value || !strand.destination.isUnicast
            else { return false }
            let pause = frame.time.since(strand.last.time)
            return pause >= .zero && pause <= Self.longestAnswer
        }
    }

    private static func key(_ source: UnicastAddress, _ destination: MeshAddress, _ form: Strand.Form) -> UInt64 {
        let form: UInt64 =
            switch form {
            case .access(let key, let length): UInt64(key) << 8 | UInt64(length)
            case .segmented: 0xFFFE
            case .heartbeat: 0xFFFF
            }
        return UInt64(source.value) << 48 | UInt64(destination.value) << 32 | form
    }

    /// Where a key is, or would be.
    private func slot(of key: UInt64) -> Int {
        var slot = Int(truncatingIfNeeded: (key &* 0x9E37_79B9_7F4A_7C15) >> 52) & (Self.slots - 1)
        while keys[slot] != 0, keys[slot] != key { slot = (slot + 1) & (Self.slots - 1) }
        return slot
    }

    private mutating func add(_ strand: Strand, _ key: UInt64, at slot: Int) -> Bool {
        guard strands.count < Self.mostStrands else {
            isFull = true
            return false
        }
        keys[slot] = key
        places[slot] = Int32(strands.count)
        strands.append(strand)
        return true
    }

    /// A Friend acknowledges what it stores for its Low Power node, so that only the addressee of the acknowledgment tells whose message
    /// it was.
    private mutating func acknowledge(_ seqZero: UInt16, of pdu: NetworkPDU) {
        guard let sender = pdu.destination?.value else { return }
        for place in strands.indices where strands[place].source.value == sender {
            if strands[place].acknowledge(seqZero) { return }
        }
    }
}

extension NetworkPDU {
    /// `nil` for control messages beside Heartbeats, and for what a relay cut short.
    fileprivate var form: Strand.Form? {
        if isControl { return transportHeader == 0x0A ? .heartbeat : nil }
        guard transportLength > 0 else { return nil }
        if isSegmented { return .segmented }
        return .access(key: transportHeader & 0x7F, length: UInt8(clamping: transportLength))
    }
}

extension Correspondence: Codable {
    init(from decoder: any Decoder) throws {
        let all = try decoder.singleValueContainer().decode([Strand].self)
        for strand in all {
            let key = Self.key(strand.source, strand.destination, strand.form)
            let slot = slot(of: key)
            if keys[slot] == 0 { _ = add(strand, key, at: slot) }
        }
        isFull = strands.count == Self.mostStrands
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(strands)
    }
}
