import BoundedCollections
public import MeshCrypto
public import MeshProtocol

/// The key above the network layer that opens a message, by its place in the network's list of its kind; keys that the captures
/// handed out stand last.
public enum UpperKeyPlace: Hashable, Codable, Sendable {
    /// An AppKey.
    case application(Int)
    /// A device key.
    case device(Int)
}

/// What an opened Network PDU says, as far as the keys tell.
public enum DecodedMessage: Hashable, Sendable {
    /// An access message, opened with an application or a device key; `segments` is 1 if it was not segmented.
    case access(AccessMessage, segments: Int, key: UpperKeyPlace)
    /// Sealed with a key that is not at hand.
    case closedAccess(LowerTransportPDU.AccessKeyHint, segments: Int)
    /// A control message: Mesh Protocol 1.1, "Transport Control messages". The opcode has 7 bits.
    case control(opcode: UInt8, parameters: [UInt8])
    /// A Proxy Configuration message: Mesh Protocol 1.1, "Proxy configuration messages". The opcode has 6 bits.
    case proxyConfiguration(opcode: UInt8, parameters: [UInt8])
    /// One segment of a message that is not complete yet, or was complete before.
    case segment(offset: UInt8, last: UInt8)
    /// What is left of it breaks the format.
    case broken
}

/// Reassembles and opens the messages of one network: Mesh Protocol 1.1, "Lower transport layer" and "Upper transport
/// layer". Bounded: the oldest unfinished message gives way.
public struct MessageDecoder {
    private struct Key: Hashable {
        var source: UnicastAddress
        var destination: MeshAddress
        var seqAuth: SequencePosition
    }

    private struct Unfinished {
        var segments: [[UInt8]?]
        var missing: Int
    }

    private static let mostUnfinished = 512

    private var keys: KeyRing.Network
    private var unfinished = BoundedStore<Key, Unfinished>(capacity: mostUnfinished)

    /// - Parameter keys: of the network whose messages are to be decoded.
    public init(_ keys: KeyRing.Network) {
        self.keys = keys
    }

    var unfinishedCount: Int { unfinished.count }

    /// What a PDU says.
    ///
    /// - Parameters:
    ///   - pdu: opened with a key of the network.
    ///   - nonce: `proxy` for a Proxy Configuration message.
    /// - Returns: the message, or why it is not one yet.
    public mutating func decode(_ pdu: NetworkPDU, nonce: NonceKind = .network) -> DecodedMessage {
        if nonce == .proxy, let opcode = pdu.transportPDU.first {
            return .proxyConfiguration(opcode: opcode, parameters: Array(pdu.transportPDU.dropFirst()))
        }
        if let hint = LowerTransportPDU.keyHint(ofUnsegmented: pdu), !hasKeys(hint) {
            return .closedAccess(hint, segments: 1)
        }
        guard let lower = try? LowerTransportPDU(pdu), let destination = pdu.destination else { return .broken }
        switch lower {
        case .unsegmentedAccess(let hint, let sealed):
            let message = UpperTransport.Message(
                position: pdu.position, source: pdu.source, destination: destination, hasLongTransMIC: false,
                sealed: sealed)
            return open(message, hint, segments: 1)
        case .segmentedAccess(let hint, let hasLongTransMIC, let segment):
            guard let (seqAuth, sealed) = join(segment, of: pdu, to: destination) else { return .segment(segment) }
            let message = UpperTransport.Message(
                position: seqAuth, source: pdu.source, destination: destination, hasLongTransMIC: hasLongTransMIC,
                sealed: sealed)
            return open(message, hint, segments: Int(segment.last) + 1)
        case .unsegmentedControl(let opcode, let parameters): return .control(opcode: opcode, parameters: parameters)
        case .segmentedControl(let opcode, let segment):
            guard let (_, parameters) = join(segment, of: pdu, to: destination) else { return .segment(segment) }
            return .control(opcode: opcode, parameters: parameters)
        case .segmentAcknowledgment: return .control(opcode: 0, parameters: Array(pdu.transportPDU.dropFirst()))
        }
    }

    /// The whole message when this segment completes it. A segment that is sent again has a fresh SEQ and the same
    /// SeqAuth.
    private mutating func join(
        _ segment: LowerTransportPDU.Segment, of pdu: NetworkPDU, to destination: MeshAddress
    ) -> (SequencePosition, [UInt8])? {
        guard let sequence = pdu.sequence.ofSeqAuth(seqZero: segment.seqZero) else { return nil }
        let seqAuth = SequencePosition(pdu.ivIndex, sequence)
        let key = Key(source: pdu.source, destination: destination, seqAuth: seqAuth)
        let count = Int(segment.last) + 1
        if unfinished[key] == nil {
            unfinished[key] = Unfinished(segments: Array(repeating: nil, count: count), missing: count)
        }
        guard var message = unfinished[key], message.segments.count == count,
            message.segments[Int(segment.offset)] == nil
        else { return nil }
        message.segments[Int(segment.offset)] = segment.octets
        message.missing -= 1
        // A complete message stays known, without its octets, so that late copies do not begin it again.
        guard message.missing == 0 else {
            unfinished[key] = message
            return nil
        }
        let octets = message.segments.flatMap { $0 ?? [] }
        message.segments = Array(repeating: [], count: count)
        unfinished[key] = message
        return (seqAuth, octets)
    }

    /// An AppKey that a configuration message hands out opens what follows.
    private mutating func learn(from message: AccessMessage) {
        switch ConfigurationMessage(message) {
        case .appKeyAdd(_, let key), .appKeyUpdate(_, let key):
            keys.upperKeys.learn(key)
        default: return
        }
    }

    private func hasKeys(_ hint: LowerTransportPDU.AccessKeyHint) -> Bool {
        hint == .deviceKey ? !keys.upperKeys.deviceKeys.isEmpty : !keys.upperKeys.applicationKeys.isEmpty
    }

    private mutating func open(
        _ message: UpperTransport.Message, _ hint: LowerTransportPDU.AccessKeyHint, segments: Int
    ) -> DecodedMessage {
        let opened: (payload: [UInt8], key: UpperKeyPlace)?
        switch hint {
        case .deviceKey: opened = openWithDeviceKeys(message)
        case .applicationKey(let aid): opened = openWithApplicationKeys(message, aid: aid)
        }
        guard let opened, let access = AccessMessage(payload: opened.payload) else {
            return .closedAccess(hint, segments: segments)
        }
        if hint == .deviceKey { learn(from: access) }
        return .access(access, segments: segments, key: opened.key)
    }

    /// The device key is that of the node which is configured: of the destination, or of the source for its answers.
    private func openWithDeviceKeys(_ message: UpperTransport.Message) -> ([UInt8], UpperKeyPlace)? {
        for (place, key) in keys.upperKeys.deviceKeys.enumerated() {
            let isOfNode = key.address.value == message.destination.value || key.address == message.source
            guard isOfNode else { continue }
            if let payload = UpperTransport.open(message, with: key.key) { return (payload, .device(place)) }
        }
        return nil
    }

    private func openWithApplicationKeys(_ message: UpperTransport.Message, aid: UInt8) -> ([UInt8], UpperKeyPlace)? {
        let labels = keys.upperKeys.labels.filter { $0.address == message.destination }
        for (place, key) in keys.upperKeys.applicationKeys.enumerated() where key.aid == aid {
            guard message.destination.isVirtual else {
                if let payload = UpperTransport.open(message, with: key) { return (payload, .application(place)) }
                continue
            }
            for label in labels {
                if let payload = UpperTransport.open(message, with: key, label: label) {
                    return (payload, .application(place))
                }
            }
        }
        return nil
    }
}

extension DecodedMessage {
    fileprivate static func segment(_ segment: LowerTransportPDU.Segment) -> DecodedMessage {
        .segment(offset: segment.offset, last: segment.last)
    }
}
