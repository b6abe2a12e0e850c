/// How likely it is that as much follows the requests of an address by chance.
///
/// Nodes send without being asked, often with a period, and they react to others. So the requests are moved in a circle over the
/// time that was heard, and counted is how often as much follows them then. And whatever another node may be the reason of is
/// left out, one node after the other: what is shown must be shown without any of them.
struct ChanceTest {
    let conversation: Conversation
    let asking: [Conversation.Request]
    let sending: [Conversation.Request]
    /// Seconds that were heard.
    let span: Double

    /// A node that is near so large a share of what came back may be its reason.
    private static let suspiciousShare = 0.3
    private static let mostSuspects = 4
    private static let suspicion = 0.05
    /// So rarely is a node near half of them by chance.
    private static let conviction = 0.001
    private static let looks = 49

    /// Of answers of the asked nodes: all together, or each node by itself.
    var chanceOfReplies: Double {
        Conversation.answerTimes.map { time in
            suspects(asking, isHit).map { suspect in
                let together = chance(time, asking) { isHit($0, within: time, movedBy: $1, besides: suspect) }
                return min(together, chanceByNode(time, besides: suspect))
            }.max() ?? 1
        }.min() ?? 1
    }

    /// Of publications that break a silence.
    var chanceOfPublications: Double {
        Conversation.answerTimes.map { time in
            suspects(sending, isBreak).map { suspect in
                chance(time, sending) { isBreak($0, within: time, movedBy: $1, besides: suspect) }
            }.max() ?? 1
        }.min() ?? 1
    }

    /// Whether a request is followed, within so many seconds, moved by so many, without a suspect; and only behind a silence.
    private typealias Following = (Conversation.Request, Double, Double, UInt16?, Bool) -> Bool

    /// Nobody, and those other sources without which most is lost, unless they send at any time. None where one of them is near so
    /// much that it may be the reason of all, what the capture missed of it included.
    private func suspects(
        _ requests: [Conversation.Request], _ isFollowed: Following
    ) -> [UInt16?] {
        let time = Conversation.answerTimes[0]
        let followed = requests.filter { isFollowed($0, time, 0, nil, false) }
        let least = max(1, Double(followed.count) * Self.suspiciousShare)
        let sources = Set(conversation.timesToGroups.keys).union(
            conversation.timesToNodes.keys.map { UInt16($0 >> 16) })
        var near: [(source: UInt16, count: Int)] = []
        for source in sources.sorted() {
            let count = followed.count { !isFollowed($0, time, 0, source, false) }
            guard Double(count) >= least else { continue }
            let chance = Self.tail(count, of: followed.count, probability: presence(of: source, near: followed))
            if count * 2 >= followed.count, chance <= Self.conviction { return [] }
            if chance <= Self.suspicion { near.append((source, count)) }
        }
        let gravest = near.sorted { ($1.count, $0.source) < ($0.count, $1.source) }.prefix(Self.mostSuspects)
        return [nil] + gravest.map(\.source)
    }

    /// How often a source sends something that nodes may react to near requests that are moved to any other time.
    private func presence(of source: UInt16, near requests: [Conversation.Request]) -> Double {
        var present = 0
        for request in requests {
            for index in 1...Self.looks {
                let start = moved(request.start, by: span * Double(index) / Double(Self.looks + 1))
                let node = request.node ?? 0
                if conversation.mayProvoke(source, node, between: start - Conversation.slowReaction, and: start + 1) {
                    present += 1
                }
            }
        }
        return Double(present) / Double(max(1, requests.count * Self.looks))
    }

    // MARK: What follows a request

    private func moved(_ time: Double, by shift: Double) -> Double {
        time + shift < span ? time + shift : time + shift - span
    }

    /// Whether the node sends something back in time, where nobody else may be the reason.
    private func isHit(
        _ request: Conversation.Request, within time: Double, movedBy shift: Double, besides suspect: UInt16?,
        behindSilence: Bool = true
    ) -> Bool {
        guard let node = request.node, let replies = conversation.replies[node] else { return false }
        let start = moved(request.start, by: shift)
        guard let place = Conversation.firstIndex(after: start, in: replies, \.time) else { return false }
        let reply = replies[place].time
        guard reply <= start + (request.end - request.start) + time,
            !behindSilence || conversation.isQuiet(before: start, for: Conversation.commonCause)
        else { return false }
        guard let suspect, suspect != node else { return true }
        return !conversation.mayProvoke(suspect, node, between: reply - Conversation.slowReaction, and: reply)
    }

    /// Whether a publication breaks a silence of all nodes: the first one, or the first of another node than the suspect.
    private func isBreak(
        _ request: Conversation.Request, within time: Double, movedBy shift: Double, besides suspect: UInt16?,
        behindSilence: Bool = true
    ) -> Bool {
        let start = moved(request.start, by: shift)
        let publications = conversation.publications
        guard var place = Conversation.firstIndex(after: start, in: publications, \.time) else { return false }
        let end = start + (request.end - request.start) + time
        while place < publications.count, publications[place].source == suspect, publications[place].time <= end {
            place += 1
        }
        guard place < publications.count, publications[place].time <= end else { return false }
        let publication = publications[place]
        guard !behindSilence || conversation.isQuiet(before: start, for: Conversation.silence) else { return false }
        guard let suspect else { return true }
        return !conversation.mayProvoke(
            suspect, publication.source, between: publication.time - Conversation.slowReaction,
            and: publication.time)
    }

    // MARK: Chance

    /// By how often as many are followed when all are moved, and by how often single ones are followed then: the first knows of
    /// periods, the second of small numbers.
    private func chance(
        _ time: Double, _ requests: [Conversation.Request], _ isFollowed: (Conversation.Request, Double) -> Bool
    ) -> Double {
        let observed = requests.count { isFollowed($0, 0) }
        guard observed > 0, span > 2 * time else { return 1 }
        let moved = moves(time, requests, observed, isFollowed)
        return min(
            1,
            Conversation.questions
                * max(moved.asMany, Self.tail(observed, of: requests.count, probability: moved.single)))
    }

    /// The share of moves after which as many are followed, and that of single requests.
    private func moves(
        _ time: Double, _ requests: [Conversation.Request], _ observed: Int,
        _ isFollowed: (Conversation.Request, Double) -> Bool
    ) -> (asMany: Double, single: Double) {
        var (asMany, tested, sum) = (1, 1, 0)
        for index in 0..<Conversation.shifts {
            let shift = span * (Double(index) + 0.5) / Double(Conversation.shifts)
            let followed = requests.count { isFollowed($0, shift) }
            sum += followed
            // Where the requests are moved by so little, the same answers still follow them.
            guard shift > time, shift < span - time else { continue }
            tested += 1
            if followed >= observed { asMany += 1 }
        }
        return (Double(asMany) / Double(tested), Double(sum) / Double(Conversation.shifts * requests.count))
    }

    /// Nodes send by clocks of their own: that the requests to several of them all meet such a clock is as likely as that each
    /// does. A gateway that polls them in turn, at even intervals, is told by that.
    private func chanceByNode(_ time: Double, besides suspect: UInt16?) -> Double {
        let byNode = Dictionary(grouping: asking) { $0.node ?? 0 }.filter { $0.key != 0 && $0.value.count > 1 }
        let chances = byNode.sorted { $0.key < $1.key }.map { _, requests -> Double in
            let observed = requests.count { isHit($0, within: time, movedBy: 0, besides: suspect) }
            guard observed > 1, span > 2 * time else { return 1 }
            return moves(time, requests, observed) { isHit($0, within: time, movedBy: $1, besides: suspect) }.asMany
        }.sorted()
        var (least, ways) = (1.0, 1.0)
        for count in 1...max(1, chances.count) where count <= chances.count {
            ways *= Double(chances.count - count + 1) / Double(count)
            guard count > 1 else { continue }
            let all = (0..<count).reduce(1.0) { product, _ in product * chances[count - 1] }
            least = min(least, ways * all * Double(chances.count))
        }
        return min(1, Conversation.questions * least)
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
