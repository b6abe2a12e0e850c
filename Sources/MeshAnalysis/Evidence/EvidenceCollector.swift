import BluetoothFrames
import ByteParsing
import CaptureFiles
import MeshProtocol

/// Takes frames in the order of time and turns what they hold into observations of networks.
///
/// Only here and beside it are bytes seen; what goes on to the timelines is authenticated.
final class EvidenceCollector {
    private(set) var networks: [NetworkRecord]
    private(set) var findings = FindingCollector()
    private(set) var devices = UnprovisionedDevices()
    /// PDUs with a NID of no key, and the first frames of each.
    private(set) var unopenedByNID = [Int](repeating: 0, count: 128)
    private var unopenedFrames: [UInt8: [FrameReference]] = [:]
    private(set) var foreignBeacons: [UInt64: Analysis.ForeignBeacon] = [:]
    private(set) var foreignBeaconOrder: [UInt64] = []
    private(set) var foreignPrivateBeacons = 0

    private let beacons: BeaconAuthentication
    private let decryption: NetworkDecryption
    private var frame = FrameReference(capture: 0, number: 0, time: CaptureTime(nanoseconds: 0))
    private static let mostForeignBeacons = 1024

    init(_ keyRing: KeyRing, given: IVIndex?) {
        networks = keyRing.networks.enumerated().map { NetworkRecord(index: $0, keys: $1, given: given) }
        beacons = BeaconAuthentication(keyRing)
        decryption = NetworkDecryption(keyRing)
        decryption.updateOptions(networks.map(\.timeline))
    }

    /// What a frame peeler hands its structures to. The collector must outlive it.
    func makeReceiver() -> FramePeeler.Receiver {
        FramePeeler.Receiver(
            structure: { [unowned self] in self.take($0) },
            malformed: { [unowned self] in self.takeMalformed($0) })
    }

    /// The frame that the following structures belong to.
    func begin(_ frame: FrameReference) {
        self.frame = frame
    }

    func take(_ structure: AdvertisingStructure) {
        do {
            var value = structure.value
            switch structure.type {
            case ADType.meshMessage: take(try ObfuscatedNetworkPDU(parsing: &value))
            case ADType.meshBeacon: take(try MeshBeacon(parsing: &value))
            case ADType.uri: devices.take(uriData: try value.readOctets(value.remaining))
            default: break
            }
        } catch {
            takeMalformed(error)
        }
    }

    func takeMalformed(_ error: ParseError) {
        let detail = Finding.Detail("first", .text("frame \(frame.number): \(error)"))
        findings.record(.malformedStructure, .info, at: frame, detail: [detail])
    }

    func record(_ kind: Finding.Kind, _ severity: Finding.Severity, subject: UInt64 = 0, detail: [Finding.Detail] = [])
    {
        findings.record(kind, severity, at: frame, subject: subject, detail: detail)
    }

    private func take(_ pdu: ObfuscatedNetworkPDU) {
        guard decryption.isKnown(nid: pdu.nid) else {
            unopenedByNID[Int(pdu.nid)] += 1
            if unopenedFrames[pdu.nid, default: []].count < Finding.mostFrames {
                unopenedFrames[pdu.nid, default: []].append(frame)
            }
            return
        }
        if decryption.hear(pdu, at: frame) { flush() }
    }

    private func take(_ beacon: MeshBeacon) {
        if case .unprovisionedDevice(let beacon) = beacon {
            devices.take(beacon, at: frame)
            return
        }
        switch beacons.authenticate(beacon) {
        case .authentic(let network, let subnet, let statement):
            takeAuthentic(statement.state, of: beacon, network: network, subnet: subnet)
        case .notAuthentic(let network, let subnet):
            networks[network].subnets[subnet].notAuthentic += 1
            let keyIndex = networks[network].keys.subnets[subnet].keyIndex
            findings.record(
                .beaconNotAuthentic, .warning, at: frame, network: network, subject: UInt64(subnet),
                detail: [.init("key_index", .number(Int64(keyIndex)))])
        case .foreign:
            takeForeign(beacon)
        }
    }

    private func takeAuthentic(_ state: IVState, of beacon: MeshBeacon, network: Int, subnet: Int) {
        let evidence: IVEvidence
        if case .meshPrivate = beacon { evidence = .privateBeacon } else { evidence = .secureNetworkBeacon }
        if networks[network].timeline.current.map({ $0.state < state }) ?? true { flush() }
        BeaconRules.judge(state, at: frame, in: networks[network].timeline, network: network, into: &findings)
        networks[network].subnets[subnet].take(state, evidence, at: frame)
        if networks[network].timeline.take(state, evidence, at: frame) { retry() }
    }

    private func takeForeign(_ beacon: MeshBeacon) {
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

    /// Opens what is queued, and again what was held as long as that moves a network's IV state.
    private func flush() {
        var moved = false
        decryption.flush { outcome, frame in moved = self.take(outcome, at: frame) || moved }
        if moved { retry() }
    }

    private func retry() {
        var moved = true
        while moved {
            moved = false
            decryption.retry(networks.map(\.timeline)) { outcome, frame in
                moved = self.take(outcome, at: frame) || moved
            }
        }
    }

    private func take(_ outcome: NetworkDecryption.Outcome, at frame: FrameReference) -> Bool {
        switch outcome {
        case .opened(let network, let pdu):
            return networks[network].take(pdu, at: frame, into: &findings)
        case .copy(let network, let pdu):
            networks[network].takeCopies(of: pdu, count: 1)
            return false
        }
    }

    func notOpened(network: Int) -> Int { decryption.notOpened(network: network) }

    /// Takes what is still queued and records what stayed closed.
    func finish() {
        flush()
        for nid in UInt8(0)..<128 {
            let frames = decryption.held.frames(nid: nid)
            let networks = decryption.networks(nid: nid)
            recordClosed(.pduNotOpened, nid, decryption.notOpenedByNID[Int(nid)], frames, network: networks.first)
            recordClosed(.foreignNetwork, nid, unopenedByNID[Int(nid)], unopenedFrames[nid] ?? [], network: nil)
        }
        for network in networks { SubnetRules.judge(network, into: &findings) }
    }

    private func recordClosed(
        _ kind: Finding.Kind, _ nid: UInt8, _ count: Int, _ frames: [FrameReference], network: Int?
    ) {
        guard count > 0 else { return }
        let detail = Finding.Detail("nid", .number(Int64(nid)))
        findings.record(kind, .info, at: nil, network: network, subject: UInt64(nid), count: count, detail: [detail])
        for frame in frames {
            findings.record(kind, .info, at: frame, network: network, subject: UInt64(nid), count: 0)
        }
    }
}
