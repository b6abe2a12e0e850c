import ByteParsing
import CaptureFiles
import MeshProtocol

/// The subnets of one network share its IV state: Mesh Protocol 1.1, "IV Update procedure".
enum SubnetRules {
    /// A subnet whose own beacons contradict the network's state: its key belongs to another network, or nobody passes
    /// the update on to it.
    ///
    /// One step behind is a lag, as long as it does not last. More steps than there was time for are a contradiction.
    static func judge(_ network: NetworkRecord, into findings: inout FindingCollector) {
        judgeIVStates(of: network, into: &findings)
        judgeLeader(network, into: &findings)
        let span = span(of: network)
        for (subnet, record) in zip(network.keys.subnets, network.subnets) {
            judgeCadence(record, keyIndex: subnet.keyIndex.value, span, network.index, into: &findings)
            judgeKeyRefresh(record.keyRefresh, keyIndex: subnet.keyIndex.value, network, into: &findings)
        }
    }

    /// One device alone says the newest state, while several others still say an older one.
    private static func judgeLeader(_ network: NetworkRecord, into findings: inout FindingCollector) {
        guard let current = network.timeline.current, let leader = current.soleAdvertiser,
            network.timeline.concurrentLaggards > 1
        else { return }
        let others = Int64(network.timeline.concurrentLaggards)
        findings.record(
            .nodeAhead, .warning, at: current.frame, network: network.index, subject: UInt64(current.state.step),
            count: current.count,
            detail: [
                .init("advertiser", .text(Hexadecimal.deviceAddress(leader))),
                .init("iv_index", .number(Int64(current.state.index.value))), .init("others", .number(others)),
            ])
    }

    /// From the first PDU of a network to the last.
    private static func span(of network: NetworkRecord) -> (first: CaptureTime, last: CaptureTime)? {
        guard let first = network.sources.compactMap(\.firstTime).min(),
            let last = network.sources.compactMap({ $0.lastHeard?.time }).max()
        else { return nil }
        return (first, last)
    }

    /// PDUs for minutes, and no beacon of a subnet: its beacons are off, or too far away.
    private static func judgeCadence(
        _ record: SubnetRecord, keyIndex: UInt16, _ span: (first: CaptureTime, last: CaptureTime)?, _ network: Int,
        into findings: inout FindingCollector
    ) {
        guard let (first, last) = span else { return }
        let since = record.lastBeacon.map { last.since($0.time) } ?? last.since(first)
        guard since > BeaconCadence.longestSilence else { return }
        findings.record(
            .beaconsSilent, .info, at: record.lastBeacon, network: network, subject: UInt64(keyIndex),
            detail: [
                .init("key_index", .number(Int64(keyIndex))), .init("seconds", .number(since.components.seconds)),
            ])
    }

    /// A Key Refresh only goes forward. Nodes that lag may say the step before for a while; a phase that was not heard may
    /// have passed between two beacons, or been skipped, which the procedure allows.
    private static func judgeKeyRefresh(
        _ records: [KeyRefreshRecord], keyIndex: UInt16, _ network: NetworkRecord,
        into findings: inout FindingCollector
    ) {
        let detail = [Finding.Detail("key_index", .number(Int64(keyIndex)))]
        for (earlier, later) in zip(records, records.dropFirst()) {
            if earlier.last.time.since(later.first.time) > BeaconRules.patience {
                findings.record(
                    .keyRefreshReverted, .warning, at: earlier.last, network: network.index,
                    subject: UInt64(keyIndex), detail: detail)
            }
            guard later.key > earlier.key, !later.flag else { continue }
            findings.record(
                .keyRefreshPhaseNotHeard, .info, at: later.first, network: network.index, subject: UInt64(keyIndex),
                detail: detail)
        }
    }

    private static func judgeIVStates(of network: NetworkRecord, into findings: inout FindingCollector) {
        guard let current = network.timeline.current, current.evidence.isStatement else { return }
        for (subnet, record) in zip(network.keys.subnets, network.subnets) {
            guard let highest = record.highest, let last = record.lastBeacon, highest.state < current.state else {
                continue
            }
            let steps = current.state.step - highest.state.step
            let isLate = last.time.since(current.firstTime) > BeaconRules.patience
            let isImpossible =
                steps > 1
                && current.firstTime.since(last.time) < IVUpdateRules.minimumStateDuration * Double(steps - 1)
            guard isLate || isImpossible else { continue }
            findings.record(
                .subnetsDisagree, .critical, at: last, network: network.index, subject: UInt64(subnet.keyIndex.value),
                detail: [
                    .init("key_index", .number(Int64(subnet.keyIndex.value))),
                    .init("iv_index", .number(Int64(highest.state.index.value))),
                    .init("network_iv_index", .number(Int64(current.state.index.value))),
                ])
        }
    }
}
