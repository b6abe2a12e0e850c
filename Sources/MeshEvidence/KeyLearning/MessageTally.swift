public import MeshProtocol

/// Which keys above the network layer open the messages of one network: a fold over its PDUs.
///
/// Bounded: after so many messages the rest says no more about the keys.
public struct MessageTally {
    private static let mostMessages = 65_536

    private var decoder: MessageDecoder
    /// What was counted so far.
    public private(set) var counts = Counts()

    /// What was counted, without the keys.
    public struct Counts: Hashable, Codable, Sendable {
        fileprivate var left = mostMessages

        /// Nothing was counted.
        public init() {}

        /// Messages that each key opened.
        public fileprivate(set) var opened: [UpperKeyPlace: Int] = [:]
        /// Messages of each AID that nothing opened.
        public fileprivate(set) var closedByAID: [UInt8: Int] = [:]
        /// Messages under a device key that nothing opened, by the addresses at both ends, in both directions.
        public fileprivate(set) var closedBetween: [Pair: Int] = [:]
    }

    /// Two unicast addresses; the lower one is first.
    public struct Pair: Hashable, Codable, Sendable {
        /// The lower address.
        public let low: UnicastAddress
        /// The higher address.
        public let high: UnicastAddress
    }

    /// `counts`: what was counted before with the same keys.
    public init(_ keys: KeyRing.Network, continuing counts: Counts = Counts()) {
        decoder = MessageDecoder(keys)
        self.counts = counts
    }

    /// Nothing was decoded yet.
    public init(_ keys: KeyRing.Network) {
        self.init(keys, continuing: Counts())
    }

    /// Takes a PDU that was heard for the first time.
    public mutating func apply(_ opened: OpenedPDU) {
        guard counts.left > 0 else { return }
        counts.left -= 1
        switch decoder.decode(opened.pdu, nonce: opened.nonce) {
        case .access(_, _, let key): counts.opened[key, default: 0] += 1
        case .closedAccess(.applicationKey(let aid), _): counts.closedByAID[aid, default: 0] += 1
        case .closedAccess(.deviceKey, _):
            guard let destination = opened.pdu.destination.flatMap({ UnicastAddress($0.value) }) else { return }
            let source = opened.pdu.source
            counts.closedBetween[Pair(low: min(source, destination), high: max(source, destination)), default: 0] += 1
        case .control, .proxyConfiguration, .segment, .broken: break
        }
    }
}
