public import CaptureFiles
public import MeshProtocol

/// Whether a replacement was taken for the master that it replaces, by a capture from after the swap.
public struct Takeover: Hashable, Sendable {
    public enum Verdict: String, Hashable, Sendable {
        /// Nodes answer it.
        case accepted
        /// Its SEQ is not above the old one's, or it asks and nobody answers.
        case ignored
        /// It was not heard, or asked nobody.
        case unclear
        /// Another device sends under the same address.
        case conflict
    }

    public let verdict: Verdict
    public let address: UnicastAddress
    public let since: CaptureTime
    /// The highest position of the old device, and where it was heard; the user's where no frame says it.
    public let oldLast: SequencePosition?
    public let oldLastFrame: FrameReference?
    /// The first PDU from `since` on, and the last.
    public let first: SequencePosition?
    public let firstFrame: FrameReference?
    public let sent: Int
    /// PDUs to single nodes, how many nodes those were, and how many of these answered.
    public let requests: Int
    public let asked: Int
    public let answered: Int
    public let firstAnswer: FrameReference?
    /// Segment Acknowledgments for messages of the replacement.
    public let acknowledgments: Int
    /// PDUs that the replacement cannot have sent: behind its own SEQ, or a SEQ of its own with other content.
    public let foreign: [FrameReference]
    /// Its first SEQ follows closely on the old one's: it may be the old device that goes on.
    public let isContinuation: Bool
}

/// Follows the PDUs of one address, and what comes back to it.
public struct TakeoverWatch {
    /// An answer comes within this time.
    private static let answerTime = Duration.seconds(6)
    /// A PDU behind the replacement's SEQ is somebody else's when it comes so much later.
    private static let patience = SequenceWatch.patience
    private static let mostRemembered = 8192
    private static let closest: UInt32 = 64

    private let address: UnicastAddress
    private let since: CaptureTime
    private var oldLast: SequencePosition?
    private var oldLastFrame: FrameReference?
    private var first: (position: SequencePosition, frame: FrameReference)?
    private var highest: (position: SequencePosition, frame: FrameReference)?
    private var sent = 0
    private var contents: [SequencePosition: NetworkPDU.Content] = [:]
    private var requests = 0
    private var asked: [UInt16: CaptureTime] = [:]
    private var answered: Set<UInt16> = []
    private var firstAnswer: FrameReference?
    private var acknowledgments = 0
    private var foreign: [FrameReference] = []
    private let network: Int

    /// `old`: the last position of the old device, where the user knows it.
    public init(_ address: UnicastAddress, network: Int, since: CaptureTime, old: SequencePosition? = nil) {
        self.address = address
        self.network = network
        self.since = since
        oldLast = old
    }

    public mutating func take(_ observation: Observation) {
        guard observation.network == network, case .networkPDU(let pdu, let kind, _) = observation.statement,
            kind != .friendship
        else { return }
        let frame = observation.frame
        if pdu.source == address {
            if frame.time < since { takeOld(pdu, frame) } else { takeNew(pdu, frame) }
        } else if frame.time >= since, pdu.destination?.value == address.value {
            takeAnswer(pdu, frame)
        }
    }

    private mutating func takeOld(_ pdu: NetworkPDU, _ frame: FrameReference) {
        guard oldLast.map({ $0 < pdu.position }) ?? true else { return }
        oldLast = pdu.position
        oldLastFrame = frame
    }

    private mutating func takeNew(_ pdu: NetworkPDU, _ frame: FrameReference) {
        if let known = contents[pdu.position] {
            // A relay, or a faulty one that cut it short; with other content it is another device's.
            let isCopy =
                known == pdu.content || pdu.content.isBeginning(of: known) || known.isBeginning(of: pdu.content)
            if !isCopy { note(frame) }
            return
        }
        if let highest, pdu.position < highest.position, frame.time.since(highest.frame.time) > Self.patience {
            note(frame)
            return
        }
        if contents.count >= Self.mostRemembered { contents.removeAll() }
        contents[pdu.position] = pdu.content
        sent += 1
        if first == nil { first = (pdu.position, frame) }
        if highest.map({ $0.position < pdu.position }) ?? true { highest = (pdu.position, frame) }
        guard let destination = pdu.destination, destination.isUnicast else { return }
        requests += 1
        asked[destination.value] = frame.time
    }

    private mutating func note(_ frame: FrameReference) {
        if foreign.count < Finding.mostFrames { foreign.append(frame) }
    }

    private mutating func takeAnswer(_ pdu: NetworkPDU, _ frame: FrameReference) {
        if case .segmentAcknowledgment(_, let seqZero, let block)? = try? LowerTransportPDU(pdu), block != 0,
            contents.keys.contains(where: { $0.sequence.value & 0x1FFF == UInt32(seqZero) })
        {
            acknowledgments += 1
        }
        guard let time = asked[pdu.source.value], frame.time >= time, frame.time.since(time) <= Self.answerTime else {
            return
        }
        answered.insert(pdu.source.value)
        firstAnswer = firstAnswer ?? frame
    }

    /// The conclusion, once all is read.
    public func takeover() -> Takeover {
        Takeover(
            verdict: verdict, address: address, since: since, oldLast: oldLast, oldLastFrame: oldLastFrame,
            first: first?.position, firstFrame: first?.frame, sent: sent, requests: requests, asked: asked.count,
            answered: answered.count, firstAnswer: firstAnswer, acknowledgments: acknowledgments, foreign: foreign,
            isContinuation: isContinuation)
    }

    /// Whether the first SEQ follows so closely on the old one's that it may be the old device that goes on.
    private var isContinuation: Bool {
        guard let oldLast, let first, first.position.ivIndex == oldLast.ivIndex else { return false }
        return first.position.sequence.value &- oldLast.sequence.value <= Self.closest
    }

    private var verdict: Takeover.Verdict {
        guard let first else { return .unclear }
        guard foreign.isEmpty else { return .conflict }
        if let oldLast, first.position <= oldLast { return .ignored }
        guard !isContinuation else { return .unclear }
        if !answered.isEmpty || acknowledgments > 0 { return .accepted }
        // Asked three times and no answer: a lossy capture misses single ones.
        return requests >= 3 ? .ignored : .unclear
    }
}
