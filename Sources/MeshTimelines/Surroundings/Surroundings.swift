import CaptureFiles
public import MeshEvidence
public import MeshProtocol

/// What was heard and is authenticated by nobody, and what could not be read: counted and shown, and nothing else.
public struct Surroundings: Hashable, Codable, Sendable {
    /// Secure Network beacons of a Network ID that no key has.
    public struct ForeignNetwork: Hashable, Codable, Sendable {
        /// 64 bits, as the beacons say it.
        public let networkID: UInt64
        /// How many of its beacons were heard.
        public internal(set) var count: Int
        /// Where it was heard first.
        public let first: FrameReference
        var tally = HearingTally()
    }

    /// Proxy servers of a network whose key is not given.
    public struct ForeignProxyServers: Hashable, Codable, Sendable {
        /// 64 bits, as the servers advertise it.
        public let networkID: UInt64
        /// The devices that advertise it: the first 256.
        public internal(set) var devices: Set<DeviceAddress> = []
        /// How many of their advertisements were heard.
        public internal(set) var count = 0
    }

    /// What is heard instead of a key that fell silent.
    struct Begun {
        var nids: [UInt8] = []
        var networkIDs: [UInt64] = []

        var isEmpty: Bool { nids.isEmpty && networkIDs.isEmpty }
    }

    /// Beacons whose Authentication Value is not that of the key with their Network ID.
    private struct FalseBeacons: Hashable, Codable {
        let network: NetworkIndex
        let subnet: SubnetIndex
        var count: Int
        var frames: [FrameReference]
    }

    private static let mostForeignNetworks = 1024
    private static let mostForeignDevices = 256
    private static let mostForeignProxyNetworks = 64

    /// In the order of hearing; the first 64 networks.
    public private(set) var foreignProxyServers: [ForeignProxyServers] = []

    private var foreign: [ForeignNetwork] = []
    /// Mesh Private beacons that no key authenticates.
    public private(set) var foreignPrivateBeacons = 0
    private var falseBeacons: [FalseBeacons] = []
    /// PDUs that nothing opens, by NID.
    private var closed = ClosedPDUTable()
    private var givenUp = 0
    /// A state that was saved without it has none.
    private var solicitations: Int?
    private var devices = UnprovisionedDevices()
    private var links = ProvisioningLinks()
    /// The facts of the captures themselves.
    private var log = FactLog()

    init() {}

    /// In the order of hearing.
    public var foreignNetworks: [ForeignNetwork] { foreign.filter { $0.count > 0 } }
    /// The devices that wait to be provisioned, in the order of hearing.
    public var unprovisionedDevices: [UnprovisionedDevice] { devices.resolved }
    /// What is provisioning beyond doubt, in the order of hearing.
    public var provisioningLinks: [ProvisioningLink] { links.certain }

    /// Solicitation PDUs that no key opens.
    public var closedSolicitations: Int { solicitations ?? 0 }

    /// PDUs with a NID of no key, by NID.
    public var foreignPDUs: [(nid: UInt8, heard: Int)] {
        closed.nids.enumerated().filter { $0.element.foreign.count > 0 }.map {
            (UInt8($0.offset), $0.element.foreign.count)
        }
    }

    /// PDUs with a NID of a network's credentials that nothing opened.
    func closed(of network: NetworkIndex) -> Int {
        closed.nids.reduce(0) { $0 + ($1.networks.contains(network) ? $1.own.count : 0) }
    }

    /// Beacons of a subnet that are not authentic.
    public func notAuthentic(_ network: NetworkIndex, _ subnet: SubnetIndex) -> Int {
        falseBeacons.first { $0.network == network && $0.subnet == subnet }?.count ?? 0
    }

    // MARK: Folding

    mutating func apply(_ statement: UnauthenticatedStatement, from origin: Origin) {
        let frame = origin.frame
        switch statement {
        case .falseBeacon(let network, let subnet): applyFalseBeacon(network, subnet, at: frame)
        case .foreignBeacons(let networkID, let change): applyForeign(networkID, change, at: frame)
        case .foreignPrivateBeacons(let change): foreignPrivateBeacons += change
        case .closedPDUs(let pdus): closed.nids[Int(pdus.nid & 0x7F)].apply(pdus, at: frame)
        case .pdusGivenUp(let count): givenUp += count
        case .closedSolicitations(let change): solicitations = closedSolicitations + change
        case .provisioning(let statement): links.apply(statement, at: frame)
        case .unprovisionedDevice(let beacon): devices.apply(beacon, at: frame)
        case .uri(let uri): devices.apply(uri)
        case .foreignProxyServer(let networkID): applyForeignProxy(networkID, from: origin.advertiser)
        case .identityNotResolved: log.record(.identitiesNotResolved, at: frame)
        }
    }

    mutating func apply(_ statement: CaptureStatement, at frame: FrameReference) {
        let capture = frame.capture
        switch statement {
        case .read: return
        case .crcFailed: log.record(.crcFailed(capture: capture), at: frame)
        case .truncated: log.record(.truncatedFrame, at: frame)
        case .unsupportedLinkType(let type): log.record(.unsupportedLinkType(type), at: frame)
        case .malformed(let first): log.record(.malformedStructure(first: first), at: frame)
        case .brokeOff(let error):
            log.record(
                .damagedRecord(capture: capture, path: error.path, reason: error.explanation), at: frame)
        }
    }

    private mutating func applyFalseBeacon(_ network: NetworkIndex, _ subnet: SubnetIndex, at frame: FrameReference) {
        let known = falseBeacons.firstIndex { $0.network == network && $0.subnet == subnet }
        let place = known ?? falseBeacons.count
        if known == nil {
            falseBeacons.append(FalseBeacons(network: network, subnet: subnet, count: 0, frames: []))
        }
        falseBeacons[place].count += 1
        guard falseBeacons[place].frames.count < Finding.mostFrames else { return }
        falseBeacons[place].frames.append(frame)
    }

    private mutating func applyForeignProxy(_ networkID: UInt64, from device: DeviceAddress?) {
        let known = foreignProxyServers.firstIndex { $0.networkID == networkID }
        guard known != nil || foreignProxyServers.count < Self.mostForeignProxyNetworks else { return }
        let place = known ?? foreignProxyServers.count
        if known == nil { foreignProxyServers.append(ForeignProxyServers(networkID: networkID)) }
        foreignProxyServers[place].count += 1
        guard let device, foreignProxyServers[place].devices.count < Self.mostForeignDevices else { return }
        foreignProxyServers[place].devices.insert(device)
    }

    private mutating func applyForeign(_ networkID: UInt64, _ change: Int, at frame: FrameReference) {
        if let place = foreign.firstIndex(where: { $0.networkID == networkID }) {
            foreign[place].count += change
            foreign[place].tally.apply(change, at: frame.time)
        } else if foreign.count < Self.mostForeignNetworks {
            var network = ForeignNetwork(networkID: networkID, count: change, first: frame)
            network.tally.apply(change, at: frame.time)
            foreign.append(network)
        }
    }

    // MARK: Judging

    /// NIDs and Network IDs of no key that are begun, by a rule for each.
    func begun(
        instead old: KeyRules.Span, of network: NetworkIndex, _ isBegun: (HearingTally, KeyRules.Span, Double) -> Bool
    ) -> Begun {
        var begun = Begun()
        for (nid, closed) in closed.nids.enumerated() where closed.tally.count > 0 {
            let isOthers = !closed.networks.isEmpty && !closed.networks.contains(network)
            if !isOthers, isBegun(closed.tally, old, old.pdusPerSecond) { begun.nids.append(UInt8(nid)) }
        }
        begun.networkIDs = foreign.filter { $0.count > 0 && isBegun($0.tally, old, old.beaconsPerSecond) }.map(
            \.networkID
        ).sorted()
        return begun
    }

    /// The facts, in the words of the networks' keys.
    func judge(_ networks: [NetworkState]) -> [Finding] {
        var findings = log.sorted
        for (nid, closed) in closed.nids.enumerated() {
            let nid = UInt8(nid)
            let network = closed.networks.count == 1 ? closed.networks.first : nil
            findings += closed.own.finding(.pduNotOpened(nid: nid), network: network)
            findings += closed.foreign.finding(.foreignNetwork(nid: nid), network: nil)
        }
        if givenUp > 0 { findings.append(Finding(.pdusGivenUp, count: givenUp)) }
        for beacons in falseBeacons {
            guard networks.indices.contains(beacons.network.value) else { continue }
            let subnets = networks[beacons.network.value].subnets
            guard subnets.indices.contains(beacons.subnet.value) else { continue }
            let keyIndex = subnets[beacons.subnet.value].identity.keyIndex
            findings.append(
                Finding(
                    .beaconNotAuthentic(keyIndex), network: beacons.network, count: beacons.count,
                    frames: beacons.frames))
        }
        return findings
    }
}

/// Network PDUs that nothing opens, by NID.
private struct ClosedPDUTable: Hashable {
    private static let count = 128

    var nids = Array(repeating: ClosedNID(), count: count)
}

extension ClosedPDUTable: Codable {
    /// - Throws: `DecodingError`, also where there is not one entry for each NID.
    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        nids = try container.decode([ClosedNID].self)
        guard nids.count == Self.count else {
            throw DecodingError.dataCorruptedError(
                in: container, debugDescription: "\(nids.count) NIDs, there are \(Self.count)")
        }
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(nids)
    }
}

extension KeyedDecodingContainer {
    /// A state that was saved with frames alone names none of them any more.
    fileprivate func decode(_ type: [ClosedNID.Tally.Sample].Type, forKey key: Key) throws -> [ClosedNID.Tally.Sample] {
        try decodeIfPresent(type, forKey: key) ?? []
    }
}

/// Network PDUs of one NID that nothing opens.
private struct ClosedNID: Hashable, Codable {
    /// A number that can go down again, and the frames of the first that are left of it.
    struct Tally: Hashable, Codable {
        /// How many frames are kept: more than are shown, since some of the PDUs may open later.
        private static let mostFrames = 64

        var count = 0
        private var samples: [Sample] = []

        struct Sample: Hashable, Codable {
            let pdu: UInt32
            let frame: FrameReference
        }

        var frames: [FrameReference] { samples.map(\.frame) }

        mutating func apply(_ pdus: ClosedPDUs, at frame: FrameReference) {
            count += pdus.change
            guard let pdu = pdus.sample else { return }
            if pdus.change < 0 {
                samples.removeAll { $0.pdu == pdu }
                return
            }
            // The first ones are kept, in whichever order and how often they are told.
            guard !samples.contains(where: { $0.pdu == pdu }) else { return }
            let place = samples.firstIndex { $0.frame > frame } ?? samples.count
            samples.insert(Sample(pdu: pdu, frame: frame), at: place)
            if samples.count > Self.mostFrames { samples.removeLast() }
        }

        func finding(_ fact: Fact, network: NetworkIndex?) -> [Finding] {
            guard count > 0 else { return [] }
            let frames = Array(frames.prefix(Finding.mostFrames))
            return [Finding(fact, network: network, count: count, frames: frames)]
        }
    }

    /// With the NID of credentials at hand.
    var own = Tally()
    /// With a NID of no credentials.
    var foreign = Tally()
    /// The networks whose credentials have this NID.
    var networks: [NetworkIndex] = []
    /// When they were heard.
    var tally = HearingTally()

    mutating func apply(_ pdus: ClosedPDUs, at frame: FrameReference) {
        tally.apply(pdus.change, at: frame.time)
        if pdus.networks.isEmpty {
            foreign.apply(pdus, at: frame)
        } else {
            own.apply(pdus, at: frame)
            if pdus.change >= 0 { networks = pdus.networks }
        }
    }
}
