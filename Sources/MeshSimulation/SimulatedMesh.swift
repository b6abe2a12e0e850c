import ByteParsing
import CaptureFiles
import MeshCrypto
import MeshProtocol

/// A simulated world around one sniffer, or around one host with a log: it sends, relays, loses and damages, and keeps
/// the books.
struct SimulatedMesh {
    /// Probability that a transmission is not captured, and that a captured one is damaged.
    var loss = 0.1
    var damage = 0.02
    /// The address of the host that takes the log itself: its own PDUs are commands, the others are reports.
    var logHost: UInt16?
    /// The address of a node that speaks over a GATT connection only, which is captured whole.
    var proxyClient: UInt16?
    /// In the first network.
    var friendship: SimulatedFriendship?
    var configuration: SimulatedConfiguration?
    var management: SimulatedManagement?
    /// Devices that the master provisions, and with which error code one refuses.
    var provisionings: [(seconds: Double, uuid: UInt128, failure: UInt8?)] = []
    /// AKF and AID of plain access messages.
    var plainHeader: UInt8 = 0x00
    /// Whether relays hear their own advertisements, relay them again, and cut the TransportPDU each time by the length of the
    /// NetMIC, as bluetooth-meshd 5.66 does over the kernel's mesh I/O.
    var echoes = false
    /// Other people's advertising, a second.
    var noiseRate = 0.5

    var networks: [SimulatedNetwork] = []
    var frames: [SimulatedFrame] = []
    var truth = SimulationTruth()
    var random: SeededGenerator
    private var now: CaptureTime?

    private enum Action {
        case message(network: Int, node: Int)
        case beacon(network: Int, node: Int)
        case poll
        case noise
        case configuration(SimulatedConfiguration.Step)
        case management(SimulatedManagement.Step)
        case provisioning(UInt128, failure: UInt8?)
    }

    init(seed: UInt64) {
        random = SeededGenerator(seed: seed)
    }

    mutating func add(_ network: SimulatedNetwork, isForeign: Bool = false) {
        var network = network
        if !isForeign {
            network.truthIndex = truth.networks.count
            truth.networks.append(.init(beacons: Array(repeating: 0, count: network.subnets.count)))
        }
        networks.append(network)
    }

    /// The world from `start` on for a while, captured. Between two calls time passes uncaptured.
    mutating func run(from start: CaptureTime, seconds: Double) {
        for network in networks.indices {
            for node in networks[network].nodes.indices {
                guard let now else { continue }
                let world = networks[network]
                networks[network].nodes[node].live(from: now, until: start, in: world)
            }
        }
        var schedule: [(time: CaptureTime, action: Action)] = []
        for (index, network) in networks.enumerated() {
            for (position, node) in network.nodes.enumerated() {
                plan(.message(network: index, node: position), rate: node.rate, from: start, seconds, into: &schedule)
                plan(.beacon(network: index, node: position), rate: 0.1, from: start, seconds, into: &schedule)
            }
        }
        plan(.noise, rate: noiseRate, from: start, seconds, into: &schedule)
        if friendship != nil { plan(.poll, rate: 0.4, from: start, seconds, into: &schedule) }
        for (moment, step) in configuration?.plan ?? [] {
            schedule.append((start.advanced(by: .microseconds(Int64(moment * 1e6))), .configuration(step)))
        }
        for (moment, step) in management?.plan ?? [] {
            schedule.append((start.advanced(by: .microseconds(Int64(moment * 1e6))), .management(step)))
        }
        for (moment, uuid, failure) in provisionings {
            let time = start.advanced(by: .microseconds(Int64(moment * 1e6)))
            schedule.append((time, .provisioning(uuid, failure: failure)))
        }
        // The order of planning decides among equal times; the sort is stable by that.
        let ordered = schedule.enumerated().sorted { ($0.element.time, $0.offset) < ($1.element.time, $1.offset) }
        for (_, entry) in ordered { perform(entry.action, at: entry.time) }
        now = start.advanced(by: .milliseconds(Int64(seconds * 1000)))
        frames.sort { $0.time < $1.time }
    }

    private mutating func plan(
        _ action: Action, rate: Double, from start: CaptureTime, _ seconds: Double,
        into schedule: inout [(time: CaptureTime, action: Action)]
    ) {
        guard rate > 0 else { return }
        let mean = 1 / rate
        var moment = Double(random.below(1000)) / 1000 * mean
        while moment < seconds {
            schedule.append((start.advanced(by: .microseconds(Int64(moment * 1_000_000))), action))
            moment += mean * (0.5 + Double(random.below(1000)) / 1000)
        }
    }

    private mutating func perform(_ action: Action, at time: CaptureTime) {
        switch action {
        case .message(let network, let node): sendMessage(network, node, at: time)
        case .beacon(let network, let node): sendBeacon(network, node, at: time)
        case .poll: pollFriend(at: time)
        case .noise: sendNoise(at: time)
        case .configuration(let step): perform(step, at: time)
        case .management(let step): perform(step, at: time)
        case .provisioning(let uuid, let failure): provision(uuid: uuid, failure: failure, at: time)
        }
    }

    // MARK: Messages

    private mutating func sendMessage(_ index: Int, _ position: Int, at time: CaptureTime) {
        let network = networks[index]
        guard network.nodes[position].isAlive(at: time) else { return }
        let sequence = takeSequence(network: index, node: position, at: time)
        let node = network.nodes[position]
        let isControl = random.chance(0.2)
        let message = Message(
            network: index, source: node.address, position: sequence, isControl: isControl,
            destination: MeshAddress([0x0001, 0xC000, 0xFFFF, 0x0005][random.below(4)]),
            transport: isControl ? [0x0A, 0x05, 0x00, 0x03] : [plainHeader] + random.octets(5 + random.below(11)),
            material: network.keys(ofSubnet: node.subnets[random.below(node.subnets.count)], at: time).flooding)
        if index == 0, friendship != nil { friendship?.stored.append(message) }
        let ttl = UInt8(3 + random.below(5))
        if let proxyClient, node.address.value == proxyClient {
            guard sendToProxy(message, ttl: ttl, at: time) == .networkPDU else { return }
        } else {
            transmit(message, ttl: ttl, from: node, at: time, isOpen: network.isOpen(at: time))
        }
        relay(message, ttl: ttl - 1, isOpen: network.isOpen(at: time), at: time)
    }

    /// What relays make of a PDU; returns how many copies can be read in the capture.
    @discardableResult
    mutating func relay(_ message: Message, ttl: UInt8, isOpen: Bool, at time: CaptureTime) -> Int {
        var captured = 0
        for relay in networks[message.network].nodes
        where relay.isRelay && relay.address != message.source && relay.isAlive(at: time) {
            guard random.chance(0.7) else { continue }
            let delay = Duration.microseconds(Int64(5000 + random.below(40000)))
            guard !echoes else {
                captured += echo(message, ttl: ttl, from: relay, isOpen: isOpen, at: time.advanced(by: delay))
                continue
            }
            captured += transmit(message, ttl: ttl, from: relay, at: time.advanced(by: delay), isOpen: isOpen)
        }
        return captured
    }

    /// The copies of copies of one relay: each shorter and with a lower TTL, in any order, for seconds.
    private mutating func echo(
        _ message: Message, ttl: UInt8, from relay: SimulatedNode, isOpen: Bool, at time: CaptureTime
    ) -> Int {
        let cut = message.isControl ? 8 : 4
        var (message, ttl, captured) = (message, ttl, 0)
        while ttl > 0, message.transport.count > cut {
            message.transport.removeLast(cut)
            let delay = Duration.milliseconds(Int64(random.below(8000)))
            captured += transmit(message, ttl: ttl, from: relay, at: time.advanced(by: delay), isOpen: isOpen)
            ttl -= 1
        }
        return captured
    }

    struct Message {
        var network: Int
        var source: UnicastAddress
        var position: SequencePosition
        var isControl: Bool
        var destination: MeshAddress
        var transport: [UInt8]
        var material: SecurityMaterial
    }

    /// Returns how many copies can be read in the capture; `isOpen` where the analysis can know the credentials.
    @discardableResult
    mutating func transmit(
        _ message: Message, ttl: UInt8, from node: SimulatedNode, at time: CaptureTime, isOpen: Bool = true
    ) -> Int {
        let pdu = NetworkPDU.seal(
            position: message.position, isControl: message.isControl, ttl: ttl, source: message.source,
            destination: message.destination, transportPDU: message.transport, with: message.material)
        let captured = broadcast(AD.structure(0x2A, pdu.octets), from: node, at: time, times: 1 + random.below(2))
        guard let place = networks[message.network].truthIndex else {
            truth.foreignPDUs += captured
            return captured
        }
        for _ in 0..<(isOpen ? captured : 0) {
            truth.hear(message.position, from: message.source.value, network: place)
        }
        return captured
    }

    /// The next SEQ of a node, noted as used.
    mutating func takeSequence(network index: Int, node position: Int, at time: CaptureTime) -> SequencePosition {
        let state = networks[index].state(at: time)
        let sequence = networks[index].nodes[position].takeSequence(transmitIndex: state.transmitIndex)
        if let place = networks[index].truthIndex {
            let address = networks[index].nodes[position].address.value
            truth.networks[place].sources[address, default: .init()].lastUsed = sequence
        }
        return sequence
    }

    /// A proxy client's PDU on its connection; every fourth SEQ goes into a Proxy Configuration message, which no node
    /// relays, and a beacon comes back now and then.
    private mutating func sendToProxy(
        _ message: Message, ttl: UInt8, at time: CaptureTime
    ) -> ProxyPDU.MessageType {
        let isConfiguration = random.chance(0.25)
        let pdu = NetworkPDU.seal(
            position: message.position, isControl: isConfiguration || message.isControl, ttl: isConfiguration ? 0 : ttl,
            source: message.source, destination: isConfiguration ? MeshAddress(0) : message.destination,
            transportPDU: isConfiguration ? [0x00, 0x00] : message.transport, with: message.material,
            nonce: isConfiguration ? .proxy : .network)
        let type: ProxyPDU.MessageType = isConfiguration ? .proxyConfiguration : .networkPDU
        exchange(type, pdu.octets, .toServer, at: time)
        guard let place = networks[message.network].truthIndex else { return type }
        truth.hear(message.position, from: message.source.value, network: place)
        guard random.chance(0.5), time >= networks[message.network].beaconsFrom else { return type }
        let statement = NetworkBeaconStatement(state: networks[message.network].state(at: time), isKeyRefresh: false)
        let beacon = SecureNetworkBeacon.seal(statement, with: networks[message.network].subnets[0])
        exchange(.meshBeacon, beacon, .toClient, at: time.advanced(by: .milliseconds(3)))
        truth.networks[place].beacons[0] += 1
        let known = truth.networks[place].beaconState ?? statement.state
        truth.networks[place].beaconState = max(known, statement.state)
        return type
    }

    private mutating func exchange(
        _ type: ProxyPDU.MessageType, _ data: [UInt8], _ direction: SimulatedFrame.ProxyDirection, at time: CaptureTime
    ) {
        frames.append(
            SimulatedFrame(
                time: time, channel: 37, address: 0, data: [type.rawValue] + data,
                direction: direction == .toServer ? .sent : .heard, isDamaged: false, type: 0, proxy: direction))
    }

    // MARK: Beacons and others

    private mutating func sendBeacon(_ index: Int, _ position: Int, at time: CaptureTime) {
        let network = networks[index]
        let node = network.nodes[position]
        guard node.isAlive(at: time), time >= network.beaconsFrom else { return }
        let subnet = node.subnets[random.below(node.subnets.count)]
        let keys = network.keys(ofSubnet: subnet, at: time)
        let statement = NetworkBeaconStatement(
            state: network.state(at: time), isKeyRefresh: network.keyRefreshFlag(at: time))
        let beacon: [UInt8]
        switch network.beaconKind {
        case .none: return
        case .secureNetwork: beacon = SecureNetworkBeacon.seal(statement, with: keys)
        case .meshPrivate: beacon = MeshPrivateBeacon.seal(statement, random: random.octets(13), with: keys)
        }
        let captured = broadcast(AD.structure(0x2B, beacon), from: node, at: time, times: 1)
        guard let place = network.truthIndex, network.isOpen(at: time) else {
            truth.foreignBeacons += captured
            return
        }
        truth.networks[place].beacons[subnet] += captured
        guard captured > 0 else { return }
        truth.networks[place].beaconState = max(truth.networks[place].beaconState ?? statement.state, statement.state)
    }

    private mutating func sendNoise(at time: CaptureTime) {
        let flags = AD.structure(0x01, [0x06])
        let address = 0xC0_0000_0000_00 | UInt64(random.below(1 << 24))
        switch random.below(5) {
        case 0: broadcast(flags + AD.structure(0x09, Array("Lamp".utf8)), address: address, type: 0, at: time)
        case 1: broadcast(AD.structure(0xFF, [0x4C, 0x00] + random.octets(20)), address: address, type: 2, at: time)
        case 2: broadcast(AD.structure(0x09, Array("Sensor".utf8)), address: address, type: 4, at: time)
        case 3:
            broadcast(
                flags + AD.structure(0x16, [0xAA, 0xFE] + random.octets(10)), address: address, type: 7, at: time)
        default:
            // A device that waits to be provisioned, and the URI that its beacon's hash stands for.
            let uri: [UInt8] = [0x17] + Array("//example.com/mesh".utf8)
            let hash = UnprovisionedDeviceBeacon.uriHash(ofURIData: uri)
            let uuid = Array(repeating: UInt8(0x5A), count: 15) + [UInt8(random.below(2))]
            let beacon = [0x00] + uuid + [0x40, 0x02] + UInt128(hash).octets.suffix(4)
            broadcast(AD.structure(0x2B, beacon), address: 0xC0_0000_0000_01, type: 2, at: time)
            broadcast(AD.structure(0x24, uri), address: 0xC0_0000_0000_01, type: 2, at: time)
        }
    }

    private mutating func broadcast(_ data: [UInt8], address: UInt64, type: UInt8, at time: CaptureTime) {
        capture(data, address: address, type: type, channel: 37 + UInt8(random.below(3)), at: time)
    }

    /// A node's advertising event on three channels, repeated; returns how many copies can be read in the capture.
    mutating func broadcast(
        _ data: [UInt8], from node: SimulatedNode, at time: CaptureTime, times: Int
    ) -> Int {
        if let logHost, node.address.value == logHost {
            frames.append(
                SimulatedFrame(
                    time: time, channel: 37, address: node.deviceAddress, data: data, direction: .sent,
                    isDamaged: false,
                    type: 2))
            return 1
        }
        var captured = 0
        for event in 0..<times {
            for channel in UInt8(37)...39 where logHost == nil || channel == 37 {
                let delay = Duration.microseconds(Int64(event) * 20000 + Int64(channel - 37) * 450)
                let type: UInt8 = 2
                let isReadable = capture(
                    data, address: node.deviceAddress, type: type, channel: channel, at: time.advanced(by: delay))
                if isReadable { captured += 1 }
            }
        }
        return captured
    }

    /// True if the capture now holds the data undamaged.
    @discardableResult
    private mutating func capture(
        _ data: [UInt8], address: UInt64, type: UInt8, channel: UInt8, at time: CaptureTime
    ) -> Bool {
        guard !random.chance(loss) else { return false }
        // A host's log knows no damaged frames: its controller drops them.
        let isDamaged = logHost == nil && random.chance(damage)
        var data = data
        if isDamaged { data[random.below(data.count)] ^= 1 << UInt8(random.below(8)) }
        frames.append(
            SimulatedFrame(
                time: time, channel: channel, address: address, data: data, direction: .heard, isDamaged: isDamaged,
                type: type))
        return !isDamaged
    }

    mutating func describe(scenario: String, seed: UInt64, master: UInt16?) {
        truth.scenario = scenario
        truth.seed = seed
        truth.master = master
    }
}
