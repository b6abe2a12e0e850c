public import CaptureFiles

/// When somebody listened, of an answer that rests on a kept state: by the clock of the machine that did.
public struct Listening: Hashable, Sendable {
    /// One run of the process that listens.
    public struct Session: Hashable, Sendable {
        /// When it began.
        public let start: CaptureTime
        /// When it kept its state last.
        public let saved: CaptureTime
        /// When it heard something authentic and new last; `nil` where it heard nothing.
        public let heard: CaptureTime?
        /// Whether it ended in order: what it heard behind `saved` is lost otherwise.
        public let isEnded: Bool

        /// As it was kept.
        public init(start: CaptureTime, saved: CaptureTime, heard: CaptureTime?, isEnded: Bool) {
            self.start = start
            self.saved = saved
            self.heard = heard
            self.isEnded = isEnded
        }
    }

    /// A time in which nobody listened.
    public struct Gap: Hashable, Sendable {
        /// The last time that the run before it kept its state.
        public let start: CaptureTime
        /// The beginning of the run behind it.
        public let end: CaptureTime

        /// How long it was.
        public var duration: Duration { end.since(start) }
    }

    /// In their order; the first few gave way to the last ones.
    public let sessions: [Session]
    /// How many there were in all.
    public let count: Int

    /// `count`: how many there were, those included that are not there any more.
    public init(_ sessions: [Session], count: Int) {
        self.sessions = sessions
        self.count = count
    }

    /// Since when.
    public var since: CaptureTime? { sessions.first?.start }
    /// Until when, as far as that was kept.
    public var until: CaptureTime? { sessions.last?.saved }
    /// For how long somebody listened behind the last authentic statement, and heard nothing: whatever the frames' clock says, so much time
    /// went by; less than a minute is nothing. A run that heard nothing at all has no share in it.
    public var silence: Duration {
        guard let last = sessions.last, let heard = last.heard else { return .zero }
        let silence = last.saved.since(heard)
        return silence < Self.shortest ? .zero : silence
    }
    /// Whether the last run has not ended in order: it still runs, or was killed.
    public var isOpen: Bool { sessions.last.map { !$0.isEnded } ?? false }

    /// Less is no gap between two runs, and no silence.
    private static let shortest = Duration.seconds(60)

    /// The times of more than a minute in which nobody listened.
    public var gaps: [Gap] {
        zip(sessions, sessions.dropFirst()).map { Gap(start: $0.saved, end: $1.start) }
            .filter { $0.duration > Self.shortest }
    }
}
