import MeshEvidence
import MeshProtocol
import MeshTimelines

/// A unicast address that a replacement can take where no SEQ can be told: one that nothing known uses.
enum AddressChoice {
    private static let last: UInt16 = 0x7FFF

    /// The first of as many free addresses in a row as the failed node has, behind the highest one in use if there is room;
    /// `nil` if there is none, or if nothing tells which are in use.
    ///
    /// The address of a removed node is free once the IV Index has moved on twice since: Mesh Protocol 1.1, "Node
    /// Removal procedure".
    static func free(
        besides failed: [UnicastAddress], in network: NetworkState, _ keys: KeyRing.Network
    ) -> UnicastAddress? {
        guard !network.sources.isEmpty || !keys.nodes.isEmpty else { return nil }
        let count = failed.count
        var used = Set(network.sources.map(\.address.value)).union(failed.map(\.value))
        for node in keys.nodes {
            for element in 0..<node.elements { used.insert(node.address.value &+ UInt16(truncatingIfNeeded: element)) }
        }
        used.formUnion(keys.upperKeys.deviceKeys.map(\.address.value))
        let current = network.iv.current.map { UInt64($0.state.index.value) } ?? 0
        for exclusion in keys.exclusions where current < UInt64(exclusion.ivIndex.value) + 2 {
            used.formUnion(exclusion.addresses)
        }
        let highest = used.filter { $0 <= last }.max() ?? 0
        let starts = [highest &+ 1, 1].filter { (1...last).contains($0) }
        for start in starts {
            var run = 0
            for address in start...last {
                run = used.contains(address) ? 0 : run + 1
                if run == count { return UnicastAddress(address - UInt16(count - 1)) }
            }
        }
        return nil
    }
}
