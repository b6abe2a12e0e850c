import CaptureFiles
import MeshEvidence
import MeshProtocol
import MeshTimelines

/// What was heard of one address in one network, and what came back to it: a fold over observations, like the networks' states.
struct TakeoverState {
    /// A PDU behind the replacement's SEQ is somebody else's when it comes so much later.
    private static let patience = SequenceWatch.longestDelay
    /// All answers of a node may have been missed with a higher probability than this: then nothing is said of it.
    private static let rareMiss = 0.01
    private static let mostRemembered = 4096

    /// A PDU of the address.
    private struct Sent {
        let position: SequencePosition
        let frame: FrameReference
    }

    private struct Content {
        let content: NetworkPDU.Content
        let time: CaptureTime
    }

    private let address: UnicastAddress
    private let since: CaptureTime
    private var oldLast: SequencePosition?
    private var oldLastFrame: FrameReference?
    private var first: Sent?
    /// The first one above the old device's last, and the first one far above it: late copies of what the old device sent
    /// last come before it.
    private var firstAbove: Sent?
    private var firstFarAbove: Sent?
    /// Whether the old device itself was heard since the swap, close above its last.
    private var goesOn = false
    /// The highest TTL of the old device's PDUs.
    private var oldTTL: UInt8 = 0
    private var highest: Sent?
    private var sent = 0
    /// The latest PDUs, and as many before them.
    private var contents: [SequencePosition: Content] = [:]
    private var olderContents: [SequencePosition: Content] = [:]
    private var meter = AnswerMeter()
    /// Messages to the old device that came in segments.
    private var oldMessages: Set<UInt32> = []
    /// The SeqZero of each segmented message of the replacement.
    private var seqZeros: Set<UInt16> = []
    private var acknowledgments = 0
    private var firstAcknowledgment: FrameReference?
    private var acknowledging: Set<UInt16> = []
    private var foreign: [FrameReference] = []
    private let network: NetworkIndex
    /// The highest position of each source.
    private var heights: [UInt16: SequencePosition] = [:]

    /// `old`: the last position of the old device, where the user knows it.
    init(_ address: UnicastAddress, network: NetworkIndex, since: CaptureTime, old: SequencePosition? = nil) {
        self.address = address
        self.network = network
        self.since = since
        oldLast = old
    }

    /// Takes an observation; `novelty`: what the network's state made of it.
    mutating func apply(_ observation: Observation, _ novelty: Novelty) {
        guard case .authentic(network, .networkPDU(let opened)) = observation.statement,
            opened.credentials != .friendship
        else { return }
        let (pdu, frame, isNew) = (opened.pdu, observation.origin.frame, novelty == .new)
        // What is behind its source's highest position may have been recorded long ago: it answers nothing.
        let isOnward = heights[pdu.source.value].map { pdu.position > $0 } ?? true
        if isOnward { heights[pdu.source.value] = pdu.position }
        if frame.time < since { applyBefore(pdu, frame, isNew) } else { applyAfter(pdu, frame, isNew, isOnward) }
    }

    private mutating func applyBefore(_ pdu: NetworkPDU, _ frame: FrameReference, _ isNew: Bool) {
        if pdu.source == address {
            applyOld(pdu, frame)
        } else if isNew, pdu.destination?.value == address.value, let message = Self.segmentedMessage(pdu),
            oldMessages.count < Self.mostRemembered
        {
            oldMessages.insert(message)
        }
    }

    private mutating func applyAfter(_ pdu: NetworkPDU, _ frame: FrameReference, _ isNew: Bool, _ isOnward: Bool) {
        // A repetition of what the old device was answered in segments is no answer to the new one.
        let isRepetition = Self.segmentedMessage(pdu).map(oldMessages.contains) ?? false
        if isNew, !isRepetition, isOnward || pdu.source == address { meter.apply(pdu, at: frame) }
        if pdu.source == address {
            // Old PDUs that are heard again, late or replayed, were not sent by the replacement.
            if isNew || contents[pdu.position] != nil || olderContents[pdu.position] != nil { applyNew(pdu, frame) }
        } else if isNew, isOnward, pdu.destination?.value == address.value {
            applyAcknowledgment(pdu, frame)
        }
    }

    /// What the segments of one message have in common: SRC and SeqZero.
    private static func segmentedMessage(_ pdu: NetworkPDU) -> UInt32? {
        guard !pdu.isControl, let seqZero = pdu.seqZero else { return nil }
        return UInt32(pdu.source.value) << 13 | UInt32(seqZero)
    }

    private mutating func applyOld(_ pdu: NetworkPDU, _ frame: FrameReference) {
        oldTTL = max(oldTTL, pdu.ttl)
        guard oldLast.map({ $0 < pdu.position }) ?? true else { return }
        oldLast = pdu.position
        oldLastFrame = frame
    }

    /// The first hearing of a PDU since the swap.
    private mutating func applyNew(_ pdu: NetworkPDU, _ frame: FrameReference) {
        if let known = contents[pdu.position] ?? olderContents[pdu.position] {
            // A copy comes from a relay, cut short by a faulty one perhaps. The same SEQ with other content is another
            // device's.
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
        contents[pdu.position] = Content(content: pdu.content, time: frame.time)
        sent += 1
        if first == nil { first = Sent(position: pdu.position, frame: frame) }
        if firstAbove == nil, oldLast.map({ pdu.position > $0 }) ?? true {
            firstAbove = Sent(position: pdu.position, frame: frame)
        }
        if isClose(pdu.position) {
            // A copy that comes late has passed a relay more than the device's own PDUs.
            if oldLast.map({ pdu.position > $0 }) ?? false, pdu.ttl >= oldTTL { goesOn = true }
        } else if firstFarAbove == nil {
            firstFarAbove = Sent(position: pdu.position, frame: frame)
        }
        if highest.map({ $0.position < pdu.position }) ?? true { highest = Sent(position: pdu.position, frame: frame) }
        if !pdu.isControl, let seqZero = pdu.seqZero { seqZeros.insert(seqZero) }
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
    private mutating func applyAcknowledgment(_ pdu: NetworkPDU, _ frame: FrameReference) {
        guard let seqZero = pdu.acknowledgedSeqZero, seqZeros.contains(seqZero) else { return }
        acknowledgments += 1
        acknowledging.insert(pdu.source.value)
        firstAcknowledgment = firstAcknowledgment ?? frame
    }

    /// The conclusion as it stands; changes nothing, and can be asked at any time.
    func judge() -> Takeover {
        var answers = meter.answers(to: address)
        note(&answers)
        let first = firstFarAbove ?? first
        return Takeover(
            verdict: verdict(answers), network: network, address: address, since: since, oldLast: oldLast,
            oldLastFrame: oldLastFrame,
            first: first?.position, firstFrame: first?.frame, sent: sent, answers: answers,
            acknowledgments: acknowledgments, firstAcknowledgment: firstAcknowledgment, foreign: foreign,
            isContinuation: isContinuation)
    }

    /// Whether the first SEQ follows so closely on the old one's that it may be the old device that goes on.
    private var isContinuation: Bool { firstAbove != nil && (firstFarAbove == nil || goesOn) }

    /// Whether a position is no more than an allowance above the old device's last.
    private func isClose(_ position: SequencePosition) -> Bool {
        guard let oldLast else { return false }
        guard position.ivIndex == oldLast.ivIndex else { return position < oldLast }
        return position <= oldLast || position.sequence.value - oldLast.sequence.value < Recovery.allowance
    }

    /// Which nodes answered, and which owe an answer.
    private func note(_ answers: inout Answers) {
        for (node, told) in answers.byNode.sorted(by: { $0.key < $1.key }) {
            guard let address = UnicastAddress(node) else { continue }
            let isAnswering =
                told.answersUnderDeviceKey > 0 || acknowledging.contains(node) || (answers.isShown && told.answers > 0)
            if isAnswering {
                answers.accepting.append(address)
            } else if told.owed > 0, told.answers == 0,
                told.chanceOfMissing(told.owed) * Double(answers.byNode.count) < Self.rareMiss
            {
                answers.owing.append(address)
            }
        }
    }

    private func verdict(_ answers: Answers) -> Takeover.Verdict {
        guard first != nil else { return .unclear }
        guard foreign.isEmpty else { return .conflict }
        guard firstAbove != nil else { return .ignored }
        guard !isContinuation else { return .unclear }
        let isAnswered = acknowledgments > 0 || answers.deviceKeyAnswers > 0
        // What nodes had to answer and did not outweighs what may be chance; unless they are hardly heard.
        if answers.owed >= Self.enoughOwed, !isAnswered {
            let missed = answers.byNode.values.reduce(1.0) { $0 * $1.chanceOfMissing($1.owed) }
            return answers.isSilent && missed < Self.rareMiss ? .ignored : .unclear
        }
        // As long as the old device's SEQ is unknown, nothing tells a replacement from the old device that lives on.
        guard isAnswered || answers.isShown, oldLast != nil else { return .unclear }
        return answers.owing.isEmpty ? .accepted : .partial
    }

    /// A lossy capture misses single answers.
    private static let enoughOwed = 3
}
