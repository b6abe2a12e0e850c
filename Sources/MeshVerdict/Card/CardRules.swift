import CaptureFiles
import MeshEvidence
import MeshProtocol
import MeshTimelines

/// What a network's state tells of a master beside IV Index and SEQ.
struct CardRules {
    let network: NetworkState
    let keys: KeyRing.Network
    /// The addresses of the master's elements.
    let elements: [UnicastAddress]
    let rules: RecoveryRules

    private var card: CardState { network.card }

    /// The card of the master.
    func judge() -> TakeoverCard {
        TakeoverCard(
            solicitations: network.solicitations.filter { elements.contains($0.address) }.compactMap(solicitation),
            otherSolicitations: network.solicitations.filter { !elements.contains($0.address) }.compactMap(
                solicitation),
            keyRefresh: network.subnets.compactMap(keyRefresh),
            transfers: card.transfers,
            distributions: card.distributions.filter { $0.order != nil || $0.phase != .idle },
            reporters: reporters, groups: groups,
            friendships: card.friendships.filter { isOfMaster($0.friend) && !hasMoved($0) },
            paths: card.pathOrigins.filter { isOfMaster($0.address) },
            nodes: card.nodeChanges.filter { !isOfMaster($0.node) }.sorted {
                ($0.node, $0.first) < ($1.node, $1.first)
            },
            unacknowledged: unacknowledged, isShortened: card.isFull)
    }

    private func isOfMaster(_ address: UnicastAddress) -> Bool { elements.contains(address) }

    private func isOfMaster(_ address: MeshAddress) -> Bool {
        UnicastAddress(address.value).map(isOfMaster) ?? false
    }

    /// Whether the Low Power node has another Friend since: a Friend Clear says so, or its polls.
    private func hasMoved(_ friendship: Friendship) -> Bool {
        let last = friendship.lastPoll ?? friendship.last
        return card.friendClears.contains {
            $0.lowPowerNode == friendship.lowPowerNode && $0.friend == friendship.friend && $0.frame > last
        }
            || card.friendships.contains { other in
                other.lowPowerNode == friendship.lowPowerNode && other.friend != friendship.friend
                    && other.lastPoll.map { $0 > last } ?? false
            }
    }

    // MARK: SSEQ

    private func solicitation(_ source: SolicitationTimeline) -> TakeoverCard.Solicitation? {
        guard let newest = source.timeline.epochs().last else { return nil }
        return TakeoverCard.Solicitation(
            address: source.address, last: newest.lastSequence, lastHeard: newest.lastFrame, distinct: newest.distinct,
            answer: rules.answer(source, newest), fall: source.fall)
    }

    // MARK: Key Refresh

    private func keyRefresh(_ subnet: SubnetState) -> TakeoverCard.KeyRefresh? {
        let index = subnet.identity.keyIndex
        let messages = card.keyRefresh.filter { $0.keyIndex == index }
        let steps = subnet.keyRefreshSteps
        guard !messages.isEmpty || steps.contains(where: { $0.phase != .normal }) else { return nil }
        let latest = steps.max { $0.record.last < $1.record.last }
        return TakeoverCard.KeyRefresh(
            keyIndex: index, oldNetworkID: subnet.identity.oldNetworkID, networkID: subnet.identity.networkID,
            beacons: latest, messages: messages, phase: phase(latest, messages))
    }

    /// Beacons under the new key tell; under the old one, whether the new key was handed out.
    private func phase(_ step: SubnetState.KeyRefreshStep?, _ messages: [KeyRefreshMessage]) -> UInt8? {
        switch step?.phase {
        case .phase2: return 2
        case .newKey: return 0
        case .normal, .oldKey, nil:
            // Each node's own last word; a refresh goes on while one of them has the new key.
            var byNode: [UnicastAddress: KeyRefreshMessage] = [:]
            for message in messages where message.kind != .phaseSet {
                if byNode[message.node].map({ $0.frame < message.frame }) ?? true { byNode[message.node] = message }
            }
            return byNode.values.map(\.phase).max() ?? (step?.phase == .normal ? 0 : nil)
        }
    }

    // MARK: Who reports, and who is commanded

    private var reporters: [TakeoverCard.Reporter] {
        let heard = card.strands.compactMap { strand -> TakeoverCard.Reporter? in
            guard isOfMaster(strand.destination), !isOfMaster(strand.source) else { return nil }
            let isHeartbeat = strand.form == .heartbeat
            guard isHeartbeat ? !isStopped(strand) : isPublication(strand) else { return nil }
            return TakeoverCard.Reporter(
                source: strand.source, destination: strand.destination, kind: isHeartbeat ? .heartbeat : .publication,
                period: strand.period, count: strand.count, last: strand.last)
        }
        let configured = card.heartbeatPublications.compactMap { publication -> TakeoverCard.Reporter? in
            guard isOfMaster(publication.destination), publication.period > 0,
                !heard.contains(where: { $0.source == publication.node && $0.kind == .heartbeat })
            else { return nil }
            return TakeoverCard.Reporter(
                source: publication.node, destination: publication.destination, kind: .heartbeatConfigured,
                period: .seconds(publication.period), count: 0, last: publication.frame)
        }
        return (heard + configured).sorted { ($0.source, $0.last) < ($1.source, $1.last) }
    }

    /// A node that was told since to send its Heartbeats elsewhere, or none.
    private func isStopped(_ strand: Strand) -> Bool {
        card.heartbeatPublications.contains {
            $0.node == strand.source && $0.frame > strand.last && $0.destination != strand.destination
        }
    }

    /// What comes regularly, unasked, and under an application key: answers, and all under device keys, are on demand.
    private func isPublication(_ strand: Strand) -> Bool {
        if case .access(let key, _) = strand.form, key & 0x40 == 0 { return false }
        return strand.period != nil
    }

    private var groups: [TakeoverCard.Group] {
        var groups: [MeshAddress: TakeoverCard.Group] = [:]
        for strand in card.strands where isOfMaster(strand.source) && !strand.destination.isUnicast {
            guard strand.form != .heartbeat, strand.destination.value != 0 else { continue }
            let known = groups[strand.destination]
            groups[strand.destination] = TakeoverCard.Group(
                address: strand.destination, name: keys.name(of: strand.destination),
                count: (known?.count ?? 0) + strand.count, last: max(known?.last ?? strand.last, strand.last))
        }
        return groups.values.sorted { $0.address.value < $1.address.value }
    }

    /// One acknowledgment may have been missed.
    private static let fewestUnacknowledged = 2

    /// Old iOS libraries hold the SeqAuth of a source apart from its SEQ, and too high: they ignore segmented messages alone.
    private var unacknowledged: [TakeoverCard.Unacknowledged] {
        card.strands.compactMap { strand in
            guard strand.unacknowledged >= Self.fewestUnacknowledged, isOfMaster(strand.source),
                let node = UnicastAddress(strand.destination.value), !isOfMaster(node)
            else { return nil }
            let answers = card.strands.filter { answer in
                answer.source == node && isOfMaster(answer.destination) && answer.form != .heartbeat
                    && strand.unacknowledgedSince.map { answer.last > $0 } ?? false
            }
            guard !answers.isEmpty else { return nil }
            return TakeoverCard.Unacknowledged(
                node: node, count: strand.unacknowledged, answers: answers.reduce(0) { $0 + $1.count },
                last: strand.last)
        }.sorted { $0.node < $1.node }
    }
}

extension RecoveryRules {
    /// What a replacement's SSEQ must be, with the care that SEQ get: how much of them was heard, and how long they may have been spent
    /// unheard. No stack reserves them in blocks. `nil` where none is left.
    func answer(_ source: SolicitationTimeline, _ newest: Epoch) -> TakeoverCard.Solicitation.Answer? {
        var options = options
        (options.stack, options.block, options.restarts) = (nil, nil, nil)
        let margin = MarginRules(
            source: source.timeline, newest: newest, isCurrent: true, lastTimeBeforeMove: nil, hasForgotten: false,
            clocks: clocks, options: options, calmRate: RateMeter.assumedRate, unheardElements: 0)
        let least = UInt64(newest.lastSequence.value) + 1
        guard let minimum = SequenceNumber(least), let terms = margin.terms(above: minimum),
            let recommended = SequenceNumber(terms.reduce(least) { $0 + UInt64($1.value) })
        else { return nil }
        return .init(minimum: minimum, recommended: recommended, margin: terms)
    }
}
