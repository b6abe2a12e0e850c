import CaptureFiles
import MeshProtocol

/// Who asks whom under a device key. Both request and answer are encrypted with the device key of the node that is
/// configured, so that only their order tells the one from the other.
struct DeviceKeyExchanges: Hashable, Sendable {
    /// Two addresses, the lower one first, and how often each began to talk.
    private struct Pair: Hashable, Codable {
        let low: UInt16
        let high: UInt16
        var begunByLow = 0
        var begunByHigh = 0
        var last: CaptureTime
    }

    /// An answer comes within this time, also through a Friend.
    private static let longestAnswer = Duration.seconds(60)
    private static let mostPairs = 4096

    /// Each pair at its key.
    private var pairs: [UInt32: Pair] = [:]

    init() {}

    /// Takes an access message under a device key. Who speaks first after a minute of silence between the two asks; what follows
    /// are answers, and more requests.
    mutating func apply(from source: UnicastAddress, to destination: UnicastAddress, at time: CaptureTime) {
        let (low, high) = (min(source, destination).value, max(source, destination).value)
        let key = UInt32(low) << 16 | UInt32(high)
        let known = pairs[key]
        guard known != nil || pairs.count < Self.mostPairs else { return }
        var pair = known ?? Pair(low: low, high: high, last: time)
        let pause = time.since(pair.last)
        if known == nil || pause > Self.longestAnswer || pause < .zero - Self.longestAnswer {
            if source.value == low { pair.begunByLow += 1 } else { pair.begunByHigh += 1 }
        }
        pair.last = max(pair.last, time)
        pairs[key] = pair
    }

    /// How many nodes each address asked more often than they asked it.
    var configured: [UnicastAddress: Int] {
        let asking = pairs.values.compactMap { pair in
            pair.begunByLow == pair.begunByHigh
                ? nil : UnicastAddress(pair.begunByLow > pair.begunByHigh ? pair.low : pair.high)
        }
        return Dictionary(asking.map { ($0, 1) }, uniquingKeysWith: +)
    }
}

extension DeviceKeyExchanges: Codable {
    init(from decoder: any Decoder) throws {
        for pair in try decoder.singleValueContainer().decode([Pair].self) {
            pairs[UInt32(pair.low) << 16 | UInt32(pair.high)] = pair
        }
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(pairs.sorted { $0.key < $1.key }.map(\.value))
    }
}
