import ByteParsing
import CaptureFiles
import MeshCrypto
import MeshProtocol

/// What the master configures, and what is sent under other keys and credentials than plain messages.
struct SimulatedConfiguration {
    enum Step {
        /// The master to a node, by its place; under that node's device key.
        case netKeyUpdate(Int)
        case appKeyAdd(Int)
        case appKeyUpdate(Int)
        case keyRefreshPhase(Int, transition: UInt8)
        case beaconSet(Int)
        case heartbeatPublicationSet(Int)
        /// A node to the virtual address, and one under directed credentials, both under the application key.
        case toVirtualAddress(Int)
        case underDirectedCredentials(Int)
        /// A long application message with a TransMIC of 64 bits.
        case longMessage(Int)
    }

    /// By the nodes' places.
    var deviceKeys: [DevKey]
    var applicationKey: AppKey
    /// What Config AppKey Update replaces the application key with, and a Config NetKey Update the NetKey.
    var newApplicationKey: AppKey
    var label: UInt128
    var plan: [(seconds: Double, step: Step)] = []

    init(nodes: Int, _ random: inout SeededGenerator) {
        deviceKeys = (0..<nodes).map { _ in DevKey(value: random.block()) }
        applicationKey = AppKey(value: random.block())
        newApplicationKey = AppKey(value: random.block())
        label = random.block()
    }
}

/// A Key Refresh of the first subnet: when nodes begin to send under the new key, and when the old one is forgotten.
struct SimulatedKeyRefresh {
    let keys: NetworkKeys
    let phase2At: CaptureTime
    let endsAt: CaptureTime
    /// Whether a Config NetKey Update stands in the capture as a whole, so that the analysis can know the new key.
    var isKnown = false
}

extension SimulatedMesh {
    mutating func perform(_ step: SimulatedConfiguration.Step, at time: CaptureTime) {
        guard let configuration else { return }
        switch step {
        case .netKeyUpdate(let node):
            guard let key = networks[0].keyRefresh?.keys.netKey.value else { return }
            let isHeard = configure([0x80, 0x45, 0, 0] + key.octets, node, answer: [0x80, 0x44, 0, 0, 0], at: time)
            if isHeard { networks[0].keyRefresh?.isKnown = true }
        case .appKeyAdd(let node):
            let payload = [0x00, 0, 0, 0] + configuration.applicationKey.value.octets
            configure(payload, node, answer: [0x80, 0x03, 0, 0, 0, 0], at: time)
        case .appKeyUpdate(let node):
            let payload = [0x01, 0, 0, 0] + configuration.newApplicationKey.value.octets
            configure(payload, node, answer: [0x80, 0x03, 0, 0, 0, 0], at: time)
        case .keyRefreshPhase(let node, let transition):
            let phase: UInt8 = transition == 2 ? 2 : 0
            configure([0x80, 0x16, 0, 0, transition], node, answer: [0x80, 0x17, 0, 0, 0, phase], at: time)
        case .beaconSet(let node): configure([0x80, 0x0A, 1], node, answer: [0x80, 0x0B, 1], at: time)
        case .heartbeatPublicationSet(let node):
            let fields: [UInt8] = [0x01, 0x00, 0x02, 0x05, 0x07, 0x04, 0x00, 0x00, 0x00]
            configure([0x80, 0x39] + fields, node, answer: [0x06, 0] + fields, at: time)
        case .toVirtualAddress(let node):
            let label = LabelUUID(configuration.label)
            let key = AccessKey.application(configuration.applicationKey, label: label)
            sendAccess([0x82, 0x03, 0x01, 0x07], from: node, to: label.address, key, at: time)
        case .underDirectedCredentials(let node):
            let key = AccessKey.application(configuration.applicationKey, label: nil)
            sendAccess([0x82, 0x03, 0x00, 0x08], from: node, to: MeshAddress(0xC000), key, isDirected: true, at: time)
        case .longMessage(let node):
            let key = AccessKey.application(configuration.applicationKey, label: nil)
            let payload = [0xC1, 0xF1, 0x05] + random.octets(20 + random.below(30))
            sendAccess(payload, from: node, to: MeshAddress(0xC000), key, hasLongTransMIC: true, at: time)
        }
    }

    enum AccessKey {
        case device(DevKey)
        case application(AppKey, label: LabelUUID?)

        /// AKF and AID.
        var header: UInt8 {
            switch self {
            case .device: 0
            case .application(let key, _): 0x40 | key.aid
            }
        }

        func seal(
            _ payload: [UInt8], position: SequencePosition, source: UnicastAddress, destination: MeshAddress,
            hasLongTransMIC: Bool
        ) -> [UInt8] {
            switch self {
            case .device(let key):
                UpperTransport.seal(
                    payload, position: position, source: source, destination: destination,
                    hasLongTransMIC: hasLongTransMIC, with: key)
            case .application(let key, let label):
                UpperTransport.seal(
                    payload, position: position, source: source, destination: destination,
                    hasLongTransMIC: hasLongTransMIC, with: key, label: label)
            }
        }
    }

    /// A configuration message of the master and the node's answer; true if the message stands in the capture as a whole.
    @discardableResult
    private mutating func configure(_ payload: [UInt8], _ node: Int, answer: [UInt8], at time: CaptureTime) -> Bool {
        guard let configuration, networks[0].nodes[0].isAlive(at: time) else { return false }
        let key = AccessKey.device(configuration.deviceKeys[node])
        let (master, other) = (networks[0].nodes[0].address, networks[0].nodes[node].address)
        let isHeard = sendAccess(payload, from: 0, to: MeshAddress(other.value), key, at: time)
        sendAccess(
            answer, from: node, to: MeshAddress(master.value), key, at: time.advanced(by: .milliseconds(500)))
        return isHeard
    }

    /// An access message, in segments where it is too long for one PDU; true if all of it stands in the capture.
    @discardableResult
    mutating func sendAccess(
        _ payload: [UInt8], from node: Int, to destination: MeshAddress, _ key: AccessKey,
        hasLongTransMIC: Bool = false, isDirected: Bool = false, isAcknowledged: Bool = true, at time: CaptureTime
    ) -> Bool {
        let source = networks[0].nodes[node].address
        let first = takeSequence(network: 0, node: node, at: time)
        let sealed = key.seal(
            payload, position: first, source: source, destination: destination, hasLongTransMIC: hasLongTransMIC)
        let keys = networks[0].keys(ofSubnet: 0, at: time)
        var message = Message(
            network: 0, source: source, position: first, isControl: false, destination: destination,
            transport: [key.header] + sealed, material: isDirected ? keys.directed : keys.flooding)
        var isHeard = true
        if sealed.count <= 15, !hasLongTransMIC {
            isHeard = flood(message, ttl: 5, from: node, at: time)
        } else {
            let last = (sealed.count - 1) / 12
            for offset in 0...last {
                let later = time.advanced(by: .milliseconds(Int64(offset) * 80))
                if offset > 0 { message.position = takeSequence(network: 0, node: node, at: later) }
                message.transport = Self.segment(
                    sealed, key.header, offset, last, seqZero: first.sequence, hasLongTransMIC)
                isHeard = flood(message, ttl: 5, from: node, at: later) && isHeard
            }
            if destination.isUnicast, isAcknowledged { acknowledge(message, last, seqZero: first.sequence, at: time) }
        }
        if isHeard, let place = networks[0].truthIndex {
            truth.networks[place].messages.append(Hexadecimal.text(payload))
        }
        return isHeard
    }

    ///     SEG 1 · AKF 1 · AID 6 · SZMIC 1 · SeqZero 13 · SegO 5 · SegN 5 bits · segment
    private static func segment(
        _ sealed: [UInt8], _ header: UInt8, _ offset: Int, _ last: Int, seqZero: SequenceNumber, _ isLong: Bool
    ) -> [UInt8] {
        let fields =
            (isLong ? 1 << 23 : 0) | (seqZero.value & 0x1FFF) << 10 | UInt32(offset) << 5 | UInt32(last)
        let octets = [UInt8(fields >> 16), UInt8(fields >> 8 & 0xFF), UInt8(fields & 0xFF)]
        return [0x80 | header] + octets + sealed[(offset * 12)..<min(sealed.count, offset * 12 + 12)]
    }

    /// A Segment Acknowledgment for all segments, by the destination's node.
    private mutating func acknowledge(
        _ message: Message, _ last: Int, seqZero: SequenceNumber, at time: CaptureTime
    ) {
        guard let node = networks[0].nodes.firstIndex(where: { $0.address.value == message.destination.value }),
            networks[0].nodes[node].isAlive(at: time)
        else { return }
        let later = time.advanced(by: .milliseconds(Int64(last) * 80 + 60))
        let block = UInt32(truncatingIfNeeded: (UInt64(1) << UInt64(last + 1)) - 1)
        let header = UInt16(seqZero.value & 0x1FFF) << 2
        let transport =
            [0x00, UInt8(header >> 8), UInt8(header & 0xFF)] + (0..<4).map { UInt8(block >> (24 - 8 * $0) & 0xFF) }
        var answer = message
        answer.source = networks[0].nodes[node].address
        answer.destination = MeshAddress(message.source.value)
        answer.position = takeSequence(network: 0, node: node, at: later)
        answer.isControl = true
        answer.transport = transport
        flood(answer, ttl: 5, from: node, at: later)
    }

    /// A PDU and what relays make of it; true if a readable copy stands in the capture, under keys that can be known.
    @discardableResult
    mutating func flood(_ message: Message, ttl: UInt8, from position: Int, at time: CaptureTime) -> Bool {
        let network = networks[message.network]
        let isOpen = network.isOpen(at: time)
        let direct = transmit(message, ttl: ttl, from: network.nodes[position], at: time, isOpen: isOpen)
        let relayed = relay(message, ttl: ttl - 1, isOpen: isOpen, at: time)
        return direct + relayed > 0 && isOpen
    }
}
