import CaptureFiles
import MeshEvidence
import MeshProtocol

/// The subnets of one network share its IV state: Mesh Protocol 1.1, "IV Update procedure".
enum SubnetRules {
    /// From the first PDU of a network to the last.
    private struct Span {
        let first: CaptureTime
        let last: CaptureTime

        init?(_ sources: [SourceTimeline]) {
            guard let first = sources.compactMap(\.firstTime).min(),
                let last = sources.compactMap({ $0.lastHeard?.time }).max()
            else { return nil }
            self.first = first
            self.last = last
        }
    }

    static func judge(_ network: NetworkState, into log: inout FactLog) {
        judgeIVStates(of: network, into: &log)
        judgeLeader(network, into: &log)
        judgeClocks(of: network, into: &log)
        let span = Span(network.sources)
        for subnet in network.subnets {
            if let span { judgeCadence(subnet, span, network.index, into: &log) }
            judgeKeyRefresh(subnet, network.index, into: &log)
        }
    }

    /// One device alone says the newest state, while several others still say an older one.
    private static func judgeLeader(_ network: NetworkState, into log: inout FactLog) {
        guard let current = network.iv.current, let leader = current.soleAdvertiser,
            network.iv.concurrentLaggards > 1
        else { return }
        let fact = Fact.nodeAhead(current.state, advertiser: leader, others: network.iv.concurrentLaggards)
        log.record(fact, at: current.frame, network: network.index, count: current.count)
    }

    /// Where IV states went up while the captures' times went back, the captures' clocks disagree.
    private static func judgeClocks(of network: NetworkState, into log: inout FactLog) {
        for (earlier, later) in zip(network.iv.records, network.iv.records.dropFirst()) {
            let difference = earlier.firstTime.since(later.firstTime)
            guard earlier.frame.capture != later.frame.capture, difference > BeaconRules.patience else { continue }
            log.record(.clocksDisagree(by: difference), at: later.frame, network: network.index)
        }
    }

    /// PDUs for minutes, and no beacon of a subnet: its beacons are off, or too far away.
    private static func judgeCadence(
        _ subnet: SubnetState, _ span: Span, _ network: NetworkIndex, into log: inout FactLog
    ) {
        let silence = subnet.lastBeacon.map { span.last.since($0.time) } ?? span.last.since(span.first)
        guard silence > BeaconCadence.longestSilence else { return }
        log.record(.beaconsSilent(subnet.identity.keyIndex, for: silence), at: subnet.lastBeacon, network: network)
    }

    /// A Key Refresh only goes forward. Nodes that lag may say the step before for a while; a phase that was not heard may
    /// have passed between two beacons, or been skipped, which the procedure allows.
    private static func judgeKeyRefresh(_ subnet: SubnetState, _ network: NetworkIndex, into log: inout FactLog) {
        let keyIndex = subnet.identity.keyIndex
        for (earlier, later) in zip(subnet.keyRefresh, subnet.keyRefresh.dropFirst()) {
            if earlier.last.time.since(later.first.time) > BeaconRules.patience {
                log.record(.keyRefreshReverted(keyIndex), at: earlier.last, network: network)
            }
            guard later.key > earlier.key, !later.flag else { continue }
            log.record(.keyRefreshPhaseNotHeard(keyIndex), at: later.first, network: network)
        }
    }

    /// A subnet whose own beacons contradict the network's state: its key belongs to another network, or nobody passes
    /// the update on to it.
    ///
    /// One step behind is a lag, as long as it does not last. More steps than there was time for are a contradiction.
    private static func judgeIVStates(of network: NetworkState, into log: inout FactLog) {
        guard let current = network.iv.current, current.evidence.isStatement else { return }
        for subnet in network.subnets {
            guard let highest = subnet.highest, let last = subnet.lastBeacon, highest < current.state else { continue }
            let steps = current.state.step - highest.step
            let isLate = last.time.since(current.firstTime) > BeaconRules.patience
            let isImpossible =
                steps > 1
                && current.firstTime.since(last.time) < IVUpdateRules.minimumStateDuration * (steps - 1)
            guard isLate || isImpossible else { continue }
            let fact = Fact.subnetsDisagree(subnet.identity.keyIndex, says: highest, network: current.state)
            log.record(fact, at: last, network: network.index)
        }
    }
}
