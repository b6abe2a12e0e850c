public import CaptureFiles
public import MeshStacks

/// One reason why the recommended SEQ is above the minimum.
public struct MarginTerm: Hashable, Sendable {
    /// What a term is for; the names are those of the JSON.
    public enum Term: String, Hashable, CaseIterable, Sendable {
        /// PDUs directly behind the last one heard, as many as the capture missed elsewhere.
        case unheardAfterLast = "unheard_after_last"
        /// A restart that was not heard may have skipped what the stack reserves.
        case reservedBlock = "reserved_block"
        /// PDUs that may have been sent unheard, at the source's own busiest rate.
        case unheardAtBusiestRate = "unheard_at_busiest_rate"
        /// The same, at an assumed rate: the source was heard too briefly to have one of its own.
        case unheardAtAssumedRate = "unheard_at_assumed_rate"
        /// The captures' clocks disagree: PDUs that may have been sent in the longest time that they allow.
        case clocksDisagree = "clocks_disagree"
        /// Elements that were not heard may have counters of their own.
        case unheardElements = "unheard_elements"
        /// Traffic that is busier than any that was heard.
        case busierThanHeard = "busier_than_heard"
        /// Something of the network had to be forgotten, which may have held a higher SEQ.
        case forgotten
        /// A fixed number, for what no other term foresees.
        case allowance
    }

    /// What it is for.
    public let term: Term
    /// How many SEQ it adds.
    public let value: UInt32
    /// SEQ a second, where the term comes from one.
    public var rate: Double?
    /// Until when the source may have sent, where the term comes from a rate.
    public var until: CaptureTime?
    /// Whether `until` is the user's word, and not the end of the captures.
    public var isFailureGiven = false
    /// The stacks that reserve such a block; empty for any other term, and where nobody knows the stack.
    public var stacks: [Stack] = []
    /// How many restarts it allows for; 0 for any other term.
    public var restarts = 0

    init(_ term: Term, _ value: UInt32) {
        self.term = term
        self.value = value
    }

    /// `nil` where the term is nothing; held at the end of the SEQ space and beyond, which no number survives.
    init?(_ term: Term, _ value: Double) {
        guard value > 0 else { return nil }
        self.init(term, UInt32(min(value.rounded(.up), Double(UInt32.max >> 4))))
    }
}
