import Algorithms
import MeshEvidence
import MeshProtocol

/// Who asked whom at which second, and who sent something after that.
///
/// Nodes send without being asked, often with a period, and so may the one that asks. So what follows its requests is held
/// against what would follow them at other times: all requests are moved in a circle over the time that was heard, and
/// counted is how often as much follows them then.
struct Conversation {
    private struct Request {
        let node: UInt16?
        let start: Double
        var end: Double
        var usesDeviceKey: Bool
        var isSegmented: Bool
    }

    private struct Reply {
        let time: Double
        let usesDeviceKey: Bool
        let frame: FrameReference
    }

    /// An answer comes within this time: on a slow way, or at once.
    private static let answerTimes = [3.0, 0.3]
    /// What comes under a device key comes on demand only, if late, as from a Low Power node.
    private static let longestAnswer = 60.0
    private static let burst = 1.0
    /// What a node sent so shortly before a request may be the reason of both.
    private static let commonCause = 1.0
    private static let silence = 5.0
    private static let shifts = 999
    private static let mostTested = 256
    /// Two kinds of answers, each with two times: who asks four times is right by chance four times as often.
    private static let questions = 4.0

    private var requests: [Request] = []
    /// All that the address sent.
    private var sent: [Request] = []
    private var lastOf: [UInt16: Int] = [:]
    /// To the address, by node.
    private var replies: [UInt16: [Reply]] = [:]
    /// All that others sent, and what of it went elsewhere.
    private var others: [Double] = []
    private var publications: [(time: Double, frame: FrameReference)] = []
    private var heard: Set<UInt16> = []

    mutating func ask(_ node: UInt16?, at time: Double, usesDeviceKey: Bool, isSegmented: Bool) {
        let request = Request(
            node: node, start: time, end: time, usesDeviceKey: usesDeviceKey, isSegmented: isSegmented)
        if let last = sent.last, time - last.end <= Self.burst {
            sent[sent.count - 1].end = time
        } else {
            sent.append(request)
        }
        guard let node else { return }
        guard let last = lastOf[node], time - requests[last].end <= Self.burst else {
            lastOf[node] = requests.count
            requests.append(request)
            return
        }
        requests[last].end = time
        if usesDeviceKey { requests[last].usesDeviceKey = true }
        if isSegmented { requests[last].isSegmented = true }
    }

    mutating func hear(
        _ node: UInt16, at time: Double, isBack: Bool, usesDeviceKey: Bool, _ frame: FrameReference
    ) {
        heard.insert(node)
        others.append(time)
        if isBack {
            replies[node, default: []].append(Reply(time: time, usesDeviceKey: usesDeviceKey, frame: frame))
        } else {
            publications.append((time, frame))
        }
    }

    func answers(over span: Double) -> Answers {
        var answers = Answers()
        answers.requests = requests.count
        answers.owed = requests.count { request in
            (request.usesDeviceKey || request.isSegmented) && request.node.map(heard.contains) ?? false
        }
        countAnswers(&answers)
        countUnderDeviceKeys(&answers)
        countPublications(&answers)
        let asking = Array(requests.prefix(Self.mostTested))
        let sending = Array(sent.prefix(Self.mostTested))
        for time in Self.answerTimes {
            answers.chance = min(
                answers.chance,
                chance(over: span, time, of: asking.count) { hits(asking, within: time, movedBy: $0, span) })
            answers.publicationChance = min(
                answers.publicationChance,
                chance(over: span, time, of: sending.count) { breaks(sending, within: time, movedBy: $0, span) }
            )
        }
        return answers
    }

    // MARK: Counting

    private func countAnswers(_ answers: inout Answers) {
        for request in requests {
            guard let node = request.node else { continue }
            let place = Self.firstIndex(after: request.start, in: replies[node] ?? [], \.time)
            let reply = place.flatMap { replies[node]?[$0] }
            let isAnswered = reply.map { $0.time <= request.end + Self.answerTimes[0] } ?? false
            answers.byNode[node, default: .init()].requests += 1
            if isAnswered { answers.byNode[node, default: .init()].answers += 1 }
            if reply != nil { answers.isSilent = false }
            guard isAnswered, let reply else { continue }
            answers.answers += 1
            answers.firstFrame = answers.firstFrame ?? reply.frame
        }
        answers.asked = answers.byNode.count
        answers.answered = answers.byNode.values.count { $0.answers > 0 }
    }

    private func countUnderDeviceKeys(_ answers: inout Answers) {
        let asked = Dictionary(grouping: requests.filter(\.usesDeviceKey)) { $0.node ?? 0 }
        for (node, asked) in asked.sorted(by: { $0.key < $1.key }) {
            let back = (replies[node] ?? []).filter(\.usesDeviceKey)
            func isAnswer(_ reply: Reply) -> Bool {
                // The latest request before the answer.
                let next = Self.firstIndex(after: reply.time, in: asked, \.start) ?? asked.count
                return next > 0 && reply.time <= asked[next - 1].end + Self.longestAnswer
            }
            guard !back.isEmpty, back.allSatisfy(isAnswer) else { continue }
            answers.deviceKeyAnswers += min(asked.count, back.count)
            if let frame = back.first?.frame, answers.firstFrame.map({ frame < $0 }) ?? true {
                answers.firstFrame = frame
            }
        }
    }

    private func countPublications(_ answers: inout Answers) {
        for request in sent where isQuiet(before: request.start, for: Self.silence) {
            guard let place = Self.firstIndex(after: request.start, in: publications, \.time),
                publications[place].time <= request.end + Self.answerTimes[0]
            else { continue }
            answers.publications += 1
            answers.firstFrame = answers.firstFrame ?? publications[place].frame
        }
    }

    // MARK: Chance

    /// How likely it is that as much follows the requests: by how often it does when they are moved, and by how often single
    /// ones are followed then. The first knows of periods, the second of small numbers.
    private func chance(over span: Double, _ time: Double, of asked: Int, _ count: (Double) -> Int) -> Double {
        let observed = count(0)
        guard observed > 0, span > 2 * time else { return 1 }
        var (asMany, tested, sum) = (1, 1, 0)
        for index in 0..<Self.shifts {
            let shift = span * (Double(index) + 0.5) / Double(Self.shifts)
            let followed = count(shift)
            sum += followed
            // Where the requests are moved by so little, the same answers still follow them.
            guard shift > time, shift < span - time else { continue }
            tested += 1
            if followed >= observed { asMany += 1 }
        }
        let single = Double(sum) / Double(Self.shifts * asked)
        let byPeriod = Double(asMany) / Double(tested)
        return min(1, Self.questions * max(byPeriod, Self.tail(observed, of: asked, probability: single)))
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

    private static func moved(_ time: Double, by shift: Double, in span: Double) -> Double {
        time + shift < span ? time + shift : time + shift - span
    }

    /// Requests whose node sends something back, where nobody else may be the reason.
    private func hits(_ asking: [Request], within time: Double, movedBy shift: Double, _ span: Double) -> Int {
        asking.count { request in
            guard let node = request.node, let replies = replies[node] else { return false }
            let start = Self.moved(request.start, by: shift, in: span)
            guard let place = Self.firstIndex(after: start, in: replies, \.time) else { return false }
            return replies[place].time <= start + (request.end - request.start) + time
                && isQuiet(before: start, for: Self.commonCause)
        }
    }

    /// Times that a silence of all nodes is broken by a publication.
    private func breaks(_ sending: [Request], within time: Double, movedBy shift: Double, _ span: Double) -> Int {
        sending.count { request in
            let start = Self.moved(request.start, by: shift, in: span)
            guard let place = Self.firstIndex(after: start, in: publications, \.time) else { return false }
            return publications[place].time <= start + (request.end - request.start) + time
                && isQuiet(before: start, for: Self.silence)
        }
    }

    /// Whether no node sent anything for a while, as far as that was heard.
    private func isQuiet(before time: Double, for seconds: Double) -> Bool {
        guard let place = Self.firstIndex(after: time - seconds, in: others, \.self) else { return true }
        return others[place] > time
    }

    /// The first element of an ordered list that lies behind a time.
    private static func firstIndex<Element>(
        after time: Double, in list: [Element], _ key: KeyPath<Element, Double>
    ) -> Int? {
        let place = list.partitioningIndex { $0[keyPath: key] > time }
        return place < list.endIndex ? place : nil
    }
}
