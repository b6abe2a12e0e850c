import CaptureFiles
import MeshProtocol

/// The subnets of one network share its IV state: Mesh Protocol 1.1, "IV Update procedure".
enum SubnetRules {
    /// A subnet whose beacons, long after the network moved, never said so: its key belongs to another network, or
    /// nobody passes the update on to it.
    static func judge(_ network: NetworkRecord, into findings: inout FindingCollector) {
        guard let current = network.timeline.current else { return }
        for (subnet, record) in zip(network.keys.subnets, network.subnets) {
            guard let highest = record.highest, let last = record.lastBeacon, highest.state < current.state,
                current.evidence != .networkPDU, last.time.since(current.firstTime) > BeaconRules.patience
            else { continue }
            findings.record(
                .subnetsDisagree, .critical, at: last, network: network.index, subject: UInt64(subnet.keyIndex),
                detail: [
                    .init("key_index", .number(Int64(subnet.keyIndex))),
                    .init("iv_index", .number(Int64(highest.state.index.value))),
                    .init("network_iv_index", .number(Int64(current.state.index.value))),
                ])
        }
    }
}
