public import CaptureFiles
public import MeshEvidence
public import MeshProtocol
public import MeshTimelines
public import MeshVerdict

/// Listens without an end: takes what live sources hear, folds it, and keeps it on disk.
///
/// Two kinds of writing keep both a disk and the truth whole. What was authenticated is written sealed, as it was heard, every
/// half minute: that is some octets a PDU, and the next run folds it once more. The state itself, with all its sets of SEQ, is
/// written every four hours, when the IV state changes, and at the end. So a kill costs what was heard in the last half minute: at
/// the 15 SEQ a second that a node can send for long that is 450 SEQ, less than the allowance of 4096 that every answer has.
public struct Standby {
    /// How often what was authenticated is written, unless the user says otherwise.
    public static let interval = Duration.seconds(30)
    /// How often the whole state is written, at most: it is megabytes, and cards that it is written to wear out.
    public static let wholeInterval = Duration.seconds(4 * 3600)
    /// So much is sealed, some 60 octets each, until the whole state is written all the same: the next run need not fold more.
    private static let mostSealed = 1 << 17
    /// Of more than this the latest are kept, and the whole state is written.
    private static let mostUnsaved = 1 << 14
    private static let mostRecent = 1 << 13
    /// So long before a key is handed out, or a friendship made, what did so began.
    private static let longestTeaching = Duration.seconds(60)
    private static let mostTeaching = 64
    private static let mostTaught = 1 << 13

    /// All that was heard.
    public private(set) var state: MeshState
    /// The keys, with those that were handed out.
    public var keyRing: KeyRing { stream.keyRing }
    /// How far each source was read, by its name.
    public private(set) var inputs: [String: LivePosition]
    /// Whether something authentic was heard since it was last asked.
    public private(set) var hasNews = false

    private var stream: EvidenceStream
    private let store: StateStore
    /// The latest evidence: some of it may turn out to have taught something, and of the last so much is not saved yet.
    private var recent: [SealedEvidence] = []
    private var unsaved = 0
    private var messages: MessageTallies
    private var teaching: [SealedEvidence] = []
    private var taught: Set<SealedEvidence>
    /// Whether the whole state is to be written.
    private var isWholeDue = false
    private var hasUnsaved = false
    /// How much was sealed since the whole state was written.
    private var sealed = 0
    /// When something authentic and new was heard last, by the machine's clock.
    private var lastHeard: CaptureTime?
    /// PDUs heard of each source when the whole state was written last.
    private var saved: [NetworkIndex: [UnicastAddress: Int]] = [:]

    /// Goes on from what the store holds.
    ///
    /// - Parameters:
    ///   - store: opened to be written.
    ///   - keys: of the networks.
    ///   - options: a hint of the IV Index, and how far to search it.
    ///   - time: by the machine's clock.
    /// - Throws: `StateError`.
    public init(
        _ store: StateStore, keys: KeyRing, options: AnalysisOptions = AnalysisOptions(), at time: CaptureTime
    ) throws(StateError) {
        self.store = store
        stream = EvidenceStream(keys, given: options.givenIVIndex, search: options.ivSearch, threads: 1)
        if var kept = try store.read(keys) {
            var messages = kept.state.tallies(keys)
            kept.state.resume(&stream, keys) { messages.apply($0, $1) }
            (self.messages, state) = (messages, kept.state.state)
            inputs = kept.inputs
            taught = Set(kept.state.teaching)
            // What was sealed is folded now, and the whole state is written with it.
            isWholeDue = kept.isRekeyed || !kept.state.later.isEmpty
        } else {
            state = MeshState(keys)
            messages = MessageTallies(keys)
            inputs = [:]
            taught = []
            isWholeDue = true
        }
        hasUnsaved = true
        stream.keepEvidence(atMost: 1 << 17)
        noteSaved()
        try store.begin(at: time)
        try save(at: time)
    }

    /// The index of a source among the captures; one that was heard before has its own.
    public func index(of name: String, among names: [String]) -> Int {
        if let known = inputs[name]?.summary?.index { return known }
        let used = (inputs.values.compactMap(\.summary?.index) + state.captures.map(\.index)).max().map { $0 + 1 } ?? 0
        let new = names.filter { inputs[$0]?.summary == nil }
        return used + (new.firstIndex(of: name) ?? new.count)
    }

    // MARK: Listening

    /// Takes what a source heard. `name`: of the source; `time`: by the machine's clock.
    public mutating func take(_ batch: LiveBatch, of name: String, at time: CaptureTime) {
        let end = state.clocks.end
        defer { if state.clocks.end != end { lastHeard = time } }
        stream.take(batch)
        stream.openHeard()
        inputs[name] = batch.position
        hasUnsaved = true
        fold()
    }

    /// Opens all that can be opened, as at the end of a capture; the IV Index is searched where nothing tells it.
    public mutating func settle() {
        stream.settle()
        fold()
    }

    private mutating func fold() {
        stream.removeEvidence { evidence in
            guard let evidence else {
                (unsaved, isWholeDue) = (0, true)
                return
            }
            recent += evidence
            unsaved += evidence.count
            hasNews = hasNews || !evidence.isEmpty
            if unsaved > Self.mostUnsaved { (unsaved, isWholeDue) = (Self.mostRecent, true) }
            // Now and then, since the rest has to move.
            if recent.count > 2 * Self.mostUnsaved { recent.removeFirst(recent.count - max(unsaved, Self.mostRecent)) }
        }
        let before = state.networks.map(\.iv.current?.state)
        var lessons: [Observation] = []
        stream.removeObserved { observations in
            messages.apply(observations, to: &state)
            for place in observations.indices where observations[place].isLesson { lessons.append(observations[place]) }
        }
        for lesson in lessons { keepTeaching(of: lesson) }
        // What a search found is not in the evidence.
        if before != state.networks.map(\.iv.current?.state) { isWholeDue = true }
    }

    /// What taught a key or credentials is kept for good, sealed.
    private mutating func keepTeaching(of lesson: Observation) {
        guard case .authentic(_, let statement) = lesson.statement else { return }
        let sources: [UnicastAddress]
        switch statement {
        case .netKeyLearned(let learned): sources = [learned.source]
        case .message(let heard): sources = [heard.source]
        case .friendshipEstablished(let friendship): sources = [friendship.lowPowerNode, friendship.friend]
        default: return
        }
        let taughtBy = recent.suffix(Self.mostRecent).filter { evidence in
            guard let source = evidence.source, sources.contains(source) else { return false }
            return evidence.origin.time.since(lesson.origin.time).magnitude < Self.longestTeaching
        }
        for evidence in taughtBy.suffix(Self.mostTeaching) where taught.count < Self.mostTaught {
            if taught.insert(evidence).inserted { teaching.append(evidence) }
        }
    }

    /// Whether something authentic was heard since this was asked last.
    public mutating func takeNews() -> Bool {
        defer { hasNews = false }
        return hasNews
    }

    // MARK: Keeping

    /// PDUs that stayed closed when the IV Index was searched last.
    private var searched = 0

    /// What waits for an IV Index, or for the credentials of a friendship, is not kept: they are searched first, where nothing tells them.
    private mutating func searchUnknown() {
        let unknown = state.networks.filter { $0.iv.current == nil }
        let closed = unknown.reduce(stream.closedBesideOffers) { $0 + state.notOpened($1.index) }
        guard closed > searched else { return }
        searched = closed
        settle()
    }

    /// Writes what is new. `isWhole`: the whole state; `isEnd`: nothing follows.
    ///
    /// - Throws: `StateError`; it is to be tried again later, and nothing is lost until then.
    public mutating func save(at time: CaptureTime, isWhole: Bool = false, isEnd: Bool = false) throws(StateError) {
        searchUnknown()
        let isWhole = isWhole || isWholeDue || isEnd || sealed > Self.mostSealed
        guard isWhole || hasUnsaved else { return }
        var change = StateStore.Change(at: time)
        change.evidence = Array(recent.suffix(unsaved))
        change.teaching = teaching
        change.inputs = inputs
        change.heard = lastHeard
        change.isEnd = isEnd
        if isWhole {
            change.state = state
            change.messages = messages.counts
            change.changed = { [saved] network, source in saved[network]?[source.address] != source.heard }
        }
        try store.write(change)
        sealed = isWhole ? 0 : sealed + change.evidence.count
        unsaved = 0
        teaching.removeAll()
        hasUnsaved = false
        guard isWhole else { return }
        isWholeDue = false
        noteSaved()
    }

    private mutating func noteSaved() {
        guard !isWholeDue else { return }
        for network in state.networks {
            saved[network.index] = Dictionary(
                network.sources.map { ($0.address, $0.heard) }, uniquingKeysWith: { first, _ in first })
        }
    }
}

extension Observation {
    /// Whether it says that keys or credentials were learned.
    fileprivate var isLesson: Bool {
        guard case .authentic(_, let statement) = statement else { return false }
        switch statement {
        case .netKeyLearned, .friendshipEstablished: return true
        // An AppKey opens what tells of firmware updates.
        case .message(let heard): return heard.message.handsOutKey
        default: return false
        }
    }
}
