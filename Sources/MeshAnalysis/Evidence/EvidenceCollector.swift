import BluetoothFrames
import ByteParsing
import CaptureFiles
import MeshCrypto
import MeshProtocol

/// Takes frames in the order of time and turns what they hold into observations of networks.
///
/// Only here and beside it are bytes seen; what goes on to the timelines is authenticated.
struct EvidenceCollector: FrameReceiver {
    private(set) var records: NetworkRecords
    private(set) var devices = UnprovisionedDevices()
    private(set) var provisioning = ProvisioningLinks()
    /// PDUs with a NID of no key, and the first frames of each.
    private(set) var unopenedByNID = [Int](repeating: 0, count: 128)
    private var unopenedFrames: [UInt8: [FrameReference]] = [:]
    private(set) var foreignBeacons: [UInt64: Analysis.ForeignBeacon] = [:]
    private(set) var foreignBeaconOrder: [UInt64] = []
    private(set) var foreignPrivateBeacons = 0

    private let beacons: BeaconAuthentication
    private var decryption: NetworkDecryption
    var proxies = ProxyConnections()
    private(set) var servers: ProxyServers
    private var frame = FrameReference(capture: 0, number: 0, time: CaptureTime(nanoseconds: 0))
    private static let mostForeignBeacons = 1024
    private static let enoughToSearch = 8192
    private let search: IVSearchExtent
    /// Who sent the structure, where the frame names it.
    private var advertiser: UInt64?
    private var hasSearchedEarly = false
    /// PDUs that gave way before anything told the IV Index.
    private var givenUp = 0
    /// What is held moves the IV Index by a few steps at the most; the next beacon tries again.
    private static let mostRounds = 32

    init(
        _ keyRing: KeyRing, given: IVIndex?, search: IVSearchExtent = .bounded, observer: ((Observation) -> Void)? = nil
    ) {
        self.search = search
        records = NetworkRecords(
            networks: keyRing.networks.enumerated().map { NetworkRecord(index: $0, keys: $1, given: given) },
            observer: observer)
        servers = ProxyServers(records.networks)
        beacons = BeaconAuthentication(records.networks)
        decryption = NetworkDecryption(records.networks)
    }

    /// The frame that the following structures belong to.
    mutating func begin(_ frame: FrameReference) {
        self.frame = frame
    }

    mutating func take(_ structure: AdvertisingStructure) {
        guard structure.advertisement.isCertain else {
            takeTentatively(structure)
            return
        }
        frame.bearer = structure.advertisement.direction == .heard ? .advertisingHeard : .advertisingSent
        advertiser = structure.advertisement.address
        do {
            var value = structure.value
            switch structure.type {
            case ADType.meshMessage: take(try ObfuscatedNetworkPDU(parsing: &value))
            case ADType.meshBeacon: take(try MeshBeacon(parsing: &value))
            case ADType.pbADV: show(provisioning.take(try PBADVPDU(parsing: &value), at: frame))
            case ADType.serviceData: try takeServiceData(&value)
            case ADType.uri: devices.take(uriData: try value.readOctets(value.remaining))
            default: break
            }
        } catch {
            takeMalformed(error)
        }
    }

    ///     UUID 2 · data
    private mutating func takeServiceData(_ value: inout ByteReader) throws(ParseError) {
        guard value.remaining >= 2 else { return }
        switch try value.readUInt16LittleEndian() {
        case ProxyServiceData.serviceUUID: servers.take(try ProxyServiceData(parsing: &value), at: frame)
        case UnprovisionedDeviceBeacon.serviceUUID:
            devices.take(try UnprovisionedDeviceBeacon(parsing: &value), at: frame)
        default: return
        }
    }

    /// Shows a whole Provisioning PDU to who watches.
    private func show(_ completed: (pdu: ProvisioningPDU, link: Int)?) {
        guard let (pdu, link) = completed, let observer = records.observer else { return }
        let bearer = provisioning.link(link).bearer
        observer(Observation(frame: frame, network: nil, statement: .provisioning(pdu, link: link, bearer)))
    }

    /// A message of PB-GATT.
    mutating func takeProvisioning(_ octets: [UInt8], of value: AttributeValue, isCertain: Bool) {
        show(provisioning.take(octets, of: value.characteristic, value.direction, isCertain: isCertain, at: frame))
    }

    /// The direction of a GATT connection that what follows crossed.
    mutating func note(_ direction: AttributeValue.Direction) {
        frame.bearer = direction == .toServer ? .gattToServer : .gattToClient
        advertiser = nil
    }

    /// What may be no structure at all counts only if it authenticates.
    private mutating func takeTentatively(_ structure: AdvertisingStructure) {
        var value = structure.value
        if structure.type == ADType.meshMessage, let pdu = try? ObfuscatedNetworkPDU(parsing: &value) {
            hearApart(pdu, isTentative: true)
        } else if structure.type == ADType.meshBeacon, let beacon = try? MeshBeacon(parsing: &value) {
            _ = takeIfAuthentic(beacon)
        }
    }

    mutating func takeMalformed(_ error: ParseError) {
        // The first one is described; to describe each would cost more than to read it.
        let isFirst = !records.findings.contains(.malformedStructure)
        let detail = isFirst ? [Finding.Detail("first", .text("frame \(frame.number): \(error)"))] : []
        records.findings.record(.malformedStructure, .info, at: frame, detail: detail)
    }

    mutating func record(
        _ kind: Finding.Kind, _ severity: Finding.Severity, subject: UInt64 = 0, detail: [Finding.Detail] = []
    ) {
        records.findings.record(kind, severity, at: frame, subject: subject, detail: detail)
    }

    @inline(__always)
    mutating func take(_ pdu: ObfuscatedNetworkPDU) {
        guard decryption.isKnown(nid: pdu.nid) else {
            takeForeign(pdu)
            return
        }
        if decryption.hear(pdu, at: frame, into: &records) { flush() }
    }

    /// Takes a PDU by itself, whose copies are not looked for.
    mutating func hearApart(_ pdu: ObfuscatedNetworkPDU, isTentative: Bool, nonce: NonceKind = .network) {
        guard decryption.isKnown(nid: pdu.nid) else {
            if !isTentative { takeForeign(pdu) }
            return
        }
        decryption.hearApart(pdu, at: frame, isTentative: isTentative, nonce: nonce)
        if decryption.isFull { flush() }
    }

    /// Takes a beacon if a key authenticates it; false if none does.
    mutating func takeIfAuthentic(_ beacon: MeshBeacon) -> Bool {
        guard case .authentic = beacons.authenticate(beacon) else { return false }
        take(beacon)
        return true
    }

    private mutating func takeForeign(_ pdu: ObfuscatedNetworkPDU) {
        decryption.remember(pdu, at: frame)
        unopenedByNID[Int(pdu.nid)] += 1
        if unopenedFrames[pdu.nid, default: []].count < Finding.mostFrames {
            unopenedFrames[pdu.nid, default: []].append(frame)
        }
    }

    mutating func take(_ beacon: MeshBeacon) {
        if case .unprovisionedDevice(let beacon) = beacon {
            devices.take(beacon, at: frame)
            return
        }
        var outcome = beacons.authenticate(beacon)
        if outcome == .foreign, records.canLearnKeys {
            // Its key may stand in a message that waits to be opened.
            flush()
            outcome = beacons.authenticate(beacon)
        }
        switch outcome {
        case .authentic(let network, let subnet, let key, let statement):
            takeAuthentic(statement, of: beacon, network: network, subnet: subnet, key: key)
        case .notAuthentic(let network, let subnet):
            records.networks[network].subnets[subnet].notAuthentic += 1
            let keyIndex = records.networks[network].keys.subnets[subnet].keyIndex.value
            records.findings.record(
                .beaconNotAuthentic, .warning, at: frame, network: network, subject: UInt64(subnet),
                detail: [.init("key_index", .number(Int64(keyIndex)))])
        case .foreign:
            takeForeign(beacon)
        }
    }

    private mutating func takeAuthentic(
        _ statement: NetworkBeaconStatement, of beacon: MeshBeacon, network: Int, subnet: Int, key: Int
    ) {
        let evidence: IVEvidence
        if case .meshPrivate = beacon { evidence = .privateBeacon } else { evidence = .secureNetworkBeacon }
        if records.networks[network].timeline.current.map({ $0.state < statement.state }) ?? true { flush() }
        if records.take(
            statement, evidence, network: network, subnet: subnet, key: key, advertiser: advertiser, at: frame)
        {
            retry()
        }
    }

    private mutating func takeForeign(_ beacon: MeshBeacon) {
        guard case .secureNetwork(let beacon) = beacon else {
            foreignPrivateBeacons += 1
            return
        }
        if foreignBeacons[beacon.networkID] != nil {
            foreignBeacons[beacon.networkID]?.count += 1
        } else if foreignBeacons.count < Self.mostForeignBeacons {
            foreignBeaconOrder.append(beacon.networkID)
            foreignBeacons[beacon.networkID] = .init(networkID: beacon.networkID, count: 1, first: frame)
        }
    }

    /// Opens what is pending, and again what was held as long as that moves a network's IV state.
    private mutating func flush() {
        let lost = decryption.held.lost
        if decryption.flush(into: &records) { retry() }
        if decryption.held.lost > lost, records.networks.allSatisfy({ $0.timeline.current == nil }) {
            givenUp += decryption.held.lost - lost
        }
        if !hasSearchedEarly, decryption.held.count >= Self.enoughToSearch {
            // So that a long capture without beacons does not outgrow the store.
            hasSearchedEarly = true
            if search != .off { searchIVIndex(.bounded) }
        }
        for friendship in records.friendships.takeLearned() {
            openUnknown(decryption.learn(friendship, records.networks))
        }
        for key in records.takeLearnedKeys() {
            beacons.learn(key.place, of: records.networks[key.network])
            servers.learn(key.place, of: records.networks[key.network])
            openUnknown(decryption.learn(key.place, of: key.network, records.networks))
        }
    }

    /// Opens what was heard under credentials before these were learned.
    private mutating func openUnknown(_ recovered: [UInt8: Int]) {
        for (nid, count) in recovered {
            unopenedByNID[Int(nid)] -= count
            if unopenedByNID[Int(nid)] == 0 { unopenedFrames[nid] = nil }
        }
        _ = decryption.flush(into: &records)
        // What was held under the same NID, when only another key had it, is tried again as well.
        retry()
    }

    /// Searches the IV Index of networks of which nothing tells it, with what is held.
    private mutating func searchIVIndex(_ extent: IVSearchExtent, _ progress: (Double) -> Void = { _ in }) {
        for index in records.networks.indices where records.networks[index].timeline.current == nil {
            let held = decryption.held.searchable
            guard !held.isEmpty else { return }
            for (_, keys) in records.networks[index].keyList {
                guard let found = IVIndexSearch(keys.flooding, held.map(\.pdu)).run(extent, progress),
                    let entry = held.first(where: { $0.pdu == found.base })
                else { continue }
                let moved = records.networks[index].take(
                    .normalOperation(found.ivIndex), .search, at: entry.first, into: &records.findings)
                if moved { retry() }
                break
            }
        }
    }

    private mutating func retry() {
        for _ in 0..<Self.mostRounds where !decryption.retry(into: &records) { return }
    }

    func notOpened(network: Int) -> Int { decryption.notOpened(network: network) }

    /// Takes what is still pending and records what stayed closed.
    mutating func finish(_ progress: (Double) -> Void = { _ in }) {
        flush()
        if search != .off { searchIVIndex(search, progress) }
        for nid in UInt8(0)..<128 {
            let frames = decryption.held.frames(nid: nid)
            let networks = decryption.networks(nid: nid)
            let network = networks.count == 1 ? networks.first : nil
            recordClosed(.pduNotOpened, nid, decryption.notOpenedByNID[Int(nid)], frames, network: network)
            recordClosed(.foreignNetwork, nid, unopenedByNID[Int(nid)], unopenedFrames[nid] ?? [], network: nil)
        }
        if givenUp > 0 { records.findings.record(.pdusGivenUp, .warning, at: nil, count: givenUp) }
        for index in records.networks.indices {
            if records.networks[index].settleAhead(into: &records.findings) { retry() }
        }
        for index in records.networks.indices { records.networks[index].finishSources() }
        for network in records.networks {
            SubnetRules.judge(network, into: &records.findings)
            for source in network.sources { SequenceRules.judge(source, in: network, into: &records.findings) }
        }
    }

    private mutating func recordClosed(
        _ kind: Finding.Kind, _ nid: UInt8, _ count: Int, _ frames: [FrameReference], network: Int?
    ) {
        guard count > 0 else { return }
        let detail = Finding.Detail("nid", .number(Int64(nid)))
        records.findings.record(
            kind, .info, at: nil, network: network, subject: UInt64(nid), count: count, detail: [detail])
        for frame in frames {
            records.findings.record(kind, .info, at: frame, network: network, subject: UInt64(nid), count: 0)
        }
    }
}
