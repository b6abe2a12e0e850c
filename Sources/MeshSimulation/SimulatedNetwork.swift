import CaptureFiles
import MeshCrypto
import MeshProtocol

/// A network and what is scheduled to happen to it.
struct SimulatedNetwork {
    enum BeaconKind { case secureNetwork, meshPrivate, none }

    /// From `time` on, the network is in `state`.
    struct Change {
        var time: CaptureTime
        var state: IVState
    }

    var subnets: [NetworkKeys]
    var nodes: [SimulatedNode]
    var changes: [Change]
    var beaconKind = BeaconKind.secureNetwork
    /// Nodes send no beacons before this time.
    var beaconsFrom = CaptureTime(nanoseconds: .min)
    /// Of the first subnet.
    var keyRefresh: SimulatedKeyRefresh?
    /// Index in the truth's networks; `nil` for a network that nobody has keys of.
    var truthIndex: Int?

    /// The keys that nodes send under.
    func keys(ofSubnet subnet: Int, at time: CaptureTime) -> NetworkKeys {
        guard subnet == 0, let keyRefresh, time >= keyRefresh.phase2At else { return subnets[subnet] }
        return keyRefresh.keys
    }

    func keyRefreshFlag(at time: CaptureTime) -> Bool {
        keyRefresh.map { time >= $0.phase2At && time < $0.endsAt } ?? false
    }

    /// Whether the analysis can know the keys that nodes send under.
    func isOpen(at time: CaptureTime) -> Bool {
        keyRefresh.map { time < $0.phase2At || $0.isKnown } ?? true
    }

    func state(at time: CaptureTime) -> IVState {
        changes.last { $0.time <= time }?.state ?? changes[0].state
    }

    /// When the transmit IV Index became what it is at `time`; `nil` if it never changed.
    func transmitIndexChange(before time: CaptureTime) -> CaptureTime? {
        let index = state(at: time).transmitIndex
        let passed = changes.filter { $0.time <= time }
        guard let first = passed.first(where: { $0.state.transmitIndex == index }),
            index != changes[0].state.transmitIndex
        else { return nil }
        return first.time
    }

    /// A NetKey with a given NID, so that foreign networks look like ours.
    static func keys(withNID nid: UInt8, _ random: inout SeededGenerator) -> NetworkKeys {
        while true {
            let keys = NetworkKeys(NetKey(value: random.block()))
            if keys.flooding.nid == nid { return keys }
        }
    }
}

/// A node with one element.
struct SimulatedNode {
    let address: UnicastAddress
    /// Indexes in the network's subnets.
    var subnets = [0]
    var isRelay = false
    /// PDUs a second, on average.
    var rate = 0.2
    var diesAt: CaptureTime?
    var nextSequence: UInt32
    var transmitIndex: IVIndex
    var deviceAddress: UInt64

    func isAlive(at time: CaptureTime) -> Bool { diesAt.map { time < $0 } ?? true }

    /// SEQ for the next PDU; it begins at 0 when the transmit IV Index has changed.
    mutating func takeSequence(transmitIndex index: IVIndex) -> SequencePosition {
        if index > transmitIndex {
            transmitIndex = index
            nextSequence = 0
        }
        defer { nextSequence += 1 }
        return SequencePosition(index, SequenceNumber(truncating: nextSequence))
    }

    /// Another device takes the address, and begins at this SEQ.
    mutating func restart(at sequence: UInt32) {
        diesAt = nil
        nextSequence = sequence
    }

    /// Lives on unheard until `time`: SEQ is spent at the node's rate.
    mutating func live(from start: CaptureTime, until time: CaptureTime, in network: SimulatedNetwork) {
        let end = min(time, diesAt ?? time)
        guard end > start else { return }
        let index = network.state(at: end).transmitIndex
        var since = start
        if index > transmitIndex {
            transmitIndex = index
            nextSequence = 0
            since = network.transmitIndexChange(before: end) ?? start
        }
        let seconds = max(0, end.since(since).components.seconds)
        nextSequence += UInt32(Double(seconds) * rate)
    }
}
