public import CaptureFiles
public import MeshEvidence
public import MeshProtocol

/// What one source sent under one IV Index, as far as it was heard.
public struct Epoch: Hashable, Codable, Sendable {
    /// The IV Index that the source transmitted with.
    public let ivIndex: IVIndex
    /// The lowest SEQ that was heard.
    public internal(set) var firstSequence: SequenceNumber
    /// The highest SEQ that was heard.
    public internal(set) var lastSequence: SequenceNumber
    /// How many different SEQ were heard.
    public internal(set) var distinct = 0
    /// How many PDUs were heard, relayed and retransmitted copies included.
    public internal(set) var heard = 0
    /// How many SEQ between the first and the last were never heard.
    public internal(set) var missed = 0
    /// The most of them in a row.
    public internal(set) var longestMissedRun = 0
    /// When the epoch was first heard.
    public internal(set) var firstTime: CaptureTime
    let firstFrame: FrameReference
    /// Where the highest SEQ was heard first.
    public internal(set) var lastFrame: FrameReference
    /// How many SEQ a jump, a restart or an outlier left out: nobody used them.
    public internal(set) var skipped: UInt32 = 0

    init(_ position: SequencePosition, at frame: FrameReference) {
        ivIndex = position.ivIndex
        firstSequence = position.sequence
        lastSequence = position.sequence
        firstTime = frame.time
        firstFrame = frame
        lastFrame = frame
    }

    /// IV Index and highest SEQ.
    public var lastPosition: SequencePosition { SequencePosition(ivIndex, lastSequence) }

    /// SEQ heard ÷ SEQ used, between the first and the last; 0 to 1.
    public var coverage: Double {
        let span = lastSequence.value - firstSequence.value + 1
        return min(1, Double(distinct) / Double(max(1, span - min(skipped, span - 1))))
    }
}

/// How a PDU relates to what was heard of its source before.
public enum Novelty: Hashable, Sendable {
    case new
    /// The same content: a relay, a retransmission, another channel.
    case copy
    /// The same SEQ, cut short: what a faulty relay makes of a PDU.
    case cutCopy
    /// The same SEQ with other content.
    case conflict
}

/// The sequence of one source: an epoch for each IV Index that it transmitted with.
public struct SourceTimeline: Hashable, Codable, Sendable {
    private struct Record: Hashable, Codable {
        var epoch: Epoch
        var sequences = SequenceSet()
        var watch: SequenceWatch

        /// What became of a PDU.
        struct Taken {
            var insertion: SequenceSet.Insertion
            var hasNewPage: Bool
            /// Whether it follows what was heard, and was watched already.
            var isFollowed: Bool
        }

        /// Takes a PDU; `isInOrder`: it was heard when it was sent, as far as is known.
        @inline(__always)
        mutating func take(_ pdu: NetworkPDU, at frame: FrameReference, times: Int, isInOrder: Bool) -> Taken {
            let pages = sequences.pages
            let insertion = insert(pdu, at: frame, times: times)
            let isFollowed = isInOrder && insertion == .new && watch.follow(pdu.sequence, at: frame)
            return Taken(insertion: insertion, hasNewPage: sequences.pages != pages, isFollowed: isFollowed)
        }

        /// Takes note that the SEQ was used, whoever says so.
        @inline(__always)
        private mutating func insert(_ pdu: NetworkPDU, at frame: FrameReference, times: Int) -> SequenceSet.Insertion {
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
            return insertion
        }
    }

    /// One of the latest PDUs, to tell its copies from other PDUs under the same SEQ. Small: there are 64 for each source.
    private struct Remembered: NumberRow {
        let content: NetworkPDU.Content
        let ttl: UInt8
        let position: SequencePosition
        private let place: UInt16
        /// Digest of what a relay made of it last, so that copies of that are told once.
        var cut: UInt16 = 0

        init(_ pdu: NetworkPDU, of subnet: SubnetIndex) {
            (content, ttl, position, place) = (pdu.content, pdu.ttl, pdu.position, UInt16(clamping: subnet.value))
        }

        /// A state that was saved before has no such digests.
        init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: CodingKeys.self)
            content = try container.decode(NetworkPDU.Content.self, forKey: .content)
            ttl = try container.decode(UInt8.self, forKey: .ttl)
            position = try container.decode(SequencePosition.self, forKey: .position)
            place = try container.decode(UInt16.self, forKey: .place)
            cut = try container.decodeIfPresent(UInt16.self, forKey: .cut) ?? 0
        }

        /// Three words of the content, IV Index, SEQ; TTL, place and digest in one number.
        static let width = 6
        var row: [Int64] {
            content.words.map { Int64(bitPattern: $0) } + [
                Int64(position.ivIndex.value), Int64(position.sequence.value),
                Int64(ttl) << 32 | Int64(place) << 16 | Int64(cut),
            ]
        }

        init?(row: some Collection<Int64>) {
            let numbers = Array(row)
            guard let content = NetworkPDU.Content(words: numbers[..<3].map { UInt64(bitPattern: $0) }),
                let index = UInt32(exactly: numbers[3]), let sequence = SequenceNumber(numbers[4]),
                let ttl = UInt8(exactly: numbers[5] >> 32)
            else { return nil }
            (self.content, self.ttl, position) = (content, ttl, SequencePosition(IVIndex(index), sequence))
            place = UInt16(truncatingIfNeeded: numbers[5] >> 16)
            cut = UInt16(truncatingIfNeeded: numbers[5])
        }

        /// A network has at most 4096 NetKeys.
        var subnet: SubnetIndex { SubnetIndex(Int(place)) }
    }

    /// PDUs of one subnet that were heard under another one's key as well: Mesh Protocol 1.1, "Subnet bridge".
    public struct Bridge: Hashable, Codable, Sendable {
        /// Where they come from: the one with the higher TTL.
        public let from: SubnetIndex
        /// Where they are repeated.
        public let to: SubnetIndex

        /// From one subnet to another one.
        public init(from: SubnetIndex, to: SubnetIndex) {
            self.from = from
            self.to = to
        }
    }

    /// PDUs under an IV Index behind the source's own newest one: peers drop them.
    struct Stale: Hashable, Codable {
        let ivIndex: IVIndex
        let newer: IVIndex
        let frame: FrameReference
        var count = 1
    }

    private static let memory = 64
    private static let leastMemory = 2
    private static let mostBridges = 16

    /// Whose sequence it is; one element of a node.
    public let address: UnicastAddress
    /// One record for each IV Index, in the order of IV Indexes.
    private var records: [Record] = []
    /// The latest PDUs, each at the place of its SEQ.
    private var remembered = SparseNumberRows<Remembered>()
    private(set) var stale: [Stale] = []
    /// The subnets under whose keys it was heard, in the order of hearing.
    public private(set) var subnets: [SubnetIndex] = []
    /// Between which subnets its PDUs were repeated.
    public private(set) var bridges: [Bridge] = []
    private var highestTTL: UInt8 = 0
    /// Whether a set of SEQ grew by a page since somebody looked.
    var hasNewPage = false
    /// Whether a relay was seen to cut its PDUs short.
    private var isCutShort = false
    /// How many PDUs it sent to groups.
    public private(set) var groupPDUs = 0
    /// The latest hearing of anything new.
    public private(set) var lastHeard: FrameReference?
    /// Some of the first hearings, for pictures; a state that was saved without them has none.
    private var series: ThinnedMarks<SequenceMark>?

    /// A source of which nothing was heard.
    public init(_ address: UnicastAddress) {
        self.address = address
    }

    // MARK: Folding

    /// More copies of a PDU that was applied before.
    mutating func applyCopies(under ivIndex: IVIndex, count: Int) {
        guard let index = records.lastIndex(where: { $0.epoch.ivIndex == ivIndex }) else { return }
        records[index].epoch.heard += count
    }

    /// Takes a PDU, heard `times` times and first in `frame`. `isDelayed`: a Friend delivers what it stored, minutes later perhaps.
    /// `mostMarks`: how many first hearings are kept for pictures.
    mutating func apply(
        _ pdu: NetworkPDU, of subnet: SubnetIndex, at frame: FrameReference, times: Int, isDelayed: Bool, mostMarks: Int
    ) -> Novelty {
        let record = record(for: pdu, at: frame)
        let isSuperseded = !isDelayed && record < records.count - 1 && isLong(after: records[records.count - 1], frame)
        if subnets.last != subnet, !subnets.contains(subnet) { subnets.append(subnet) }
        let taken = records[record].take(pdu, at: frame, times: times, isInOrder: !isDelayed && !isSuperseded)
        if taken.hasNewPage { hasNewPage = true }
        if taken.insertion == .new, mostMarks > 0 { mark(pdu, at: frame, in: record, most: mostMarks) }
        let novelty = novelty(of: pdu, subnet, taken.insertion)
        if taken.isFollowed {
            // The way of nearly every PDU.
            noteRole(pdu, at: frame)
            return novelty
        }
        // What a relay cut short is a copy.
        let insertion = novelty == .cutCopy ? .same : taken.insertion
        if isDelayed {
            records[record].watch.raise(to: pdu.sequence, at: frame)
        } else {
            records[record].watch.apply(pdu.sequence, insertion, isSuperseded: isSuperseded, at: frame)
        }
        if insertion == .new, !isDelayed { noteRole(pdu, at: frame) }
        if isSuperseded, insertion != .same { noteStale(pdu.ivIndex, at: frame) }
        return novelty
    }

    @inline(__always)
    private mutating func mark(_ pdu: NetworkPDU, at frame: FrameReference, in record: Int, most: Int) {
        if series == nil { series = ThinnedMarks() }
        let distinct = records[record].epoch.distinct
        series?.add(at: frame.time, most: most) {
            SequenceMark(frame: frame, position: pdu.position, distinct: distinct)
        }
    }

    /// Keeps at most so many first hearings for pictures.
    mutating func thinMarks(to most: Int) {
        if most > 0 { series?.thin(to: most) } else { series = nil }
    }

    /// Whether the source was heard under a newer IV Index long before this frame.
    private func isLong(after newer: Record, _ frame: FrameReference) -> Bool {
        let isSame = newer.epoch.firstFrame.capture == frame.capture
        let patience = isSame ? SequenceWatch.patience : SequenceWatch.patienceBetweenCaptures
        return frame.time.since(newer.epoch.firstTime) > patience
    }

    private mutating func noteRole(_ pdu: NetworkPDU, at frame: FrameReference) {
        lastHeard = max(lastHeard ?? frame, frame)
        if !pdu.isControl, let destination = pdu.destination, !destination.isUnicast { groupPDUs += 1 }
    }

    private mutating func noteStale(_ ivIndex: IVIndex, at frame: FrameReference) {
        if let place = stale.firstIndex(where: { $0.ivIndex == ivIndex }) {
            stale[place].count += 1
        } else if stale.count < Self.memory, let newest = records.last?.epoch.ivIndex {
            stale.append(Stale(ivIndex: ivIndex, newer: newest, frame: frame))
        }
    }

    @inline(__always)
    private mutating func record(for pdu: NetworkPDU, at frame: FrameReference) -> Int {
        let newest = records.count - 1
        return newest >= 0 && records[newest].epoch.ivIndex == pdu.ivIndex ? newest : otherRecord(for: pdu, at: frame)
    }

    private mutating func otherRecord(for pdu: NetworkPDU, at frame: FrameReference) -> Int {
        if let index = records.lastIndex(where: { $0.epoch.ivIndex == pdu.ivIndex }) { return index }
        let index = records.firstIndex { $0.epoch.ivIndex > pdu.ivIndex } ?? records.count
        let record = Record(
            epoch: Epoch(pdu.position, at: frame), watch: SequenceWatch(pdu.sequence, at: frame))
        records.insert(record, at: index)
        return index
    }

    private mutating func novelty(
        of pdu: NetworkPDU, _ subnet: SubnetIndex, _ insertion: SequenceSet.Insertion
    ) -> Novelty {
        if remembered.elements.count < Self.memory, remembered.elements.count < distinct { growMemory() }
        highestTTL = max(highestTTL, pdu.ttl)
        let slot = slot(of: pdu.sequence)
        let now = Remembered(pdu, of: subnet)
        guard insertion != .new else {
            remembered.elements[slot] = now
            return .new
        }
        guard let before = remembered.elements[slot], before.position == now.position else {
            // Long ago. Relays that cut what they pass on hear themselves, and do so for seconds; any other content under the
            // same SEQ is another PDU.
            let isCut = isCutShort && pdu.ttl < highestTTL
            return insertion == .same ? .copy : isCut ? .cutCopy : .conflict
        }
        guard before.content != now.content else {
            if before.subnet != now.subnet { noteBridge(before, now) }
            return .copy
        }
        let isWhole = before.content.isCut(from: now.content)
        guard isWhole || now.content.isCut(from: before.content) else { return .conflict }
        isCutShort = true
        if isWhole { remembered.elements[slot] = now }
        let cut = isWhole ? before.content.digest : now.content.digest
        defer { remembered.elements[slot]?.cut = cut }
        return !isWhole && before.cut == cut ? .copy : .cutCopy
    }

    /// A source that is heard now and then needs no memory for as much as one that sends all the time.
    private mutating func growMemory() {
        let known = remembered.elements.compactMap(\.self)
        remembered.elements = Array(repeating: nil, count: max(Self.leastMemory, 2 * remembered.elements.count))
        for one in known { remembered.elements[slot(of: one.position.sequence)] = one }
    }

    /// Where a PDU is remembered: there are as many slots as a power of two.
    @inline(__always)
    private func slot(of sequence: SequenceNumber) -> Int { Int(sequence.value) & (remembered.elements.count - 1) }

    private mutating func noteBridge(_ before: Remembered, _ now: Remembered) {
        guard before.ttl != now.ttl, bridges.count < Self.mostBridges else { return }
        let isOnward = before.ttl > now.ttl
        let bridge = Bridge(
            from: isOnward ? before.subnet : now.subnet, to: isOnward ? now.subnet : before.subnet)
        if !bridges.contains(bridge) { bridges.append(bridge) }
    }

    /// Whether any of its SEQ were forgotten.
    var hasForgotten: Bool { records.contains(where: \.sequences.hasForgotten) }
    /// How many pages its sets of SEQ have.
    var pages: Int { records.reduce(0) { $0 + $1.sequences.pages } }

    /// Forgets a quarter of the pages of its oldest IV Index that has some; returns how many.
    mutating func forgetLowest() -> Int {
        for index in records.indices {
            let forgotten = records[index].sequences.forgetLowest()
            if forgotten > 0 { return forgotten }
        }
        return 0
    }

    // MARK: What is known

    /// First hearings, some of them, spread evenly over the time in which it was heard; in the order of time.
    public var marks: [SequenceMark] { series?.marks ?? [] }

    /// PDUs that were heard again after a higher SEQ: the first few of each IV Index.
    public var replays: [SequenceMark] {
        records.flatMap { record in
            record.watch.replayMarks.map {
                SequenceMark(
                    frame: $0.frame, position: SequencePosition(record.epoch.ivIndex, $0.sequence),
                    distinct: record.epoch.distinct)
            }
        }
    }

    /// Whether anything of it was heard.
    public var isHeard: Bool { !records.isEmpty }

    /// SEQ a second in the busiest stretch of at least a minute; `nil` where no such stretch was heard.
    public var busiestRate: Double? { records.compactMap(\.watch.rate.busiest).max() }
    /// How many such stretches were heard.
    public var stretches: Int { records.reduce(0) { $0 + $1.watch.rate.stretches } }
    /// SEQ a second that it may have spent, for all that was heard.
    public var rateBound: Double { records.map(\.watch.rate.bound).max() ?? 0 }

    /// For how long its SEQ were followed: from the first to the last one that was heard under each IV Index.
    public var heardDuration: Duration {
        records.reduce(.zero) { $0 + max(.zero, $1.epoch.lastFrame.time.since($1.epoch.firstTime)) }
    }

    /// The highest IV Index that it was heard to transmit with; `nil` before the first PDU.
    public var newestIndex: IVIndex? { records.last?.epoch.ivIndex }
    /// The highest position that it was heard at.
    public var lastPosition: SequencePosition? { records.last?.epoch.lastPosition }
    /// Without what `epochs()` counts of missed SEQ.
    var newestEpoch: Epoch? { records.last?.epoch }
    /// Where the newest epoch's highest SEQ was heard first.
    public var lastFrame: FrameReference? { records.last?.epoch.lastFrame }

    /// When it was heard first.
    public var firstTime: CaptureTime? { records.map(\.epoch.firstTime).min() }
    /// How many different SEQ were heard, under all IV Indexes.
    public var distinct: Int { records.reduce(0) { $0 + $1.epoch.distinct } }
    /// How many PDUs of it were heard, copies included.
    public var heard: Int { records.reduce(0) { $0 + $1.epoch.heard } }

    /// From when to when an IV Index was heard.
    struct HeardTime {
        let ivIndex: IVIndex
        let first: CaptureTime
        let last: CaptureTime
    }

    /// The oldest IV Index first.
    var heardTimes: [HeardTime] {
        records.map {
            HeardTime(ivIndex: $0.epoch.ivIndex, first: $0.epoch.firstTime, last: $0.epoch.lastFrame.time)
        }
    }

    /// The timeline as it stands if nothing more is heard.
    mutating func settle() {
        for index in records.indices { records[index].watch.settle() }
    }

    /// What was watched of an epoch.
    public struct WatchedEpoch: Hashable, Sendable {
        /// The IV Index that the source transmitted with.
        public let ivIndex: IVIndex
        /// What its SEQ did under it.
        public let watch: SequenceWatch
    }

    /// Oldest IV Index first.
    public var watches: [WatchedEpoch] { records.map { WatchedEpoch(ivIndex: $0.epoch.ivIndex, watch: $0.watch) } }

    /// The epochs, oldest IV Index first.
    public func epochs() -> [Epoch] {
        records.map { record in
            var epoch = record.epoch
            let missed = record.sequences.missed()
            (epoch.missed, epoch.longestMissedRun) = (missed.count, missed.longestRun)
            epoch.skipped = record.watch.skipped
            return epoch
        }
    }
}
