import CaptureFiles
public import MeshEvidence
public import MeshProtocol

/// What comes back to an address that asks, held against what would come by chance.
public struct Answers: Hashable, Sendable {
    /// How often the address asked a single node; PDUs in quick succession count as one request.
    public internal(set) var requests = 0
    /// How many of `requests` a node has to answer (they are segmented, or under its device key), where that node was heard
    /// at all.
    public internal(set) var owed = 0
    /// How many nodes the requests went to.
    public internal(set) var asked = 0
    /// Requests whose node sent something back in time, and how many nodes that were.
    public internal(set) var answers = 0
    /// How many nodes sent something back in time.
    public internal(set) var answered = 0
    /// Requests under a device key that were answered under it, by nodes that send nothing else under it to the address.
    public internal(set) var deviceKeyAnswers = 0
    /// How likely as many answers are if the nodes send what they send, and the requests came at other times.
    public internal(set) var chance = 1.0
    /// Times that a publication of a node broke a silence just after the address sent something, and how likely so many are.
    public internal(set) var publications = 0
    /// How likely so many publications are by chance, 0 to 1.
    public internal(set) var publicationChance = 1.0
    /// The first answer or publication.
    public internal(set) var firstFrame: FrameReference?
    /// Whether any asked node sent anything to the address, in time or not.
    var isSilent = true
    /// For each node that was asked: what it got, and what it answered.
    var byNode: [UInt16: Node] = [:]
    /// Nodes that answered beyond doubt, and those that owe an answer: asked as often as they were, and heard as well as they are,
    /// all their answers were missed with a probability of less than one in a hundred.
    public internal(set) var accepting: [UnicastAddress] = []
    /// See `accepting`.
    public internal(set) var owing: [UnicastAddress] = []

    struct Node: Hashable, Sendable {
        var requests = 0
        var answers = 0
        /// Requests that it has to answer, and those whose like others answered.
        var owed = 0
        var answersUnderDeviceKey = 0
        /// What is heard of what it sends, 0 to 1.
        var coverage = 0.0

        /// How likely it is that all answers to so many requests were missed.
        func chanceOfMissing(_ count: Int) -> Double {
            (0..<min(count, 1000)).reduce(1.0) { chance, _ in chance * (1 - coverage) }
        }
    }

    /// Above this, what comes back may as well come by itself.
    static let mostChance = 0.01

    /// Whether what came back is more than chance.
    public var isShown: Bool {
        deviceKeyAnswers > 0 || chance <= Self.mostChance || publicationChance <= Self.mostChance
    }

}

/// Access messages of a network by their time, as far as they tell who answers whom.
struct AnswerMeter {
    private struct Message {
        let frame: FrameReference
        let source: UInt16
        let destination: UInt16
        let usesDeviceKey: Bool
        let isSegmented: Bool
        let length: Int
    }

    /// What was heard of a node under one IV Index.
    private struct Coverage {
        let ivIndex: IVIndex
        var first: UInt32
        var last: UInt32
        var distinct = 1

        /// The first one says nothing of those around it.
        var share: Double { Double(distinct - 1) / Double(max(1, last - first)) }
    }

    private static let mostMessages = 65_536

    private var messages: [Message] = []
    private var coverages: [UInt16: Coverage] = [:]

    /// Takes the first hearing of a PDU; bounded.
    mutating func apply(_ pdu: NetworkPDU, at frame: FrameReference) {
        cover(pdu)
        guard messages.count < Self.mostMessages, !pdu.isControl, let destination = pdu.destination else { return }
        messages.append(
            Message(
                frame: frame, source: pdu.source.value, destination: destination.value,
                usesDeviceKey: pdu.usesDeviceKey, isSegmented: pdu.isSegmented, length: pdu.transportPDU.count))
    }

    private mutating func cover(_ pdu: NetworkPDU) {
        let sequence = pdu.sequence.value
        guard var known = coverages[pdu.source.value], known.ivIndex == pdu.ivIndex else {
            coverages[pdu.source.value] = Coverage(ivIndex: pdu.ivIndex, first: sequence, last: sequence)
            return
        }
        known.first = min(known.first, sequence)
        known.last = max(known.last, sequence)
        known.distinct += 1
        coverages[pdu.source.value] = known
    }

    func answers(to address: UnicastAddress) -> Answers {
        let sorted = messages.enumerated().sorted {
            ($0.element.frame.time, $0.offset) < ($1.element.frame.time, $1.offset)
        }.map(\.element)
        let times = Self.heardTime(sorted.map(\.frame.time))
        var conversation = Conversation()
        for (message, time) in zip(sorted, times) {
            if message.source == address.value {
                conversation.ask(
                    message.destination == address.value ? nil : UnicastAddress(message.destination)?.value, at: time,
                    usesDeviceKey: message.usesDeviceKey, isSegmented: message.isSegmented, length: message.length)
            } else {
                conversation.hear(
                    message.source, at: time, to: message.destination, isBack: message.destination == address.value,
                    usesDeviceKey: message.usesDeviceKey, message.frame)
            }
        }
        var answers = conversation.answers(over: times.last ?? 0)
        for node in answers.byNode.keys { answers.byNode[node]?.coverage = coverages[node]?.share ?? 0 }
        return answers
    }

    /// Seconds of the captures, in which a time without any message counts for a minute at most: nothing says that it was
    /// captured at all.
    private static func heardTime(_ times: [CaptureTime]) -> [Double] {
        var sum = 0.0
        return times.indices.map { index in
            if index > 0 { sum += min(60, max(0, times[index].since(times[index - 1]).inSeconds)) }
            return sum
        }
    }
}
