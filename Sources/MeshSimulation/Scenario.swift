public import CaptureFiles
import MeshCrypto
public import MeshProtocol

/// The stories that can be simulated.
public enum Scenario: String, CaseIterable, Sendable {
    /// A network in Normal Operation whose master falls silent.
    case steady
    /// As steady, but no beacon is heard in the first half.
    case lateBeacon = "late-beacon"
    /// An IV Update from start to end, the master alive.
    case ivUpdate = "iv-update"
    /// The master dies before an IV Update, during it, and after it.
    case deadBeforeUpdate = "dead-before-update"
    case deadDuringUpdate = "dead-during-update"
    case deadAfterUpdate = "dead-after-update"
    /// The capture ends while the update in which the master died is still in progress.
    case deadInProgress = "dead-in-progress"
    /// Only Mesh Private beacons.
    case privateBeacons = "private-beacons"
    /// Two subnets of one network, and a foreign network with the NID of the first.
    case subnets
    /// A log of the master's own host: its PDUs stand there only as commands.
    case hostLog = "host-log"
    /// Four of ten frames lost, one of ten damaged.
    case lossy
    /// The master is a proxy client: all that it says crosses a GATT connection, in pieces.
    case proxyMaster = "proxy-master"
    /// A Low Power node and its Friend, who delivers what it stored under friendship credentials, minutes later.
    case friendship
    /// The master configures nodes under their device keys, and nodes speak to a virtual address and under directed
    /// credentials. The application key is handed out in the capture.
    case configuration
    /// A Key Refresh; the new key stands only in Config NetKey Update messages, which the device keys open.
    case keyRefresh = "key-refresh"
    /// The master provisions two devices over PB-ADV; one of them refuses.
    case provisioning
    /// No beacon at all, at IV Index 0x0001A2B3, and at 0xDEADBEEF.
    case noBeacon = "no-beacon"
    case noBeaconFar = "no-beacon-far"
    /// PDUs, and beacons, that are recorded and sent again long after.
    case replayedPDUs = "replayed-pdus"
    case replayedBeacons = "replayed-beacons"
    /// One PDU with SEQ 0xFFFFFF, sealed with the right key.
    case spoofedSEQ = "spoofed-seq"
    /// A replacement that starts at SEQ 0 under the same IV Index.
    case wrongReplacement = "wrong-replacement"
    /// What a replacement meets that starts with an IV Index of its own: one behind an update in progress; far behind one;
    /// one behind a state that is normal already; more than 42 behind.
    case ownFollows = "own-follows"
    case ownRecovers = "own-recovers"
    case ownMissedUpdate = "own-missed-update"
    case ownDeaf = "own-deaf"
    /// A replacement that starts above all that the failed master used, and nodes that answer it.
    case swap
    /// The master and a node restart twice, each time a block of SEQ further.
    case reboots
    /// Relays hear themselves, and cut each copy of a copy short.
    case echoingRelays = "echoing-relays"
    /// A master that manages: it solicits proxy servers, is the Friend of a sensor, is reported to, looks for paths, and dies in the
    /// middle of a firmware update.
    case managingMaster = "managing-master"
    /// A master that loses its SSEQ and begins anew at 0.
    case solicitationRestart = "solicitation-restart"
    /// As friendship, but the Friend Request was not heard.
    case friendOffer = "friend-offer"

    /// Nothing is wrong in it, and what can be known is known by default.
    public var isHarmless: Bool {
        switch self {
        case .noBeaconFar, .replayedPDUs, .replayedBeacons, .spoofedSEQ, .wrongReplacement, .solicitationRestart: false
        default: true
        }
    }

    /// The IV Index that a replacement starts with, where the story is about that.
    var replacementIVIndex: UInt32? {
        switch self {
        case .ownFollows: 158
        case .ownRecovers: 159
        case .ownMissedUpdate: 155
        case .ownDeaf: 0
        default: nil
        }
    }

    /// The network's state, where the story needs a certain one.
    var state: IVState? {
        switch self {
        case .noBeacon: .normalOperation(IVIndex(0x0001_A2B3))
        case .noBeaconFar: .normalOperation(IVIndex(0xDEAD_BEEF))
        case .ownFollows: .updateInProgress(IVIndex(159))
        case .ownRecovers, .ownDeaf: .updateInProgress(IVIndex(190))
        case .ownMissedUpdate: .normalOperation(IVIndex(156))
        default: nil
        }
    }
}

/// A simulated capture: what stands in it, its keys, and the truth.
public struct SimulatedCapture: Sendable {
    /// What the sniffer or the host heard, in the order of time.
    public let frames: [SimulatedFrame]
    /// Of all networks that the key file holds.
    public let keys: KeyRing
    /// What was sent, whether the capture holds it or not.
    public let truth: SimulationTruth
    /// The keys as a key file of the project's own format.
    public let keyFile: String

    /// Plays a scenario; the same seed gives the same capture.
    public init(_ scenario: Scenario, seed: UInt64) {
        var story = Story(scenario, seed: seed)
        story.play()
        frames = story.mesh.frames
        truth = story.mesh.truth
        keys = story.keyRing
        keyFile = story.keyFile
    }

    /// The octets of a capture file.
    public func write(_ container: CaptureContainer, _ framing: LinkFraming, linkType: LinkType) -> [UInt8] {
        var framing = framing
        framing.byteOrder = container.byteOrder
        var writer = CaptureWriter(container, linkTypes: [linkType])
        for frame in frames {
            for wrapped in framing.wrap(frame) {
                writer.write(wrapped.octets, at: frame.time, flags: wrapped.flags)
            }
        }
        return writer.removeOctets()
    }

    /// A pcapng whose interfaces differ in link type, each with every other frame.
    public func writeMixed(_ order: CaptureContainer.ByteOrder, _ linkTypes: [LinkType]) -> [UInt8] {
        var framings = linkTypes.map { LinkFraming($0) }
        var writer = CaptureWriter(.pcapng(order, .nanoseconds), linkTypes: linkTypes)
        for (index, frame) in frames.enumerated() {
            let interface = index % linkTypes.count
            for wrapped in framings[interface].wrap(frame) {
                writer.write(wrapped.octets, at: frame.time, interface: interface, flags: wrapped.flags)
            }
        }
        return writer.removeOctets()
    }
}

/// Plays one scenario.
private struct Story {
    let scenario: Scenario
    let seed: UInt64
    var mesh: SimulatedMesh
    let start: CaptureTime
    let masterAddress: UInt16 = 0x0001
    private static let hour: Int64 = 3600

    init(_ scenario: Scenario, seed: UInt64) {
        self.scenario = scenario
        self.seed = seed
        mesh = SimulatedMesh(seed: seed &* 0x1_0000_01B3 &+ UInt64(Scenario.allCases.firstIndex(of: scenario) ?? 0))
        // 2026-06-01T00:00:00Z
        start = CaptureTime(seconds: 1_780_272_000)
    }

    private func time(hours: Int64, seconds: Int64 = 0) -> CaptureTime {
        start.advanced(by: .seconds(hours * Self.hour + seconds))
    }

    mutating func play() {
        addNetwork()
        switch scenario {
        case .friendOffer, .steady, .privateBeacons, .subnets, .hostLog, .proxyMaster, .friendship, .lossy, .noBeacon,
            .noBeaconFar,
            .ownFollows, .ownRecovers, .ownMissedUpdate, .ownDeaf:
            runSteady()
        case .replayedPDUs, .spoofedSEQ, .wrongReplacement: runAttack()
        case .replayedBeacons: runReplayedBeacons()
        case .configuration, .keyRefresh, .provisioning: runBusy()
        case .managingMaster, .solicitationRestart: runManagement()
        case .swap: runSwap()
        case .reboots: runReboots()
        case .echoingRelays:
            mesh.echoes = true
            mesh.loss = 0.3
            runSteady()
        case .lateBeacon:
            mesh.networks[0].beaconsFrom = start.advanced(by: .seconds(12))
            runSteady()
        case .ivUpdate: runUpdate(masterDies: nil)
        case .deadBeforeUpdate: runUpdate(masterDies: time(hours: 0, seconds: 9))
        case .deadDuringUpdate: runUpdate(masterDies: time(hours: 30, seconds: 9))
        case .deadAfterUpdate: runUpdate(masterDies: time(hours: 140, seconds: 9))
        case .deadInProgress: runUpdate(masterDies: time(hours: 30, seconds: 9), isCutShort: true)
        }
        mesh.describe(scenario: scenario.rawValue, seed: seed, master: masterAddress)
    }

    private mutating func addNetwork() {
        let drawn = IVIndex(UInt32(mesh.random.below(1 << 16)))
        let state = scenario.state ?? .normalOperation(drawn)
        let index = state.transmitIndex
        var network = SimulatedNetwork(
            subnets: [NetworkKeys(NetKey(value: mesh.random.block()))], nodes: [],
            changes: [.init(time: CaptureTime(nanoseconds: .min), state: state)])
        if [.noBeacon, .noBeaconFar].contains(scenario) { network.beaconKind = .none }
        if scenario == .subnets { network.subnets.append(NetworkKeys(NetKey(value: mesh.random.block()))) }
        if scenario == .privateBeacons { network.beaconKind = .meshPrivate }
        if scenario == .lossy {
            mesh.loss = 0.4
            mesh.damage = 0.1
        }
        if scenario == .hostLog { mesh.logHost = masterAddress }
        if scenario == .proxyMaster { mesh.proxyClient = masterAddress }
        if scenario == .friendship || scenario == .friendOffer {
            mesh.friendship = SimulatedFriendship(lpn: 3, friend: 2)
            mesh.friendship?.isRequestUnheard = scenario == .friendOffer
        }
        for (position, address) in [masterAddress, 0x0005, 0x0010, 0x0023].enumerated() {
            guard let unicast = UnicastAddress(address) else { continue }
            var node = SimulatedNode(
                address: unicast, nextSequence: UInt32(mesh.random.below(100_000)), transmitIndex: index,
                deviceAddress: 0xC0_0000_0001_00 + UInt64(address))
            node.isRelay = position == 1 || position == 3
            if scenario == .subnets { node.subnets = [[0, 1], [0], [1], [0, 1]][position] }
            network.nodes.append(node)
        }
        mesh.add(network)
        if scenario == .subnets || scenario == .lossy { addForeign(like: network) }
    }

    /// Other people's network with the NID of our first key.
    private mutating func addForeign(like network: SimulatedNetwork) {
        let index = IVIndex(UInt32(mesh.random.below(1 << 16)))
        let keys = SimulatedNetwork.keys(withNID: network.subnets[0].flooding.nid, &mesh.random)
        guard let address = UnicastAddress(0x0001) else { return }
        let node = SimulatedNode(
            address: address, nextSequence: 500, transmitIndex: index, deviceAddress: 0xC0_0000_0002_01)
        mesh.add(
            SimulatedNetwork(
                subnets: [keys], nodes: [node],
                changes: [.init(time: CaptureTime(nanoseconds: .min), state: .normalOperation(index))]),
            isForeign: true)
    }

    private mutating func runSteady() {
        mesh.networks[0].nodes[0].diesAt = start.advanced(by: .seconds(18))
        mesh.run(from: start, seconds: 24)
    }

    /// A minute and a half, in which the attack is at its place.
    private mutating func runAttack() {
        mesh.networks[0].nodes[0].diesAt = scenario == .wrongReplacement ? start.advanced(by: .seconds(30)) : nil
        mesh.loss = 0.6
        mesh.run(from: start, seconds: 60)
        switch scenario {
        case .replayedPDUs: mesh.replay(type: 0x2A, after: .seconds(40), most: 12)
        case .spoofedSEQ: mesh.spoof(master: masterAddress, sequence: 0xFF_FFFF, at: start.advanced(by: .seconds(33)))
        default: mesh.networks[0].nodes[0].restart(at: 0)
        }
        mesh.run(from: start.advanced(by: .seconds(60)), seconds: 40)
    }

    /// Half a minute of the old device, silence, and the replacement at second 60, which asks every node.
    private mutating func runSwap() {
        mesh.loss = 0.3
        mesh.plainHeader = 0x4A
        mesh.configuration = SimulatedConfiguration(nodes: mesh.networks[0].nodes.count, &mesh.random)
        mesh.networks[0].nodes[0].diesAt = start.advanced(by: .seconds(30))
        mesh.run(from: start, seconds: 60)
        mesh.networks[0].nodes[0].restart(at: mesh.networks[0].nodes[0].nextSequence + 4196)
        mesh.configuration?.plan = (0..<6).map { (3 + Double($0) * 6, .beaconSet(1 + $0 % 3)) }
        mesh.run(from: start.advanced(by: .seconds(60)), seconds: 40)
    }

    /// Blocks as stacks reserve them: 128 at the master, 8192 at a node.
    private mutating func runReboots() {
        mesh.loss = 0.4
        for (begin, seconds) in [(Int64(0), 40.0), (50, 30), (90, 30)] {
            if begin > 0 {
                for (node, block) in [(0, UInt32(128)), (2, 8192)] {
                    let next = mesh.networks[0].nodes[node].nextSequence
                    mesh.networks[0].nodes[node].restart(at: (next / block + 1) * block)
                }
            }
            mesh.run(from: start.advanced(by: .seconds(begin)), seconds: seconds)
        }
    }

    /// Beacons of before an IV Update, sent again when it is long over.
    private mutating func runReplayedBeacons() {
        runUpdate(masterDies: nil)
        mesh.replay(type: 0x2B, after: .seconds(141 * Self.hour), most: 5)
    }

    /// What the master does beside sending.
    private mutating func runBusy() {
        switch scenario {
        case .configuration: planConfiguration()
        case .keyRefresh: planKeyRefresh()
        default:
            mesh.provisionings = [
                (3, mesh.random.block(), nil), (9, mesh.random.block(), 4),
            ]
        }
        mesh.networks[0].nodes[0].diesAt = start.advanced(by: .seconds(26))
        mesh.run(from: start, seconds: 32)
    }

    /// Four minutes, at the end of which the master dies.
    private mutating func runManagement() {
        mesh.configuration = SimulatedConfiguration(nodes: mesh.networks[0].nodes.count, &mesh.random)
        var management = SimulatedManagement(&mesh.random)
        management.nextSSEQ = [0: UInt32(40 + mesh.random.below(1000)), 1: 3]
        mesh.plainHeader = 0x4A
        mesh.networks[0].nodes[0].diesAt = start.advanced(by: .seconds(230))
        if scenario == .solicitationRestart {
            management.plan = [20, 50, 80].map { ($0, .solicit(0)) }
            mesh.management = management
            mesh.run(from: start, seconds: 120)
            mesh.management?.nextSSEQ[0] = 0
            mesh.management?.plan = [20, 50].map { ($0, .solicit(0)) }
            mesh.run(from: start.advanced(by: .seconds(120)), seconds: 120)
            return
        }
        for node in mesh.networks[0].nodes.indices { mesh.networks[0].nodes[node].rate = 0 }
        mesh.friendship = SimulatedFriendship(lpn: 3, friend: 0)
        mesh.networks[0].nodes[3].isRelay = false
        let node = mesh.random.below(2)
        management.plan = [
            (8, .solicit(0)), (60, .solicit(0)), (61, .solicit(1)), (150, .solicit(0)), (16, .pathRequest),
            (90, .pathRequest), (170, .pathRequest), (200, .pathRequest), (70, .unacknowledged(3)),
            (110, .unacknowledged(3)), (75, .answer(3)), (112, .answer(3)), (100, .remoteLinkOpen(1)),
            (120, .updateStart(1)), (122, .updateStart(2)), (125, .transferStart(1)), (128, .transferStart(2)),
            (140, .blockStart(0)), (150, .blockStatus(1, block: 0)), (152, .blockStatus(2, block: 0)),
            (160, .blockStart(1)), (175, .blockStatus(1 + node, block: 1)), (180, .blockStart(2)),
            (205, .distributionStart(1)), (207, .distributionStatus(1, phase: 1)),
        ]
        management.plan += (0..<15).map { (3 + 15 * Double($0), .heartbeat(1)) }
        management.plan += (0..<23).map { (4 + 10 * Double($0), .publish(2)) }
        management.plan += (0..<10).map { (5 + 21 * Double($0), .command($0 % 3 == 0 ? 0xC005 : 0xC007)) }
        mesh.management = management
        mesh.configuration?.plan = [(12, .appKeyAdd(1)), (14, .appKeyAdd(2)), (185, .heartbeatPublicationSet(2))]
        mesh.run(from: start, seconds: 240)
    }

    private mutating func planConfiguration() {
        mesh.configuration = SimulatedConfiguration(nodes: mesh.networks[0].nodes.count, &mesh.random)
        mesh.configuration?.plan = [
            (2, .appKeyAdd(1)), (4, .appKeyAdd(2)), (6, .beaconSet(1)), (8, .heartbeatPublicationSet(2)),
            (10, .toVirtualAddress(1)), (11, .toVirtualAddress(0)), (13, .underDirectedCredentials(2)),
            (15, .longMessage(3)), (18, .underDirectedCredentials(0)), (21, .longMessage(0)),
        ]
    }

    private mutating func planKeyRefresh() {
        mesh.configuration = SimulatedConfiguration(nodes: mesh.networks[0].nodes.count, &mesh.random)
        mesh.networks[0].keyRefresh = SimulatedKeyRefresh(
            keys: NetworkKeys(NetKey(value: mesh.random.block())), phase2At: start.advanced(by: .seconds(11)),
            endsAt: start.advanced(by: .seconds(18)))
        mesh.configuration?.plan = [
            (2, .netKeyUpdate(1)), (4, .netKeyUpdate(2)), (6, .netKeyUpdate(3)), (8, .appKeyUpdate(1)),
            (10, .keyRefreshPhase(1, transition: 2)), (17, .keyRefreshPhase(1, transition: 3)),
        ]
    }

    /// Normal Operation, an update at hour 24 that is completed at hour 124, and the time after it, in windows.
    private mutating func runUpdate(masterDies: CaptureTime?, isCutShort: Bool = false) {
        let index = mesh.networks[0].changes[0].state.index
        guard let next = index.advanced(by: 1) else { return }
        mesh.networks[0].nodes[0].diesAt = masterDies
        mesh.loss = 0.5
        mesh.networks[0].changes.append(.init(time: time(hours: 24, seconds: 6), state: .updateInProgress(next)))
        mesh.networks[0].changes.append(.init(time: time(hours: 124, seconds: 6), state: .normalOperation(next)))
        let windows: [Int64] = isCutShort ? [0, 24, 30] : [0, 24, 30, 80, 124, 140]
        for hours in windows { mesh.run(from: time(hours: hours), seconds: 12) }
    }

    // MARK: Keys

    var keyRing: KeyRing {
        KeyRing(
            networks: mesh.networks.filter { $0.truthIndex != nil }.map { network in
                var keys = KeyRing.Network(
                    name: scenario.rawValue,
                    subnets: network.subnets.enumerated().map {
                        .init(keyIndex: KeyIndex($0) ?? .primary, netKey: $1.netKey)
                    },
                    master: UnicastAddress(masterAddress))
                guard let configuration = mesh.configuration else { return keys }
                keys.upperKeys.deviceKeys = zip(network.nodes, configuration.deviceKeys).map {
                    .init(address: $0.address, key: $1)
                }
                keys.upperKeys.labels = [LabelUUID(configuration.label)]
                return keys
            })
    }

    private var replacement: String {
        scenario.replacementIVIndex.map { "\n      \"replacement_iv_index\": \($0)," } ?? ""
    }

    /// The members of a network beside its NetKeys.
    private func upperKeys(_ network: SimulatedNetwork) -> String {
        guard let configuration = mesh.configuration else { return "" }
        let devices = zip(network.nodes, configuration.deviceKeys).map { node, key in
            "        { \"addr\": \"\(node.address)\", \"key\": \"\(String(format: key.value))\" }"
        }
        return """
            ,
                  "devkeys": [
            \(devices.joined(separator: ",\n"))
                  ],
                  "labels": [ "\(String(format: configuration.label))" ]
            """
    }

    var keyFile: String {
        let networks = mesh.networks.filter { $0.truthIndex != nil }.map { network in
            let keys = network.subnets.enumerated().map { index, keys in
                "        { \"index\": \(index), \"key\": \"\(String(format: keys.netKey.value))\" }"
            }
            return """
                    {
                      "name": "\(scenario.rawValue)",
                      "master": "\(MeshAddress(masterAddress))",\(replacement)
                      "netkeys": [
                \(keys.joined(separator: ",\n"))
                      ]\(upperKeys(network))
                    }
                """
        }
        return "{\n  \"networks\": [\n\(networks.joined(separator: ",\n"))\n  ]\n}\n"
    }
}

extension String {
    /// 32 hexadecimal digits.
    fileprivate init(format value: UInt128) {
        let digits = String(value, radix: 16)
        self = String(repeating: "0", count: 32 - digits.count) + digits
    }
}
