public import CaptureFiles
public import MeshProtocol

/// What one source sent under one IV Index, as far as it was heard.
public struct Epoch: Hashable, Sendable {
    public let ivIndex: IVIndex
    public internal(set) var firstSequence: SequenceNumber
    public internal(set) var lastSequence: SequenceNumber
    /// Different SEQ.
    public internal(set) var distinct: Int
    /// PDUs, with relayed and retransmitted copies.
    public internal(set) var heard: Int
    /// SEQ between the first and the last that were never heard, and the longest run of them.
    public internal(set) var missed: Int
    public internal(set) var longestMissedRun: Int
    /// When the epoch was first heard.
    public internal(set) var firstTime: CaptureTime
    let firstFrame: FrameReference
    /// Where the highest SEQ was heard first.
    public internal(set) var lastFrame: FrameReference

    /// SEQ that jumps, a restart or an outlier leave out: nobody used them.
    public internal(set) var skipped: UInt32 = 0

    /// SEQ heard ÷ SEQ used, between the first and the last.
    public var coverage: Double {
        let span = lastSequence.value - firstSequence.value + 1
        return min(1, Double(distinct) / Double(max(1, span - min(skipped, span - 1))))
    }
}

/// The sequence of one source: an epoch for each IV Index that it transmitted with.
struct SourceTimeline {
    /// How a PDU relates to what was heard of its source before.
    enum Novelty: Hashable {
        case new
        /// The same content: a relay, a retransmission, another channel.
        case copy
        /// The same SEQ, cut short: what a faulty relay makes of a PDU.
        case cutCopy
        /// The same SEQ with other content.
        case conflict
    }

    private struct Record {
        var epoch: Epoch
        var sequences = SequenceSet()
        var watch: SequenceWatch

        /// `isDelayed`: a Friend delivers what it stored, minutes later perhaps.
        mutating func take(
            _ pdu: NetworkPDU, at frame: FrameReference, times: Int, isDelayed: Bool, isSuperseded: Bool
        ) -> SequenceSet.Insertion {
            let sequence = pdu.sequence
            let insertion = sequences.insert(sequence.value, digest: pdu.content.digest)
            epoch.heard += times
            epoch.firstTime = min(epoch.firstTime, frame.time)
            if insertion == .new {
                epoch.distinct += 1
                epoch.firstSequence = min(epoch.firstSequence, sequence)
            }
            if sequence > epoch.lastSequence || (sequence == epoch.lastSequence && frame < epoch.lastFrame) {
                epoch.lastSequence = sequence
                epoch.lastFrame = frame
            }
            if isDelayed {
                watch.raise(to: sequence, at: frame)
            } else {
                watch.take(sequence, insertion, isSuperseded: isSuperseded, at: frame)
            }
            return insertion
        }
    }

    private struct Remembered {
        var position: SequencePosition
        var content: NetworkPDU.Content
        var ttl: UInt8
    }

    private static let memory = 32

    let address: UnicastAddress
    private var records: [Record] = []
    /// The content of the last PDUs, at their SEQ modulo `memory`.
    private var remembered: [Remembered?] = []

    init(_ address: UnicastAddress) {
        self.address = address
    }

    /// More copies of a PDU that was taken before.
    mutating func takeCopies(under ivIndex: IVIndex, count: Int) {
        guard let index = records.lastIndex(where: { $0.epoch.ivIndex == ivIndex }) else { return }
        records[index].epoch.heard += count
    }

    /// Takes a PDU, heard `times` times and first in `frame`.
    mutating func take(_ pdu: NetworkPDU, at frame: FrameReference, times: Int, isDelayed: Bool) -> Novelty {
        let record = record(for: pdu, at: frame)
        let isSuperseded = !isDelayed && record < records.count - 1 && isLong(after: records[records.count - 1], frame)
        let insertion = records[record].take(
            pdu, at: frame, times: times, isDelayed: isDelayed, isSuperseded: isSuperseded)
        if insertion == .new, !isDelayed { noteRole(pdu, at: frame) }
        if isSuperseded, insertion != .same { noteStale(pdu.ivIndex, at: frame) }
        return novelty(of: pdu, insertion)
    }

    /// Whether the source was heard under a newer IV Index long before this frame.
    private func isLong(after newer: Record, _ frame: FrameReference) -> Bool {
        let isSame = newer.epoch.firstFrame.capture == frame.capture
        let patience = isSame ? SequenceWatch.patience : SequenceWatch.patienceBetweenCaptures
        return frame.time.since(newer.epoch.firstTime) > patience
    }

    /// PDUs under an IV Index behind the source's own newest one: peers drop them.
    struct Stale {
        let ivIndex: IVIndex
        let newer: IVIndex
        let frame: FrameReference
        var count = 1
    }

    private(set) var stale: [Stale] = []

    /// Unicast addresses to which it sent under a device key, which tell who configures whom; and PDUs to groups.
    private(set) var configured: Set<UInt16> = []
    private(set) var groupPDUs = 0
    private(set) var lastHeard: FrameReference?

    private mutating func noteRole(_ pdu: NetworkPDU, at frame: FrameReference) {
        lastHeard = max(lastHeard ?? frame, frame)
        guard !pdu.isControl, let destination = pdu.destination else { return }
        if !destination.isUnicast {
            groupPDUs += 1
        } else if pdu.transportHeader & 0x40 == 0 {
            configured.insert(destination.value)
        }
    }

    private mutating func noteStale(_ ivIndex: IVIndex, at frame: FrameReference) {
        if let place = stale.firstIndex(where: { $0.ivIndex == ivIndex }) {
            stale[place].count += 1
        } else if stale.count < Self.memory, let newest = records.last?.epoch.ivIndex {
            stale.append(Stale(ivIndex: ivIndex, newer: newest, frame: frame))
        }
    }

    private mutating func record(for pdu: NetworkPDU, at frame: FrameReference) -> Int {
        if let index = records.lastIndex(where: { $0.epoch.ivIndex == pdu.ivIndex }) { return index }
        let epoch = Epoch(
            ivIndex: pdu.ivIndex, firstSequence: pdu.sequence, lastSequence: pdu.sequence, distinct: 0, heard: 0,
            missed: 0, longestMissedRun: 0, firstTime: frame.time, firstFrame: frame, lastFrame: frame)
        let index = records.firstIndex { $0.epoch.ivIndex > pdu.ivIndex } ?? records.count
        records.insert(Record(epoch: epoch, watch: SequenceWatch(pdu.sequence, at: frame)), at: index)
        return index
    }

    private mutating func novelty(of pdu: NetworkPDU, _ insertion: SequenceSet.Insertion) -> Novelty {
        if remembered.isEmpty { remembered = Array(repeating: nil, count: Self.memory) }
        let slot = Int(pdu.sequence.value) % Self.memory
        let now = Remembered(position: pdu.position, content: pdu.content, ttl: pdu.ttl)
        guard insertion != .new else {
            remembered[slot] = now
            return .new
        }
        guard let before = remembered[slot], before.position == now.position else {
            // Long ago. A relay that cuts what it passes on does so at once, so that other content is another PDU.
            return insertion == .same ? .copy : .conflict
        }
        guard before.content != now.content else { return .copy }
        if now.content.isBeginning(of: before.content), now.ttl < before.ttl { return .cutCopy }
        guard before.content.isBeginning(of: now.content), before.ttl < now.ttl else { return .conflict }
        remembered[slot] = now
        return .cutCopy
    }

    /// SEQ a second in the busiest stretch of at least a minute; `nil` where no such stretch was heard.
    var busiestRate: Double? { records.compactMap(\.watch.rate.busiest).max() }
    /// How many such stretches were heard.
    var stretches: Int { records.reduce(0) { $0 + $1.watch.rate.stretches } }
    /// SEQ a second that it may have spent, for all that was heard.
    var rateBound: Double { records.map(\.watch.rate.bound).max() ?? 0 }

    var newestIndex: IVIndex? { records.last?.epoch.ivIndex }
    /// Where the newest epoch's highest SEQ was heard first.
    var lastFrame: FrameReference? { records.last?.epoch.lastFrame }

    /// When it was heard first, and how many different SEQ were heard.
    var firstTime: CaptureTime? { records.map(\.epoch.firstTime).min() }
    var distinct: Int { records.reduce(0) { $0 + $1.epoch.distinct } }

    /// From when to when each IV Index was heard; the oldest first.
    var heardTimes: [(ivIndex: IVIndex, first: CaptureTime, last: CaptureTime)] {
        records.map { ($0.epoch.ivIndex, $0.epoch.firstTime, $0.epoch.lastFrame.time) }
    }

    /// Closes what is watched, once all is read.
    mutating func finish() {
        for index in records.indices { records[index].watch.finish() }
    }

    /// What was watched of each epoch, oldest IV Index first.
    var watches: [(ivIndex: IVIndex, watch: SequenceWatch)] { records.map { ($0.epoch.ivIndex, $0.watch) } }

    /// The epochs, oldest IV Index first.
    func epochs() -> [Epoch] {
        records.map { record in
            var epoch = record.epoch
            (epoch.missed, epoch.longestMissedRun) = record.sequences.missed()
            epoch.skipped = record.watch.skipped
            return epoch
        }
    }
}
