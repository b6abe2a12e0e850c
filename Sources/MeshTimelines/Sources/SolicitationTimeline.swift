import CaptureFiles
public import MeshEvidence
public import MeshProtocol

/// The SSEQ of one source's Solicitation PDUs, as far as they were heard: Mesh Protocol 1.1, "Proxy solicitation".
///
/// SSEQ is a counter of its own, which no IV Update begins anew: receivers keep the highest one of each source in the solicitation
/// replay protection list for good.
public struct SolicitationTimeline: Hashable, Codable, Sendable {
    /// Solicitation PDUs with an SSEQ below the highest, long after it: the source began anew, or somebody sends a recording.
    /// The octets are the same, so that nothing tells the one from the other.
    public struct Fall: Hashable, Codable, Sendable {
        /// The highest SSEQ before it.
        public let from: SequenceNumber
        /// The SSEQ that was heard then.
        public let to: SequenceNumber
        /// Where it was heard.
        public let frame: FrameReference
        /// How often an SSEQ was heard that receivers had left behind.
        public internal(set) var count = 1
    }

    /// The SSEQ are its SEQ, under an IV Index that is always 0.
    public private(set) var timeline: SourceTimeline
    /// `nil` where no SSEQ was heard long after a higher one.
    public private(set) var fall: Fall?

    init(_ address: UnicastAddress) {
        timeline = SourceTimeline(address)
    }

    /// The SSRC.
    public var address: UnicastAddress { timeline.address }

    mutating func apply(_ opened: OpenedPDU, at frame: FrameReference) {
        if let highest = timeline.lastPosition?.sequence, let last = timeline.lastFrame,
            opened.pdu.sequence < highest, frame.time.since(last.time) > Self.patience(last, frame)
        {
            let known = fall
            fall = known ?? Fall(from: highest, to: opened.pdu.sequence, frame: frame)
            if known != nil { fall?.count += 1 }
        }
        _ = timeline.apply(
            opened.pdu, of: opened.subnet, at: frame, times: opened.heard, isDelayed: false, mostMarks: 0)
    }

    /// Nobody relays Solicitation PDUs, but the clocks of two captures may differ.
    private static func patience(_ one: FrameReference, _ other: FrameReference) -> Duration {
        one.capture == other.capture ? .seconds(30) : SequenceWatch.patienceBetweenCaptures
    }

    mutating func settle() { timeline.settle() }
}

extension KeyedDecodingContainer {
    /// A state that was saved without Solicitation PDUs has none.
    func decode(_ type: [SolicitationTimeline].Type, forKey key: Key) throws -> [SolicitationTimeline] {
        try decodeIfPresent(type, forKey: key) ?? []
    }
}
