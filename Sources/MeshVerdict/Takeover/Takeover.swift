public import CaptureFiles
public import MeshEvidence
public import MeshProtocol

/// Whether a replacement was taken for the master that it replaces, by a capture from after the swap.
public struct Takeover: Hashable, Sendable {
    /// The answer in one word; the names are those of the JSON.
    public enum Verdict: String, Hashable, Sendable {
        /// Nodes answer it.
        case accepted
        /// Some nodes answer it, and others that owe an answer do not: they hold a higher SEQ of the old device.
        case partial
        /// Its SEQ is not above the old one's, or it asks what must be answered and nobody answers.
        case ignored
        /// It was not heard, or asked too little, or what came back may be chance; or it may be the old device.
        case unclear
        /// Another device sends under the same address.
        case conflict
    }

    /// The answer.
    public let verdict: Verdict
    /// In which network the address was asked for.
    public let network: NetworkIndex
    /// The unicast address that both devices use.
    public let address: UnicastAddress
    /// When the replacement took over, by the user's word.
    public let since: CaptureTime
    /// The highest position of the old device, and where it was heard; the user's where no frame says it.
    public let oldLast: SequencePosition?
    /// Where the old device's highest position was heard; `nil` where no frame says it.
    public let oldLastFrame: FrameReference?
    /// The first PDU from `since` on, and the last.
    public let first: SequencePosition?
    /// Where the first PDU of the replacement was heard.
    public let firstFrame: FrameReference?
    /// How many of its PDUs were heard, each once.
    public let sent: Int
    /// What came back to it.
    public let answers: Answers
    /// Segment Acknowledgments for messages of the replacement.
    public let acknowledgments: Int
    /// The first of them.
    public let firstAcknowledgment: FrameReference?
    /// PDUs that the replacement cannot have sent: behind its own SEQ, or a SEQ of its own with other content.
    public let foreign: [FrameReference]
    /// Its first SEQ follows closely on the old one's: it may be the old device that goes on.
    public let isContinuation: Bool
    /// Who reported to the address, before or since, with what is regular about it: `TakeoverCard`.
    public var reporters: [TakeoverCard.Reporter] = []

    /// Whether a report of it was heard since the replacement took over.
    public func isHeardSince(_ reporter: TakeoverCard.Reporter) -> Bool {
        reporter.kind != .heartbeatConfigured && reporter.last.time >= since
    }
}
