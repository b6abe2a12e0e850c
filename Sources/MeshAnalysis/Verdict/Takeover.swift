public import CaptureFiles
public import MeshProtocol

/// Whether a replacement was taken for the master that it replaces, by a capture from after the swap.
public struct Takeover: Hashable, Sendable {
    public enum Verdict: String, Hashable, Sendable {
        /// Nodes answer it.
        case accepted
        /// Its SEQ is not above the old one's, or it asks what must be answered and nobody answers.
        case ignored
        /// It was not heard, or asked too little, or what came back may be chance; or it may be the old device.
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
    public let answers: Answers
    /// Segment Acknowledgments for messages of the replacement.
    public let acknowledgments: Int
    public let firstAcknowledgment: FrameReference?
    /// PDUs that the replacement cannot have sent: behind its own SEQ, or a SEQ of its own with other content.
    public let foreign: [FrameReference]
    /// Its first SEQ follows closely on the old one's: it may be the old device that goes on.
    public let isContinuation: Bool
}

/// Follows the PDUs of one address, and what comes back to it.
public struct TakeoverWatch {
    /// A PDU behind the replacement's SEQ is somebody else's when it comes so much later.
    private static let patience = SequenceWatch.patience
    private static let mostRemembered = 4096

    private let address: UnicastAddress
    private let since: CaptureTime
    private var oldLast: SequencePosition?
    private var oldLastFrame: FrameReference?
    private var first: (position: SequencePosition, frame: FrameReference)?
    /// The first one above the old device's last.
    private var firstAbove: (position: SequencePosition, frame: FrameReference)?
    private var highest: (position: SequencePosition, frame: FrameReference)?
    private var sent = 0
    /// The latest PDUs, and as many before them.
    private var contents: [SequencePosition: (content: NetworkPDU.Content, time: CaptureTime)] = [:]
    private var olderContents: [SequencePosition: (content: NetworkPDU.Content, time: CaptureTime)] = [:]
    private var meter = AnswerMeter()
    /// Messages to the old device that came in segments.
    private var oldMessages: Set<UInt32> = []
    /// Of the replacement's segmented messages.
    private var seqZeros: Set<UInt16> = []
    private var acknowledgments = 0
    private var firstAcknowledgment: FrameReference?
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
        guard observation.network == network, case .networkPDU(let pdu, let kind, let isNew) = observation.statement,
            kind != .friendship
        else { return }
        let frame = observation.frame
        if frame.time < since { takeBefore(pdu, frame, isNew) } else { takeAfter(pdu, frame, isNew) }
    }

    private mutating func takeBefore(_ pdu: NetworkPDU, _ frame: FrameReference, _ isNew: Bool) {
        if pdu.source == address {
            takeOld(pdu, frame)
        } else if isNew, pdu.destination?.value == address.value, let message = Self.segmentedMessage(pdu),
            oldMessages.count < Self.mostRemembered
        {
            oldMessages.insert(message)
        }
    }

    private mutating func takeAfter(_ pdu: NetworkPDU, _ frame: FrameReference, _ isNew: Bool) {
        // A repetition of what the old device was answered in segments is no answer to the new one.
        let isRepetition = Self.segmentedMessage(pdu).map(oldMessages.contains) ?? false
        if isNew, !isRepetition { meter.take(pdu, at: frame) }
        if pdu.source == address {
            // Old PDUs that come again, late or replayed, were not sent now.
            if isNew || contents[pdu.position] != nil || olderContents[pdu.position] != nil { takeNew(pdu, frame) }
        } else if isNew, pdu.destination?.value == address.value {
            takeAcknowledgment(pdu, frame)
        }
    }

    /// What the segments of one message have in common: SRC and SeqZero.
    private static func segmentedMessage(_ pdu: NetworkPDU) -> UInt32? {
        guard case .segmentedAccess(_, _, let segment)? = try? LowerTransportPDU(pdu) else { return nil }
        return UInt32(pdu.source.value) << 13 | UInt32(segment.seqZero)
    }

    private mutating func takeOld(_ pdu: NetworkPDU, _ frame: FrameReference) {
        guard oldLast.map({ $0 < pdu.position }) ?? true else { return }
        oldLast = pdu.position
        oldLastFrame = frame
    }

    /// The first hearing of a PDU since the swap.
    private mutating func takeNew(_ pdu: NetworkPDU, _ frame: FrameReference) {
        if let known = contents[pdu.position] ?? olderContents[pdu.position] {
            // A relay, or a faulty one that cut it short; with other content it is another device's.
            let isCopy =
                known.content == pdu.content || pdu.content.isBeginning(of: known.content)
                || known.content.isBeginning(of: pdu.content)
            if !isCopy { note(frame) }
            return
        }
        if isLate(pdu.position, frame) {
            note(frame)
            return
        }
        if contents.count >= Self.mostRemembered {
            olderContents = contents
            contents = [:]
        }
        contents[pdu.position] = (pdu.content, frame.time)
        sent += 1
        if first == nil { first = (pdu.position, frame) }
        if firstAbove == nil, oldLast.map({ pdu.position > $0 }) ?? true { firstAbove = (pdu.position, frame) }
        if highest.map({ $0.position < pdu.position }) ?? true { highest = (pdu.position, frame) }
        if case .segmentedAccess(_, _, let segment)? = try? LowerTransportPDU(pdu) { seqZeros.insert(segment.seqZero) }
    }

    /// Whether a PDU comes so long after the next one in the order of SEQ that the replacement cannot have sent it.
    private func isLate(_ position: SequencePosition, _ frame: FrameReference) -> Bool {
        guard let highest, position < highest.position else { return false }
        guard foreign.count < Finding.mostFrames else { return true }
        let next = [contents, olderContents].compactMap { known in
            known.filter { $0.key > position }.min { $0.key < $1.key }
        }.min { $0.key < $1.key }
        return next.map { frame.time.since($0.value.time) > Self.patience } ?? false
    }

    private mutating func note(_ frame: FrameReference) {
        if foreign.count < Finding.mostFrames { foreign.append(frame) }
    }

    /// One of no segment says as well that the message came in: its receiver is busy.
    private mutating func takeAcknowledgment(_ pdu: NetworkPDU, _ frame: FrameReference) {
        guard case .segmentAcknowledgment(_, let seqZero, _)? = try? LowerTransportPDU(pdu),
            seqZeros.contains(seqZero)
        else { return }
        acknowledgments += 1
        firstAcknowledgment = firstAcknowledgment ?? frame
    }

    /// The conclusion, once all is read.
    public func takeover() -> Takeover {
        let answers = meter.answers(to: address)
        return Takeover(
            verdict: verdict(answers), address: address, since: since, oldLast: oldLast, oldLastFrame: oldLastFrame,
            first: first?.position, firstFrame: first?.frame, sent: sent, answers: answers,
            acknowledgments: acknowledgments, firstAcknowledgment: firstAcknowledgment, foreign: foreign,
            isContinuation: isContinuation)
    }

    /// Whether the first SEQ follows so closely on the old one's that it may be the old device that goes on.
    private var isContinuation: Bool {
        guard let oldLast, let firstAbove, firstAbove.position.ivIndex == oldLast.ivIndex else { return false }
        return firstAbove.position.sequence.value &- oldLast.sequence.value < Recovery.allowance
    }

    private func verdict(_ answers: Answers) -> Takeover.Verdict {
        guard first != nil else { return .unclear }
        guard foreign.isEmpty else { return .conflict }
        guard firstAbove != nil else { return .ignored }
        guard !isContinuation else { return .unclear }
        let isAnswered = acknowledgments > 0 || answers.deviceKeyAnswers > 0
        // What nodes had to answer and did not outweighs what may be chance.
        if answers.owed >= Self.enoughOwed, !isAnswered { return answers.isSilent ? .ignored : .unclear }
        // Without the old one's SEQ nothing tells a replacement from the old device that lives on.
        return (isAnswered || answers.isShown) && oldLast != nil ? .accepted : .unclear
    }

    /// A lossy capture misses single answers.
    private static let enoughOwed = 3
}
