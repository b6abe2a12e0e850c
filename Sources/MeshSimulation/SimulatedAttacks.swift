import CaptureFiles
import MeshCrypto
import MeshProtocol

/// What somebody without good will, or a careless restoration, adds to a capture.
extension SimulatedMesh {
    /// Sends the first advertisements with an AD structure of this type again, as they were.
    mutating func replay(type: UInt8, after delay: Duration, most: Int) {
        let heard = frames.filter { $0.data.count > 1 && $0.data[1] == type && !$0.isDamaged }.prefix(most)
        for frame in heard {
            frames.append(
                SimulatedFrame(
                    time: frame.time.advanced(by: delay), channel: frame.channel, address: 0xC0_0000_0066_66,
                    data: frame.data, direction: .heard, isDamaged: false, type: frame.type))
        }
        frames.sort { $0.time < $1.time }
    }

    /// One PDU of another's address, sealed with the network's key.
    mutating func spoof(master: UInt16, sequence: UInt32, at time: CaptureTime) {
        guard let source = UnicastAddress(master) else { return }
        let index = networks[0].state(at: time).transmitIndex
        let pdu = NetworkPDU.seal(
            position: SequencePosition(index, SequenceNumber(truncating: sequence)), isControl: false, ttl: 5,
            source: source, destination: MeshAddress(0xC000), transportPDU: [0x40] + random.octets(8),
            with: networks[0].subnets[0].flooding)
        frames.append(
            SimulatedFrame(
                time: time, channel: 37, address: 0xC0_0000_0066_66, data: AD.structure(0x2A, pdu.octets),
                direction: .heard, isDamaged: false, type: 2))
        frames.sort { $0.time < $1.time }
    }
}
