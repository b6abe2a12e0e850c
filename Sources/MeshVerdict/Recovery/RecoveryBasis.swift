import CaptureFiles

/// What a recommended SEQ rests on: how long the source was heard, and how long it may have sent unheard.
///
/// No number that comes from what was heard can promise anything of traffic that was not. How often each kind is too low was
/// counted over simulated failures: see "Reading a verdict".
public struct RecoveryBasis: Hashable, Sendable {
    /// The names are those of the JSON.
    public enum Kind: String, CaseIterable, Sendable {
        /// Next to nothing went unheard: less than 3 % of the time that was heard.
        case heardToItsEnd = "heard_to_its_end"
        /// It went unheard for no longer than it was heard.
        case asBusyAsHeard = "as_busy_as_heard"
        /// It went unheard for longer than it was heard.
        case extrapolated
    }

    /// For how long the source's SEQ were followed.
    public let heard: Duration
    /// For how long it may have sent behind the last one.
    public let unheard: Duration
    /// Whether the number has no room for a restart that nobody heard.
    public let assumesNoRestart: Bool

    private static let shareOfNothing = 0.03

    /// How far the number goes beyond what was heard.
    public var kind: Kind {
        if unheard.inSeconds <= heard.inSeconds * Self.shareOfNothing { return .heardToItsEnd }
        return unheard <= heard ? .asBusyAsHeard : .extrapolated
    }
}
