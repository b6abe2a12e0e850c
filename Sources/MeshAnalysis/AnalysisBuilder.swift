import CaptureFiles
import MeshCrypto
import MeshProtocol

/// Makes the finished value out of what the collector gathered.
struct AnalysisBuilder {
    let keyRing: KeyRing
    let options: AnalysisOptions
    let collector: EvidenceCollector
    let captures: [Analysis.Capture]
    let unusable: [CaptureError]

    func build() -> Analysis {
        let masters = masters()
        var findings = collector.records.findings
        let networks = collector.records.networks.map { network(of: $0, masters: masters, into: &findings) }
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
                network.keys.master.map { .init(network: network.index, address: $0, choice: .keyFile) }
            }
        }
        let named = networks.filter { $0.keys.master == address }
        let heard = networks.filter { $0.sources.contains { $0.address == address } }
        let candidates = [named, heard, networks].first { !$0.isEmpty } ?? []
        return candidates.map { .init(network: $0.index, address: address, choice: .option) }
    }

    private func network(
        of record: NetworkRecord, masters: [Analysis.Master], into findings: inout FindingCollector
    ) -> Analysis.Network {
        let rules = rules(for: record, into: &findings)
        let notOpened = collector.notOpened(network: record.index)
        var sources = record.sources.sorted { $0.address < $1.address }.map { source(of: $0, rules) }
        for master in masters where master.network == record.index {
            guard !sources.contains(where: { $0.address == master.address }) else { continue }
            let place = sources.firstIndex { $0.address > master.address } ?? sources.count
            sources.insert(source(of: SourceTimeline(master.address), rules), at: place)
        }
        for source in sources { recordExhaustion(of: source, network: record.index, into: &findings) }
        return Analysis.Network(
            name: record.keys.name, keys: record.keys,
            subnets: zip(record.keys.subnets, record.subnets).enumerated().map { index, subnet in
                let (keys, heard) = subnet
                return .init(
                    keyIndex: keys.keyIndex, name: keys.name, networkID: keys.keys.networkID,
                    nid: keys.keys.flooding.nid,
                    oldNetworkID: keys.oldKeys?.networkID, authenticBeacons: heard.authentic,
                    notAuthenticBeacons: heard.notAuthentic,
                    keyRefresh: heard.phases(record.keyPlaces(ofSubnet: index)))
            },
            iv: record.timeline.current, givenIVIndex: record.timeline.given, ivTimeline: record.timeline.records,
            heard: record.opened + notOpened, opened: record.opened, distinct: record.distinct, notOpened: notOpened,
            sources: sources)
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
        return RecoveryRules(record, captureEnd: captures.compactMap(\.lastTime).max(), clocksAgree: clocksAgree)
    }

    private func source(of timeline: SourceTimeline, _ rules: RecoveryRules) -> Analysis.Source {
        let epochs = timeline.epochs()
        return .init(
            address: timeline.address, name: rules.network.keys.name(of: timeline.address), epochs: epochs,
            verdict: rules.judge(timeline, epochs))
    }

    private func recordExhaustion(of source: Analysis.Source, network: Int, into findings: inout FindingCollector) {
        guard let newest = source.epochs.last, newest.lastSequence.value >= RecoveryRules.nearExhaustion else { return }
        findings.record(
            .sequenceNearExhaustion, .warning, at: newest.lastFrame, network: network, source: source.address,
            detail: [
                .init("iv_index", .number(Int64(newest.ivIndex.value))),
                .init("seq", .number(Int64(newest.lastSequence.value))),
                .init("left", .number(Int64(SequenceNumber.last.value - newest.lastSequence.value))),
            ])
    }
}
