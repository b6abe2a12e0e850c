import Algorithms
import MeshEvidence
import MeshProtocol

/// Who asked whom at which second, and who sent something after that.
///
/// What is an answer is counted here; how much of it is chance, `ChanceTest` tells.
struct Conversation {
    struct Request {
        let node: UInt16?
        let start: Double
        var end: Double
        var usesDeviceKey: Bool
        var isSegmented: Bool
        let length: Int
    }

    /// A message of another node: to a single one, or to a group.
    struct Other {
        let time: Double
        let source: UInt16
        let destination: UInt16
        let frame: FrameReference

        var isToGroup: Bool { destination >= 0x8000 }
    }

    struct Reply {
        let time: Double
        let usesDeviceKey: Bool
        let frame: FrameReference
    }

    /// An answer comes within this time: on a slow way, or at once.
    static let answerTimes = [3.0, 0.3]
    /// What comes under a device key comes on demand only, if late, as from a Low Power node.
    static let longestAnswer = 60.0
    static let burst = 1.0
    /// What a node sent so shortly before a request may be the reason of both.
    static let commonCause = 1.0
    /// What another node sent so shortly before something came back may be the reason of it, also where nodes react slowly.
    static let slowReaction = 12.0
    static let silence = 5.0
    static let shifts = 999
    static let mostTested = 256
    /// Two kinds of answers, each with two times: who asks four times is right by chance four times as often.
    static let questions = 4.0

    private var requests: [Request] = []
    /// All that the address sent.
    private var sent: [Request] = []
    private var lastOf: [UInt16: Int] = [:]
    /// To the address, by node.
    private(set) var replies: [UInt16: [Reply]] = [:]
    /// All that others sent.
    private(set) var others: [Double] = []
    /// What of it went elsewhere.
    private(set) var publications: [Other] = []
    /// The times at which each source sent what others may react to: to groups, and to single nodes.
    private(set) var timesToGroups: [UInt16: [Double]] = [:]
    private(set) var timesToNodes: [UInt32: [Double]] = [:]
    private var heard: Set<UInt16> = []

    mutating func ask(_ node: UInt16?, at time: Double, usesDeviceKey: Bool, isSegmented: Bool, length: Int) {
        let request = Request(
            node: node, start: time, end: time, usesDeviceKey: usesDeviceKey, isSegmented: isSegmented, length: length)
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
        _ node: UInt16, at time: Double, to destination: UInt16, isBack: Bool, usesDeviceKey: Bool,
        _ frame: FrameReference
    ) {
        heard.insert(node)
        others.append(time)
        if isBack {
            replies[node, default: []].append(Reply(time: time, usesDeviceKey: usesDeviceKey, frame: frame))
            return
        }
        let other = Other(time: time, source: node, destination: destination, frame: frame)
        publications.append(other)
        if other.isToGroup {
            timesToGroups[node, default: []].append(time)
        } else {
            timesToNodes[Self.way(node, destination), default: []].append(time)
        }
    }

    static func way(_ source: UInt16, _ destination: UInt16) -> UInt32 { UInt32(source) << 16 | UInt32(destination) }

    func answers(over span: Double) -> Answers {
        var answers = Answers()
        answers.requests = requests.count
        answers.owed = requests.count { request in
            (request.usesDeviceKey || request.isSegmented) && request.node.map(heard.contains) ?? false
        }
        countAnswers(&answers)
        countUnderDeviceKeys(&answers)
        countPublications(&answers)
        let test = ChanceTest(
            conversation: self, asking: Array(requests.prefix(Self.mostTested)),
            sending: Array(sent.prefix(Self.mostTested)),
            span: span)
        answers.chance = test.chanceOfReplies
        answers.publicationChance = test.chanceOfPublications
        return answers
    }

    // MARK: Counting

    private func countAnswers(_ answers: inout Answers) {
        for request in requests {
            guard let node = request.node else { continue }
            answers.byNode[node, default: .init()].requests += 1
            if request.usesDeviceKey || request.isSegmented { answers.byNode[node, default: .init()].owed += 1 }
            guard let reply = reply(to: request) else { continue }
            answers.isSilent = false
            guard isInTime(reply, request) else { continue }
            answers.byNode[node, default: .init()].answers += 1
            answers.answers += 1
            answers.firstFrame = answers.firstFrame ?? reply.frame
        }
        noteWhatOthersAnswer(&answers)
        answers.asked = answers.byNode.count
        answers.answered = answers.byNode.values.count { $0.answers > 0 }
    }

    /// Messages of a kind that most nodes answer, by their length, are owed an answer by the others as well.
    private func noteWhatOthersAnswer(_ answers: inout Answers) {
        let asked = requests.filter { !$0.usesDeviceKey && !$0.isSegmented && $0.node != nil }
        for (_, alike) in Dictionary(grouping: asked, by: \.length) {
            let byNode = Dictionary(grouping: alike) { $0.node ?? 0 }
            let answering = byNode.filter { node, requests in
                requests.count(where: isAnswered) * 2 > requests.count && node != 0
            }
            guard answering.count > 0 else { continue }
            for (node, requests) in byNode { answers.byNode[node, default: .init()].owed += requests.count }
        }
    }

    /// The first message that the asked node sent back behind the request, however late.
    private func reply(to request: Request) -> Reply? {
        guard let node = request.node, let replies = replies[node] else { return nil }
        return Self.firstIndex(after: request.start, in: replies, \.time).map { replies[$0] }
    }

    private func isInTime(_ reply: Reply, _ request: Request) -> Bool {
        reply.time <= request.end + Self.answerTimes[0]
    }

    private func isAnswered(_ request: Request) -> Bool { reply(to: request).map { isInTime($0, request) } ?? false }

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
            answers.byNode[node, default: .init()].answersUnderDeviceKey = min(asked.count, back.count)
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

    /// Whether no node sent anything for a while, as far as that was heard.
    func isQuiet(before time: Double, for seconds: Double) -> Bool {
        guard let place = Self.firstIndex(after: time - seconds, in: others, \.self) else { return true }
        return others[place] > time
    }

    /// Whether a source sent something between two times that a node may react to.
    func mayProvoke(_ source: UInt16, _ node: UInt16, between start: Double, and end: Double) -> Bool {
        [timesToGroups[source], timesToNodes[Self.way(source, node)]].contains { times in
            guard let times, let place = Self.firstIndex(after: start, in: times, \.self) else { return false }
            return times[place] < end
        }
    }

    /// The first element of an ordered list that lies behind a time.
    static func firstIndex<Element>(
        after time: Double, in list: [Element], _ key: KeyPath<Element, Double>
    ) -> Int? {
        let place = list.partitioningIndex { $0[keyPath: key] > time }
        return place < list.endIndex ? place : nil
    }
}
