import CaptureFiles
import MeshEvidence
import MeshProtocol

/// Whether a key is still the network's: Mesh Protocol 1.1, "Key Refresh procedure". Once nodes use the new key, nothing is heard
/// under the old one, and as much as before goes on under a NID and a Network ID that nobody knows.
///
/// A network that merely went quiet is no such case: then nothing begins.
enum KeyRules {
    private static let leastHeard = 10
    private static let leastSilence = Duration.seconds(60)
    private static let silentIntervals = 10.0
    /// What begins is heard so often at least, and its share of what was heard of the key before.
    private static let leastBegun = 10
    private static let leastShare = 0.2
    /// What goes on is heard so many times more often than before.
    private static let rise = 3.0

    static func judge(_ state: MeshState, into log: inout FactLog) {
        for network in state.networks {
            for subnet in network.subnets { judge(subnet, of: network, state, into: &log) }
        }
    }

    private static func judge(
        _ subnet: SubnetState, of network: NetworkState, _ state: MeshState, into log: inout FactLog
    ) {
        let uses = subnet.keys.map { network.use(of: $0) }.filter { $0.count > 0 }
        guard let first = uses.compactMap(\.first).min(), let last = uses.compactMap(\.last).max() else { return }
        let heard = uses.reduce(0) { $0 + $1.count }
        guard heard >= leastHeard, let end = state.lastTime else { return }
        let time = max(1, last.since(first).inSeconds)
        let interval = time / Double(heard)
        let silence = end.since(last)
        guard silence > leastSilence, silence.inSeconds > silentIntervals * interval else { return }
        let beacons = uses.reduce(0) { $0 + $1.beacons }
        let old = Span(
            first: first, last: last, pdusPerSecond: Double(heard - beacons) / time,
            beaconsPerSecond: Double(beacons) / time)
        let begun = state.surroundings.begun(instead: old, of: network.index, isBegun)
        guard !begun.isEmpty else { return }
        let fact = Fact.keyFellSilent(
            subnet.identity.keyIndex, since: last, nids: begun.nids, networkIDs: begun.networkIDs,
            sources: network.sources.count { $0.isHeard })
        log.record(fact, network: network.index)
    }

    /// What was heard of a key.
    struct Span {
        let first: CaptureTime
        let last: CaptureTime
        let pdusPerSecond: Double
        let beaconsPerSecond: Double
    }

    /// Whether something began, or is heard far more often, when a key fell silent.
    ///
    /// `usual`: how often its like was heard of the key, a second.
    private static func isBegun(_ tally: HearingTally, instead old: Span, usual: Double) -> Bool {
        guard usual > 0, let after = tally.heard(from: old.last), after.count >= leastBegun, let last = tally.last
        else {
            return false
        }
        let seconds = max(leastSilence.inSeconds, last.since(after.first).inSeconds)
        let perSecond = Double(after.count) / seconds
        let before = tally.count - after.count
        let perSecondBefore = Double(before) / max(1, old.last.since(old.first).inSeconds)
        return perSecond >= leastShare * usual && perSecond >= rise * perSecondBefore
    }
}
