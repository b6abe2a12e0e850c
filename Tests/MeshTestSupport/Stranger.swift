import CaptureFiles
import MeshCrypto
import MeshProtocol
public import MeshSimulation

/// Somebody without the key, who sends what he likes when he likes, and records what he hears; and a capture whose clock goes wrong
/// where he sends.
public struct Stranger {
    /// What he does.
    public enum Act: CaseIterable, Sendable {
        /// PDUs and beacons of a network of his own, with times of their own.
        case foreign
        /// PDUs with the network's NID that no key opens.
        case ownNID
        /// Beacons with the network's Network ID and a wrong Authentication Value.
        case falseBeacons
        /// PB-ADV, device beacons, proxy advertisements and octets that are nothing.
        case noise
    }

    private var random: SeededGenerator
    private let capture: SimulatedCapture

    public init(_ capture: SimulatedCapture, seed: UInt64) {
        self.capture = capture
        random = SeededGenerator(seed: seed ^ 0x5742_616E_6765_7200)
    }

    /// The capture's frames with his among them, some of which have a time that no clock had.
    public mutating func mixed(_ acts: [Act], count: Int) -> [SimulatedFrame] {
        var frames = capture.frames
        for _ in 0..<count {
            let place = random.below(frames.count + 1)
            let near = frames.indices.contains(place) ? frames[place].time : frames[frames.count - 1].time
            let act = acts[random.below(acts.count)]
            frames.insert(frame(data(act), at: time(near)), at: place)
        }
        return frames
    }

    /// What he heard, as it was, once more: at any place, with the time of that place.
    public mutating func replaying(count: Int) -> [SimulatedFrame] {
        var frames = capture.frames
        let recorded = frames.filter { !$0.isDamaged && $0.proxy == nil && $0.direction == .heard }
        guard !recorded.isEmpty else { return frames }
        for _ in 0..<count {
            let place = random.below(frames.count) + 1
            // A recorder hears first, and sends then.
            let heard = recorded.filter { $0.time <= frames[place - 1].time }
            guard !heard.isEmpty else { continue }
            let old = heard[random.below(heard.count)]
            frames.insert(frame(old.data, at: frames[place - 1].time, type: old.type), at: place)
        }
        return frames
    }

    private func frame(_ data: [UInt8], at time: CaptureTime, type: UInt8 = 2) -> SimulatedFrame {
        SimulatedFrame(
            time: time, channel: 37, address: 0xC0_0000_0066_66, data: data, direction: .heard, isDamaged: false,
            type: type)
    }

    /// Now and then a time of its own: seconds back, a day ahead, 300 days ahead.
    private mutating func time(_ near: CaptureTime) -> CaptureTime {
        switch random.next() % 8 {
        case 0: near.advanced(by: .seconds(-15))
        case 1: near.advanced(by: .seconds(86_400))
        case 2: near.advanced(by: .seconds(300 * 86_400))
        case 3: near.advanced(by: .seconds(-300 * 86_400))
        default: near
        }
    }

    private mutating func data(_ act: Act) -> [UInt8] {
        let subnets = capture.keys.networks.flatMap(\.subnets)
        let keys = subnets[random.below(subnets.count)].keys
        let octets = random.octets(28)
        switch act {
        case .foreign:
            let isBeacon = octets[0] < 64
            return isBeacon
                ? AD.structure(0x2B, [1, 0] + octets[1..<22]) : AD.structure(0x2A, Array(octets[0..<24]))
        case .ownNID:
            let nid = octets[0] & 0x80 | (octets[1] < 128 ? keys.flooding.nid : keys.directed.nid)
            return AD.structure(0x2A, [nid] + octets[1..<(14 + Int(octets[2] % 15))])
        case .falseBeacons:
            let networkID = (0..<8).map { UInt8(truncatingIfNeeded: keys.networkID >> (56 - 8 * $0)) }
            return AD.structure(0x2B, [1, octets[0] & 3] + networkID + [0, 0] + octets[1..<11])
        case .noise:
            switch octets[0] % 4 {
            case 0: return AD.structure(0x29, Array(octets[1..<20]))
            case 1: return AD.structure(0x2B, [0] + octets[1..<19])
            case 2: return AD.structure(0x16, [0x28, 0x18] + octets[1..<18])
            default: return AD.structure(octets[1], Array(octets[2..<20]))
            }
        }
    }
}
