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
    /// Where the highest SEQ was heard first.
    public internal(set) var lastFrame: FrameReference
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
        var rate = RateMeter()

        mutating func take(_ pdu: NetworkPDU, at frame: FrameReference, times: Int) -> SequenceSet.Insertion {
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
            if insertion == .new { rate.take(sequence, at: frame.time) }
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
    mutating func take(_ pdu: NetworkPDU, at frame: FrameReference, times: Int) -> Novelty {
        novelty(of: pdu, records[record(for: pdu, at: frame)].take(pdu, at: frame, times: times))
    }

    private mutating func record(for pdu: NetworkPDU, at frame: FrameReference) -> Int {
        if let index = records.lastIndex(where: { $0.epoch.ivIndex == pdu.ivIndex }) { return index }
        let epoch = Epoch(
            ivIndex: pdu.ivIndex, firstSequence: pdu.sequence, lastSequence: pdu.sequence, distinct: 0, heard: 0,
            missed: 0, longestMissedRun: 0, firstTime: frame.time, lastFrame: frame)
        let index = records.firstIndex { $0.epoch.ivIndex > pdu.ivIndex } ?? records.count
        records.insert(Record(epoch: epoch), at: index)
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
    var busiestRate: Double? { records.compactMap(\.rate.busiest).max() }

    /// The epochs, oldest IV Index first.
    func epochs() -> [Epoch] {
        records.map { record in
            var epoch = record.epoch
            (epoch.missed, epoch.longestMissedRun) = record.sequences.missed()
            return epoch
        }
    }
}
