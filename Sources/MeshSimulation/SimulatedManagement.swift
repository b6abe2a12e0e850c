import CaptureFiles
import MeshCrypto
import MeshProtocol

/// What a master does beside sending: it solicits proxy servers, updates firmware, looks for paths, is reported to.
struct SimulatedManagement {
    enum Step {
        /// A node, by its place, sends a Solicitation PDU.
        case solicit(Int)
        /// A node sends a Heartbeat, or a publication of always the same form, to the master.
        case heartbeat(Int)
        case publish(Int)
        /// The master commands a group.
        case command(UInt16)
        /// The master looks for a path.
        case pathRequest
        /// A BLOB transfer of the master, step by step; a node says that it has a block.
        case updateStart(Int)
        case transferStart(Int)
        case blockStart(UInt16)
        case blockStatus(Int, block: UInt16)
        case transferCancel
        /// The master has a Distributor hand out a firmware, which says how far it is.
        case distributionStart(Int)
        case distributionStatus(Int, phase: UInt8)
        /// A segmented message of the master that a node does not acknowledge, and a short one of the node.
        case unacknowledged(Int)
        case answer(Int)
        /// The master tells a node to leave; it does.
        case nodeReset(Int)
        /// The master opens a link over a Remote Provisioning Server.
        case remoteLinkOpen(Int)
    }

    /// In seconds behind the beginning of a run.
    var plan: [(seconds: Double, step: Step)] = []
    /// The next SSEQ of each node, by its place.
    var nextSSEQ: [Int: UInt32] = [:]
    var forwardingNumber: UInt8 = 253
    let blob: UInt64

    static let blobSize: UInt32 = 40_000
    static let blockSizeLog: UInt8 = 12
    static let updateTTL: UInt8 = 6

    init(_ random: inout SeededGenerator) {
        blob = random.next()
    }
}

/// What of a master's management stands in a capture, and can be opened.
public struct ManagementTruth: Sendable {
    /// SSEQ that were captured, by SSRC.
    public var solicited: [UInt16: Set<UInt32>] = [:]
    /// Heartbeats and publications to the master, by source.
    public var heartbeats: [UInt16: Int] = [:]
    /// As above.
    public var publications: [UInt16: Int] = [:]
    /// Commands of the master, by group.
    public var groups: [UInt16: Int] = [:]
    /// The last forwarding number of the master.
    public var forwardingNumber: UInt8?
    /// Whether a BLOB Transfer Start or a Firmware Update Start stands there as a whole.
    public var isTransferHeard = false
    /// Whether its cancellation does.
    public var isCancelled = false
    /// The last block that was begun, of a transfer that was heard.
    public var lastBlock: UInt16?
    /// Who said that it has a block, of a transfer that was heard.
    public var servers: Set<UInt16> = []
    /// What a Distributor was heard to be told, and to say last.
    public var distributor: UInt16?
    /// As above: a phase of a Firmware Distribution Status.
    public var distributionPhase: UInt8?
    /// Messages that were not acknowledged, by node: whole or in part.
    public var unacknowledged: [UInt16: Int] = [:]
    /// Whether a Friend Offer of the master stands there.
    public var isFriend = false
    /// Nodes that said that they left.
    public var left: Set<UInt16> = []
    /// Nodes over which a link was opened.
    public var remote: Set<UInt16> = []
}

extension SimulatedMesh {
    mutating func perform(_ step: SimulatedManagement.Step, at time: CaptureTime) {
        guard let management, let configuration else { return }
        let master = MeshAddress(networks[0].nodes[0].address.value)
        let application = AccessKey.application(configuration.applicationKey, label: nil)
        let isMasterAlive = networks[0].nodes[0].isAlive(at: time)
        switch step {
        case .solicit(let node): solicit(node, at: time)
        case .heartbeat(let node):
            let address = networks[0].nodes[node].address.value
            if control([0x0A, 0x05, 0x00, 0x03], from: node, to: master, at: time) {
                truth.management.heartbeats[address, default: 0] += 1
            }
        case .publish(let node):
            let address = networks[0].nodes[node].address.value
            if sendAccess([0x52, 0x22, 0x01, 0x02], from: node, to: master, application, at: time) {
                truth.management.publications[address, default: 0] += 1
            }
        case .command(let group) where isMasterAlive:
            if sendAccess([0x82, 0x03, 0x01, 0x07], from: 0, to: MeshAddress(group), application, at: time) {
                truth.management.groups[group, default: 0] += 1
            }
        case .pathRequest where isMasterAlive: requestPath(at: time)
        case .updateStart(let node) where isMasterAlive:
            let fields: [UInt8] = [SimulatedManagement.updateTTL, 0x02, 0x00] + management.blob.littleEndian + [0x00]
            let address = MeshAddress(networks[0].nodes[node].address.value)
            let isHeard = sendAccess([0x83, 0x0D] + fields, from: 0, to: address, application, at: time)
            if isHeard { truth.management.isTransferHeard = true }
        case .transferStart(let node) where isMasterAlive:
            let size = (0..<4).map { UInt8(truncatingIfNeeded: SimulatedManagement.blobSize >> UInt32(8 * $0)) }
            let fields = [0x40] + management.blob.littleEndian + size + [SimulatedManagement.blockSizeLog, 0x7C, 0x01]
            let address = MeshAddress(networks[0].nodes[node].address.value)
            let isHeard = sendAccess([0x83, 0x01] + fields, from: 0, to: address, application, at: time)
            if isHeard { truth.management.isTransferHeard = true }
        case .blockStart(let block) where isMasterAlive:
            let fields = [UInt8(block & 0xFF), UInt8(block >> 8), 0x80, 0x00]
            let isHeard = sendAccess([0x83, 0x04] + fields, from: 0, to: MeshAddress(0xC001), application, at: time)
            if isHeard, truth.management.isTransferHeard { truth.management.lastBlock = block }
        case .blockStatus(let node, let block):
            let fields = [0x40, UInt8(block & 0xFF), UInt8(block >> 8), 0x80, 0x00]
            let isHeard = sendAccess([0x67] + fields, from: node, to: master, application, at: time)
            if isHeard, truth.management.isTransferHeard {
                truth.management.servers.insert(networks[0].nodes[node].address.value)
            }
        case .transferCancel where isMasterAlive:
            let payload = [0x83, 0x02] + management.blob.littleEndian
            let isHeard = sendAccess(payload, from: 0, to: MeshAddress(0xC001), application, at: time)
            if isHeard, truth.management.isTransferHeard { truth.management.isCancelled = true }
        case .distributionStart(let node) where isMasterAlive:
            let address = networks[0].nodes[node].address.value
            let fields: [UInt8] = [0, 0, SimulatedManagement.updateTTL, 0x02, 0x00, 0x01, 0x03, 0x00, 0x05, 0xC0]
            if sendAccess([0x83, 0x19] + fields, from: 0, to: MeshAddress(address), application, at: time) {
                truth.management.distributor = address
            }
        case .distributionStatus(let node, let phase):
            let fields: [UInt8] = [
                0, phase, 0x05, 0xC0, 0, 0, SimulatedManagement.updateTTL, 0x02, 0x00, 0x01, 0x03, 0,
            ]
            if sendAccess([0x83, 0x1D] + fields, from: node, to: master, application, at: time) {
                truth.management.distributor = networks[0].nodes[node].address.value
                truth.management.distributionPhase = phase
            }
        case .unacknowledged(let node) where isMasterAlive:
            let before =
                truth.networks[0].sources[master.value]?.epochs.values.reduce(0) { $0 + $1.sequences.count } ?? 0
            let address = networks[0].nodes[node].address
            sendAccess(
                [0xC2, 0xF1, 0x05] + random.octets(20), from: 0, to: MeshAddress(address.value), application,
                isAcknowledged: false, at: time)
            let after =
                truth.networks[0].sources[master.value]?.epochs.values.reduce(0) { $0 + $1.sequences.count } ?? 0
            if after > before { truth.management.unacknowledged[address.value, default: 0] += 1 }
        case .answer(let node): sendAccess([0x82, 0x04, 0x01], from: node, to: master, application, at: time)
        case .nodeReset(let node) where isMasterAlive: reset(node, at: time)
        case .remoteLinkOpen(let node) where isMasterAlive:
            let address = networks[0].nodes[node].address
            let payload = [0x80, 0x59] + random.octets(16)
            let key = AccessKey.device(configuration.deviceKeys[node])
            if sendAccess(payload, from: 0, to: MeshAddress(address.value), key, at: time) {
                truth.management.remote.insert(address.value)
            }
        default: return
        }
    }

    /// A Solicitation PDU, as Zephyr sends it: Flags, the list of services, service data.
    private mutating func solicit(_ position: Int, at time: CaptureTime) {
        let node = networks[0].nodes[position]
        guard node.isAlive(at: time) else { return }
        let sequence = management?.nextSSEQ[position] ?? 0
        management?.nextSSEQ[position] = sequence + 1
        let pdu = SolicitationPDU.seal(
            sequence: SequenceNumber(truncating: sequence), source: node.address, destination: MeshAddress(0),
            with: networks[0].keys(ofSubnet: 0, at: time).flooding)
        let data =
            AD.structure(0x01, [0x06]) + AD.structure(0x03, [0x59, 0x18])
            + AD.structure(0x16, [0x59, 0x18, 0x00] + pdu)
        if broadcast(data, from: node, at: time, times: 3) > 0 {
            truth.management.solicited[node.address.value, default: []].insert(sequence)
        }
    }

    private mutating func requestPath(at time: CaptureTime) {
        let number = management?.forwardingNumber ?? 0
        management?.forwardingNumber = number &+ 1
        let origin = networks[0].nodes[0].address.value
        let parameters = [0x0B, 0x08, number, 0x00, 0x00, 0x23, UInt8(origin >> 8), UInt8(origin & 0xFF)]
        if control(parameters, from: 0, to: MeshAddress(0xFFFB), isDirected: true, at: time) {
            truth.management.forwardingNumber = number
        }
    }

    /// An unsegmented control message; true if a copy of it can be read in the capture.
    private mutating func control(
        _ transport: [UInt8], from position: Int, to destination: MeshAddress, isDirected: Bool = false,
        at time: CaptureTime
    ) -> Bool {
        guard networks[0].nodes[position].isAlive(at: time) else { return false }
        let sequence = takeSequence(network: 0, node: position, at: time)
        let keys = networks[0].keys(ofSubnet: 0, at: time)
        let message = Message(
            network: 0, source: networks[0].nodes[position].address, position: sequence, isControl: true,
            destination: destination, transport: transport, material: isDirected ? keys.directed : keys.flooding)
        return flood(message, ttl: 5, from: position, at: time)
    }

    private mutating func reset(_ node: Int, at time: CaptureTime) {
        guard let configuration else { return }
        let (master, other) = (networks[0].nodes[0].address, networks[0].nodes[node].address)
        let key = AccessKey.device(configuration.deviceKeys[node])
        sendAccess([0x80, 0x49], from: 0, to: MeshAddress(other.value), key, at: time)
        let later = time.advanced(by: .milliseconds(400))
        if sendAccess([0x80, 0x4A], from: node, to: MeshAddress(master.value), key, at: later) {
            truth.management.left.insert(other.value)
        }
        networks[0].nodes[node].diesAt = later.advanced(by: .milliseconds(500))
    }
}

extension UInt64 {
    fileprivate var littleEndian: [UInt8] { (0..<8).map { UInt8(truncatingIfNeeded: self >> UInt64(8 * $0)) } }
}
