public import CaptureFiles
import FoundationEssentials
public import MeshEvidence
public import MeshProtocol
public import MeshStacks

/// What the user says beside keys and captures.
public struct AnalysisOptions: Sendable {
    /// A hint for opening PDUs, never evidence.
    public var givenIVIndex: IVIndex?
    /// How far to search where no beacon tells the IV Index.
    public var ivSearch = IVSearchExtent.bounded
    /// How far to search for friendships that were made before the capture began.
    public var friendshipSearch = FriendshipSearchExtent.offers
    /// The address of the failed device.
    public var master: UnicastAddress?
    /// The IV Index that a replacement starts with, to tell what it would do by itself.
    public var replacementIVIndex: IVIndex?
    /// When the device failed; the end of the captures if it is not known.
    public var failedAt: FailureTime?
    /// When the replacement is to take over.
    public var takeoverAt: CaptureTime?
    /// What the failed device ran.
    public var stack: Stack?
    /// How many elements it had: 1 to 255.
    public var elements: Int?
    /// How many SEQ it skipped at a restart, where that is known: 0 to 0xFFFFFF.
    public var block: UInt32?
    /// How many restarts nobody heard; without it as many as are plausible.
    public var restarts: Int?
    /// How far the recommended SEQ stays above what it must be.
    public var margin = MarginPolicy.safe

    /// What is known of the captures' clocks.
    public var clocks = ClockSettings()

    /// When somebody listened, where what was kept of that is asked.
    public var listening: Listening?

    /// How many threads may work on it, at least 1: as many as the machine has processors. The outcome is the same for any number.
    public var threads = ProcessInfo.processInfo.activeProcessorCount

    /// What is not given is as it was said above.
    public init(givenIVIndex: IVIndex? = nil, master: UnicastAddress? = nil) {
        self.givenIVIndex = givenIVIndex
        self.master = master
    }
}

/// When the failed device sent for the last time, as the user says it.
public enum FailureTime: Hashable, Sendable {
    /// A moment of the captures' clock.
    case at(CaptureTime)
    /// So long before the end of the captures.
    case beforeEnd(Duration)

    /// `end`: of the captures; `nil` where they hold no frame.
    func moment(_ end: CaptureTime?) -> CaptureTime? {
        switch self {
        case .at(let time): time
        case .beforeEnd(let duration): end?.advanced(by: .zero - duration)
        }
    }
}

/// How far the recommended SEQ stays above what it must be.
public enum MarginPolicy: String, CaseIterable, Sendable {
    /// Room for traffic that is busier than any that was heard: it costs an earlier IV Update, once.
    case safe
    /// What was heard goes on, and nothing else happens.
    case tight
}
