import CaptureFiles
import MeshCrypto
import MeshProtocol

/// Makes the finished value out of what the collector gathered.
struct AnalysisBuilder {
    let keyRing: KeyRing
    let options: AnalysisOptions
    let collector: EvidenceCollector
    let captures: [Analysis.Capture]

    func build() -> Analysis {
        let master = master()
        var findings = collector.records.findings
        let networks = collector.records.networks.map { network(of: $0, master: master, into: &findings) }
        return Analysis(
            captures: captures, networks: networks, master: master,
            unopened: (UInt8(0)..<128).compactMap { nid in
                let heard = collector.unopenedByNID[Int(nid)]
                return heard > 0 ? (nid, heard) : nil
            },
            foreignBeacons: collector.foreignBeaconOrder.compactMap { collector.foreignBeacons[$0] },
            foreignPrivateBeacons: collector.foreignPrivateBeacons,
            unprovisionedDevices: collector.devices.resolved(), findings: findings.sorted)
    }

    /// The address that the user names, in the network that heard it, or else the one that a key file names.
    private func master() -> Analysis.Master? {
        if let address = options.master, !collector.records.networks.isEmpty {
            let network = collector.records.networks.firstIndex { $0.sources.contains { $0.address == address } } ?? 0
            return .init(network: network, address: address, choice: .option)
        }
        for (index, network) in keyRing.networks.enumerated() {
            guard let address = network.master else { continue }
            return .init(network: index, address: address, choice: .keyFile)
        }
        return nil
    }

    private func network(
        of record: NetworkRecord, master: Analysis.Master?, into findings: inout FindingCollector
    ) -> Analysis.Network {
        let notOpened = collector.notOpened(network: record.index)
        var sources = record.sources.sorted { $0.address < $1.address }.map { source(of: $0, in: record) }
        if let master, master.network == record.index, !sources.contains(where: { $0.address == master.address }) {
            let place = sources.firstIndex { $0.address > master.address } ?? sources.count
            sources.insert(source(of: SourceTimeline(master.address), in: record), at: place)
        }
        for source in sources { recordExhaustion(of: source, network: record.index, into: &findings) }
        return Analysis.Network(
            name: record.keys.name,
            subnets: zip(record.keys.subnets, record.subnets).map { keys, heard in
                .init(
                    keyIndex: keys.keyIndex, name: keys.name, networkID: keys.keys.networkID,
                    nid: keys.keys.flooding.nid,
                    oldNetworkID: keys.oldKeys?.networkID, authenticBeacons: heard.authentic,
                    notAuthenticBeacons: heard.notAuthentic)
            },
            iv: record.timeline.current, givenIVIndex: record.timeline.given, ivTimeline: record.timeline.records,
            heard: record.opened + notOpened, opened: record.opened, distinct: record.distinct, notOpened: notOpened,
            sources: sources)
    }

    private func source(of timeline: SourceTimeline, in record: NetworkRecord) -> Analysis.Source {
        let epochs = timeline.epochs()
        let verdict = RecoveryRules.judge(
            epochs, in: record.timeline, captureEnd: captures.compactMap(\.lastTime).max())
        return .init(address: timeline.address, epochs: epochs, verdict: verdict)
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
