import CaptureFiles
import MeshProtocol

/// What comes back to an address that asks, held against what would come by chance.
public struct Answers: Hashable, Sendable {
    /// To single nodes; PDUs in quick succession are one request.
    public internal(set) var requests = 0
    /// Of these, those that a node has to answer and whose node was heard: segmented, or under its device key.
    public internal(set) var owed = 0
    public internal(set) var asked = 0
    /// Requests that something came back to, and how many nodes that came from.
    public internal(set) var answers = 0
    public internal(set) var answered = 0
    /// The first of the answers and publications.
    public internal(set) var firstFrame: FrameReference?
    /// Of the answers, those under a device key from a node that sends none unasked.
    public internal(set) var deviceKeyAnswers = 0
    /// How likely so many answers are if the nodes send what they send at any time.
    public internal(set) var chance = 1.0
    /// Publications of nodes that broke a silence just after the address sent something, and how likely so many are.
    public internal(set) var publications = 0
    public internal(set) var publicationChance = 1.0

    /// Above this, what comes back may as well come by itself.
    static let mostChance = 0.01

    fileprivate mutating func note(_ frame: FrameReference) {
        if firstFrame.map({ frame.time < $0.time }) ?? true { firstFrame = frame }
    }

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

        var time: CaptureTime { frame.time }
    }

    private typealias Stretch = (start: CaptureTime, end: CaptureTime, isOwed: Bool, usesDeviceKey: Bool)

    private static let mostMessages = 65_536
    /// An answer comes within this time, or within a quarter of that to the next request: on a slow way, or at once.
    private static let answerTimes = [Duration.seconds(3), .seconds(1)]
    private static let burst = Duration.seconds(1)
    private static let silence = Duration.seconds(5)

    private var messages: [Message] = []

    /// Takes the first hearing of a PDU; bounded.
    mutating func take(_ pdu: NetworkPDU, at frame: FrameReference) {
        guard messages.count < Self.mostMessages, !pdu.isControl, let destination = pdu.destination else { return }
        messages.append(
            Message(
                frame: frame, source: pdu.source.value, destination: destination.value,
                usesDeviceKey: pdu.transportHeader & 0x40 == 0, isSegmented: pdu.transportHeader & 0x80 != 0))
    }

    func answers(to address: UnicastAddress) -> Answers {
        let sorted = messages.enumerated().sorted { ($0.element.time, $0.offset) < ($1.element.time, $1.offset) }
            .map(\.element)
        guard let first = sorted.first, let last = sorted.last else { return Answers() }
        let own = sorted.filter { $0.source == address.value }
        let others = sorted.filter { $0.source != address.value }
        var best = Answers()
        for time in Self.answerTimes {
            var answers = Answers()
            countAnswers(own, others, address, within: time, last.time.since(first.time), &answers)
            countPublications(own, others, address, within: time, (first.time, last.time), &answers)
            // Who asks twice is right by chance twice as often.
            answers.chance = min(1, answers.chance * Double(Self.answerTimes.count))
            answers.publicationChance = min(1, answers.publicationChance * Double(Self.answerTimes.count))
            let isSurer = min(answers.chance, answers.publicationChance) < min(best.chance, best.publicationChance)
            if isSurer || time == Self.answerTimes.first { best = answers }
        }
        return best
    }

    // MARK: Answers

    /// For each node that is asked: what it sends to the asker, within the time of an answer and without.
    private func countAnswers(
        _ own: [Message], _ others: [Message], _ address: UnicastAddress, within answerTime: Duration, _ span: Duration,
        _ answers: inout Answers
    ) {
        let heard = Set(others.map(\.source))
        let sent = Dictionary(grouping: others.filter { $0.destination == address.value }, by: \.source)
        let singles = own.filter { UnicastAddress($0.destination) != nil && $0.destination != address.value }
        let asked = Dictionary(grouping: singles, by: \.destination)
        var onsets = 0
        var expected = 0.0
        for (node, messages) in asked.sorted(by: { $0.key < $1.key }) {
            let requests = requests(messages, within: answerTime)
            answers.asked += 1
            answers.requests += requests.count
            if heard.contains(node) { answers.owed += requests.filter(\.isOwed).count }
            let windows = requests.reduce(0) { $0 + $1.end.since($1.start).inSeconds }
            let all = bursts(sent[node] ?? [], within: answerTime)
            let timely = all.compactMap { message in
                Self.stretch(of: message.time, requests).map { (message, request: $0) }
            }
            answers.answers += timely.count
            if let first = timely.first {
                answers.answered += 1
                answers.note(first.0.frame)
            }
            let underDeviceKey = timely.filter(\.0.usesDeviceKey)
            if all.count(where: \.usesDeviceKey) == underDeviceKey.count {
                answers.deviceKeyAnswers += underDeviceKey.count(where: \.request.usesDeviceKey)
            }
            onsets += all.count
            expected += Double(all.count) * (span > .zero ? min(1, windows / span.inSeconds) : 1)
        }
        answers.chance = Self.tail(answers.answers, of: onsets, probability: expected / Double(max(1, onsets)))
    }

    /// The stretch that holds a time; they are in order, and none begins before the one before it ends.
    private static func stretch(of time: CaptureTime, _ stretches: [Stretch]) -> Stretch? {
        var (low, high) = (0, stretches.count)
        while low < high {
            let middle = (low + high) / 2
            if stretches[middle].start <= time { low = middle + 1 } else { high = middle }
        }
        return low > 0 && time <= stretches[low - 1].end ? stretches[low - 1] : nil
    }

    /// PDUs in quick succession are one request, and its answer has a time.
    private func requests(_ messages: [Message], within answerTime: Duration) -> [Stretch] {
        var stretches: [Stretch] = []
        for message in messages {
            let isOwed = message.isSegmented || message.usesDeviceKey
            if let last = stretches.last, message.time.since(last.end) <= Self.burst {
                stretches[stretches.count - 1] = (
                    last.start, message.time, last.isOwed || isOwed, last.usesDeviceKey || message.usesDeviceKey
                )
            } else {
                stretches.append((message.time, message.time, isOwed, message.usesDeviceKey))
            }
        }
        for index in stretches.indices {
            var time = answerTime
            if index + 1 < stretches.count {
                time = min(time, stretches[index + 1].start.since(stretches[index].end) / 4)
            }
            stretches[index].end = stretches[index].end.advanced(by: time)
        }
        return stretches
    }

    /// The first of messages that follow each other closely.
    private func bursts(_ messages: [Message], within answerTime: Duration) -> [Message] {
        var last: CaptureTime?
        return messages.filter { message in
            defer { last = message.time }
            return last.map { message.time.since($0) > answerTime } ?? true
        }
    }

    // MARK: Publications

    /// Nodes publish by themselves too, and the asker may be the one that reacts: only what breaks a silence of all nodes
    /// counts, and is held against how often silences are broken otherwise.
    private func countPublications(
        _ own: [Message], _ others: [Message], _ address: UnicastAddress, within answerTime: Duration,
        _ span: (CaptureTime, CaptureTime),
        _ answers: inout Answers
    ) {
        var windows: [(start: CaptureTime, end: CaptureTime)] = []
        for message in own where windows.last.map({ message.time > $0.end }) ?? true {
            windows.append((message.time, message.time.advanced(by: answerTime)))
        }
        var (inside, outside) = (0.0, 0.0)
        var unprompted = 0
        var next = 0
        var last = span.0
        for message in others.map(Optional.some) + [nil] {
            let end = message?.time ?? span.1
            let quiet = last.advanced(by: Self.silence)
            last = end
            var free = max(0, end.since(quiet).inSeconds)
            var holder: Int?
            while next < windows.count, windows[next].start <= end {
                let window = windows[next]
                free -= max(0, min(window.end, end).since(max(window.start, quiet)).inSeconds)
                if window.start >= quiet { inside += min(window.end, end).since(window.start).inSeconds }
                if window.end >= end {
                    holder = next
                    break
                }
                next += 1
            }
            outside += max(0, free)
            guard let message, message.destination != address.value, end >= quiet else { continue }
            if let holder {
                guard windows[holder].start >= quiet else { continue }
                answers.publications += 1
                answers.note(message.frame)
            } else {
                unprompted += 1
            }
        }
        answers.publicationChance = Self.tail(
            answers.publications, of: answers.publications + unprompted,
            probability: inside + outside > 0 ? inside / (inside + outside) : 1)
    }

    /// How likely at least `count` of `total` are, each with the same probability: the upper tail of the binomial
    /// distribution, 1 where that many are to be expected anyway.
    static func tail(_ count: Int, of total: Int, probability: Double) -> Double {
        guard count > 0, Double(count) > Double(total) * probability else { return 1 }
        var term = 1.0
        var left = total - count
        for index in 1...count {
            term *= Double(total - count + index) / Double(index) * probability
            while term > 1, left > 0 {
                term *= 1 - probability
                left -= 1
            }
        }
        while left > 0, term > 0 {
            term *= 1 - probability
            left -= 1
        }
        var sum = 0.0
        for index in count...total where term > 0 {
            sum += term
            term *= Double(total - index) / Double(index + 1) * probability / max(1 - probability, 1e-12)
        }
        return min(1, sum)
    }
}
