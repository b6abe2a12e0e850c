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
    private static let closest: UInt32 = 64

    private let address: UnicastAddress
    private let since: CaptureTime
    private var oldLast: SequencePosition?
    private var oldLastFrame: FrameReference?
    private var first: (position: SequencePosition, frame: FrameReference)?
    private var highest: (position: SequencePosition, frame: FrameReference)?
    private var sent = 0
    /// The latest PDUs, and as many before them.
    private var contents: [SequencePosition: NetworkPDU.Content] = [:]
    private var olderContents: [SequencePosition: NetworkPDU.Content] = [:]
    private var meter = AnswerMeter()
    /// What came back to the old device.
    private var oldMeter = AnswerMeter()
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
        let isBefore = frame.time < since
        if isNew {
            if isBefore { oldMeter.take(pdu, at: frame) } else { meter.take(pdu, at: frame) }
        }
        if pdu.source == address {
            if isBefore { takeOld(pdu, frame) } else { takeNew(pdu, frame) }
        } else if !isBefore, isNew, pdu.destination?.value == address.value {
            takeAcknowledgment(pdu, frame)
        }
    }

    private mutating func takeOld(_ pdu: NetworkPDU, _ frame: FrameReference) {
        guard oldLast.map({ $0 < pdu.position }) ?? true else { return }
        oldLast = pdu.position
        oldLastFrame = frame
    }

    private mutating func takeNew(_ pdu: NetworkPDU, _ frame: FrameReference) {
        if let known = contents[pdu.position] ?? olderContents[pdu.position] {
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
        if contents.count >= Self.mostRemembered {
            olderContents = contents
            contents = [:]
        }
        contents[pdu.position] = pdu.content
        sent += 1
        if first == nil { first = (pdu.position, frame) }
        if highest.map({ $0.position < pdu.position }) ?? true { highest = (pdu.position, frame) }
        if case .segmentedAccess(_, _, let segment)? = try? LowerTransportPDU(pdu) { seqZeros.insert(segment.seqZero) }
    }

    private mutating func note(_ frame: FrameReference) {
        if foreign.count < Finding.mostFrames { foreign.append(frame) }
    }

    private mutating func takeAcknowledgment(_ pdu: NetworkPDU, _ frame: FrameReference) {
        guard case .segmentAcknowledgment(_, let seqZero, let block)? = try? LowerTransportPDU(pdu), block != 0,
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
        guard let oldLast, let first, first.position.ivIndex == oldLast.ivIndex else { return false }
        return first.position.sequence.value &- oldLast.sequence.value <= Self.closest
    }

    private func verdict(_ answers: Answers) -> Takeover.Verdict {
        guard let first else { return .unclear }
        guard foreign.isEmpty else { return .conflict }
        if let oldLast, first.position <= oldLast { return .ignored }
        guard !isContinuation else { return .unclear }
        // Without the old one's SEQ nothing tells a replacement from the old device that lives on.
        if answers.isShown || acknowledgments > 0 { return oldLast == nil ? .unclear : .accepted }
        guard answers.answers == 0 else { return .unclear }
        return answers.owed >= Self.enoughOwed || isSilentWhereItWasNot(answers) ? .ignored : .unclear
    }

    /// A lossy capture misses single answers.
    private static let enoughOwed = 3

    /// Whether the old device was answered so often that as many requests without any answer are no chance.
    private func isSilentWhereItWasNot(_ answers: Answers) -> Bool {
        let old = oldMeter.answers(to: address)
        guard old.requests >= Self.enoughOwed, old.isShown else { return false }
        let unanswered = 1 - min(1, Double(old.answers) / Double(old.requests))
        var chance = 1.0
        for _ in 0..<answers.requests where chance > Answers.mostChance { chance *= unanswered }
        return chance <= Answers.mostChance
    }
}
