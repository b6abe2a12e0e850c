import CaptureFiles
import MeshCrypto
import MeshProtocol

/// Makes the finished value out of what the collector gathered.
struct AnalysisBuilder {
    let options: AnalysisOptions
    let collector: EvidenceCollector
    let captures: [Analysis.Capture]
    let unusable: [CaptureError]

    func build() -> Analysis {
        var masters = masters()
        var findings = collector.records.findings
        let networks = collector.records.networks.map { network(of: $0, masters: masters, into: &findings) }
        for index in masters.indices { complete(&masters[index], networks[masters[index].network], into: &findings) }
        return Analysis(
            captures: captures, unusable: unusable, networks: networks, masters: masters,
            isMasterMissing: options.master != nil && networks.isEmpty,
            unopened: (UInt8(0)..<128).compactMap { nid in
                let heard = collector.unopenedByNID[Int(nid)]
                return heard > 0 ? (nid, heard) : nil
            },
            foreignBeacons: collector.foreignBeaconOrder.compactMap { collector.foreignBeacons[$0] },
            foreignPrivateBeacons: collector.foreignPrivateBeacons,
            proxyServers: collector.servers.servers.sorted {
                ($0.network, $0.address?.value ?? 0) < ($1.network, $1.address?.value ?? 0)
            },
            unprovisionedDevices: collector.devices.resolved(), provisioningLinks: collector.provisioning.certain,
            findings: findings.sorted)
    }

    /// The address that the user names, in the networks where it is: those whose key file names it, or else those that
    /// heard it, or else all. Without such an address, the ones that key files name.
    private func masters() -> [Analysis.Master] {
        let networks = collector.records.networks
        guard let address = options.master else {
            return networks.compactMap { network in
                if let address = network.keys.master {
                    return .init(network: network.index, address: address, choice: .keyFile)
                }
                guard let (found, runnerUp) = MasterChoice(network).choice else { return nil }
                return .init(
                    network: network.index, address: found.address, choice: .inference, reasons: found.reasons,
                    runnerUp: runnerUp)
            }
        }
        let named = networks.filter { $0.keys.master == address }
        let heard = networks.filter { $0.sources.contains { $0.address == address } }
        let candidates = [named, heard, networks].first { !$0.isEmpty } ?? []
        return candidates.map { .init(network: $0.index, address: address, choice: .option) }
    }

    /// The addresses of a master's elements: as many as the user says, or a key file knows of.
    private func elements(of master: Analysis.Master) -> [UnicastAddress] {
        let nodes = collector.records.networks[master.network].keys.nodes
        let known = nodes.first { $0.address == master.address }?.elements
        let count = max(1, min(options.elements ?? known ?? 1, 0x8000 - Int(master.address.value)))
        return (0..<count).compactMap { UnicastAddress(master.address.value + UInt16($0)) }
    }

    /// A node's verdict is the highest of its elements'; what the user says of the time is held against it.
    private func complete(
        _ master: inout Analysis.Master, _ network: Analysis.Network, into findings: inout FindingCollector
    ) {
        let elements = elements(of: master)
        master.elements = elements
        let sources = network.sources.filter { elements.contains($0.address) }
        master.verdict = RecoveryVerdict.highest(of: sources.map(\.verdict))
        guard let recovery = master.verdict.recovery else {
            master.newAddress = AddressChoice.free(besides: elements, in: collector.records.networks[master.network])
            return
        }
        // Relays take their time with the last PDU.
        if let failedAt = options.failedAt, recovery.lastHeard.time.since(failedAt) > SequenceWatch.patience {
            findings.record(
                .heardAfterFailure, .critical, at: recovery.lastHeard, network: master.network, source: master.address,
                detail: [.init("failed_at", .time(failedAt))])
        }
        if let takeoverAt = options.takeoverAt, recovery.validUntil.map({ takeoverAt > $0 }) ?? true {
            findings.record(
                .takeoverTooLate, .critical, at: nil, network: master.network, source: master.address,
                detail: [.init("takeover_at", .time(takeoverAt))]
                    + (recovery.validUntil.map { [.init("valid_until", .time($0))] } ?? []))
        }
    }

    private func network(
        of record: NetworkRecord, masters: [Analysis.Master], into findings: inout FindingCollector
    ) -> Analysis.Network {
        let rules = rules(for: record, into: &findings)
        let notOpened = collector.notOpened(network: record.index)
        var sources = record.sources.sorted { $0.address < $1.address }.map { source(of: $0, rules) }
        for address in masters.filter({ $0.network == record.index }).flatMap({ elements(of: $0) }) {
            guard !sources.contains(where: { $0.address == address }) else { continue }
            let place = sources.firstIndex { $0.address > address } ?? sources.count
            sources.insert(source(of: SourceTimeline(address), rules), at: place)
        }
        for source in sources { recordExhaustion(of: source, in: record, into: &findings) }
        return Analysis.Network(
            name: record.keys.name, keys: record.keys,
            subnets: zip(record.keys.subnets, record.subnets).enumerated().map { index, subnet in
                let (keys, heard) = subnet
                return .init(
                    keyIndex: keys.keyIndex.value, name: keys.name, networkID: keys.keys.networkID,
                    nid: keys.keys.flooding.nid,
                    oldNetworkID: keys.oldKeys?.networkID, authenticBeacons: heard.authentic,
                    notAuthenticBeacons: heard.notAuthentic,
                    keyRefresh: heard.phases(record.keyPlaces(ofSubnet: index)), beaconInterval: heard.cadence.interval)
            },
            iv: record.timeline.current, givenIVIndex: record.timeline.given, ivTimeline: record.timeline.records,
            replacement: replacement(record, masters), heard: record.opened + notOpened, opened: record.opened,
            distinct: record.distinct, notOpened: notOpened,
            sources: sources)
    }

    private func replacement(
        _ record: NetworkRecord, _ masters: [Analysis.Master]
    ) -> (start: IVIndex, steps: [ReplacementStep])? {
        guard let start = options.replacementIVIndex ?? record.keys.replacementIVIndex else { return nil }
        let master = masters.first { $0.network == record.index }?.address
        let epochs = record.sources.first { $0.address == master }?.epochs() ?? []
        return (start, ReplacementRules.steps(from: start, through: record.timeline.records, master: epochs))
    }

    /// The rules of this network; where its IV states went up while the captures' times went back, the captures' clocks
    /// disagree.
    private func rules(for record: NetworkRecord, into findings: inout FindingCollector) -> RecoveryRules {
        var clocksAgree = !findings.contains(.clockJumped)
        for (earlier, later) in zip(record.timeline.records, record.timeline.records.dropFirst()) {
            guard earlier.frame.capture != later.frame.capture,
                earlier.firstTime.since(later.firstTime) > BeaconRules.patience
            else { continue }
            clocksAgree = false
            findings.record(.clocksDisagree, .warning, at: later.frame, network: record.index)
        }
        return RecoveryRules(
            record, captureEnd: captures.compactMap(\.lastTime).max(), clocksAgree: clocksAgree, options: options)
    }

    private func source(of timeline: SourceTimeline, _ rules: RecoveryRules) -> Analysis.Source {
        let epochs = timeline.epochs()
        return .init(
            address: timeline.address, name: rules.network.keys.name(of: timeline.address), epochs: epochs,
            verdict: rules.judge(timeline, epochs))
    }

    /// Few SEQ are left; the source's own rate tells until when.
    private func recordExhaustion(
        of source: Analysis.Source, in network: NetworkRecord, into findings: inout FindingCollector
    ) {
        guard let newest = source.epochs.last, newest.lastSequence.value >= RecoveryRules.nearExhaustion else { return }
        let left = SequenceNumber.last.value - newest.lastSequence.value
        let rate = network.sources.first { $0.address == source.address }?.busiestRate
        let seconds = rate.flatMap { $0 > 0 ? Int64(exactly: (Double(left) / $0).rounded()) : nil }
        let forecast = seconds.map { newest.lastFrame.time.advanced(by: .seconds($0)) }
        findings.record(
            .sequenceNearExhaustion, .warning, at: newest.lastFrame, network: network.index, source: source.address,
            detail: [
                .init("iv_index", .number(Int64(newest.ivIndex.value))),
                .init("seq", .number(Int64(newest.lastSequence.value))),
                .init("left", .number(Int64(left))),
            ] + (forecast.map { [.init("exhausted_at", .time($0))] } ?? []))
    }
}
