import ByteParsing
import CaptureFiles
import MeshEvidence
import MeshTimelines
import MeshVerdict
import MeshProtocol

/// What is known of one network: its keys, its IV Index over time, its sources.
extension AnalysisDocument {
    private typealias Table = ReportDocument.Table

    func network(_ index: NetworkIndex) -> ReportDocument.Section {
        let network = analysis[index]
        let blocks: [ReportDocument.Block] = [
            .table(subnets(network)),
            .paragraph(
                "\(Wording.count(network.heard, "Network PDU")) heard, \(network.opened) opened, \(network.distinct) distinct, \(network.notOpened) not opened",
                depth: 1),
        ]
        return ReportDocument.Section(
            title: "Network \(name(of: index))",
            blocks + ivTimeline(network, index) + replacement(network) + keyRefresh(network) + keyAudit(network)
                + sources(network, index))
    }

    private func subnets(_ network: Analysis.Network) -> Table {
        var table = Table([
            .init("key", .right), .init("name"), .init("Network ID"), .init("NID"), .init("beacons", .right),
            .init("not authentic", .right), .init("interval", .right),
        ])
        for subnet in network.subnets {
            let identity = subnet.identity
            let name: Prose = identity.name.map { .cut($0, to: 24) } ?? "–"
            table.add([
                "\(identity.keyIndex)", name, "\(Hexadecimal.text(identity.networkID, digits: 16))",
                "\(Hexadecimal.prefixed(identity.nid, digits: 2))",
                "\(subnet.authenticBeacons)", "\(subnet.notAuthenticBeacons)",
                subnet.beaconInterval.map { "\(Wording.span($0))" } ?? "–",
            ])
            guard let old = identity.oldNetworkID else { continue }
            table.add(["\(identity.keyIndex)", "(old key)", "\(Hexadecimal.text(old, digits: 16))", "", "", "", ""])
        }
        return table
    }

    private func ivTimeline(_ network: Analysis.Network, _ index: NetworkIndex) -> [ReportDocument.Block] {
        guard !network.ivTimeline.isEmpty else { return [] }
        var table = Table([
            .init("IV Index"), .init("state"), .init("from"), .init("to"), .init("statements", .right),
            .init("frame", .right),
        ])
        for record in network.ivTimeline {
            table.add([
                "\(Hexadecimal.prefixed(record.state.index.value, digits: 8))",
                record.state.isUpdateInProgress ? "in progress" : "normal", "\(record.firstTime.text(digits: 0))",
                "\(record.lastTime.text(digits: 0))", "\(record.count)", "\(label(record.frame))",
            ])
        }
        return [.pause, .table(table)]
    }

    /// What a replacement would do by itself.
    private func replacement(_ network: Analysis.Network) -> [ReportDocument.Block] {
        guard let replacement = network.replacement else { return [] }
        let start = replacement.start
        let items = replacement.steps.map { step -> ReportDocument.List.Item in
            let state = Hexadecimal.prefixed(step.state.index.value, digits: 8)
            let own = Hexadecimal.prefixed(step.own.transmitIndex.value, digits: 8)
            return .init(
                "\(state) \(Wording.state(step.state)): \(Wording.replacement(step)); then it sends with \(own)")
        }
        let text: Prose =
            "A replacement that starts at IV Index \(Hexadecimal.prefixed(start.value, digits: 8)) (\(start.value)) in Normal "
            + "Operation, at each state that the network says:"
        return [.pause, .paragraph(text, depth: 1), .list(.init(.plain, depth: 2, items))]
    }

    /// Subnets in which something tells of a Key Refresh.
    private func keyRefresh(_ network: Analysis.Network) -> [ReportDocument.Block] {
        let subnets = network.subnets.filter { $0.keyRefresh.contains { $0.phase != .normal } }
        guard !subnets.isEmpty else { return [] }
        var table = Table([
            .init("key", .right), .init("Key Refresh"), .init("from"), .init("to"), .init("beacons", .right),
            .init("frame", .right),
        ])
        for subnet in subnets {
            for step in subnet.keyRefresh {
                let record = step.record
                table.add([
                    "\(subnet.identity.keyIndex)", "\(Wording.keyRefresh(step.phase))",
                    "\(record.first.time.text(digits: 0))", "\(record.last.time.text(digits: 0))", "\(record.count)",
                    "\(label(record.first))",
                ])
            }
        }
        return [.pause, .table(table)]
    }

    // MARK: Sources

    /// As many sources of all networks as anybody reads; those of the masters are shown besides.
    private static let mostSources = 4096

    private func sources(_ network: Analysis.Network, _ index: NetworkIndex) -> [ReportDocument.Block] {
        guard !network.sources.isEmpty else { return [] }
        var table = Table([
            .init("source"), .init("IV Index"), .init("last SEQ"), .init("frame", .right), .init("minimum"),
            .init("start SEQ"), .init("verdict"), .init("first heard"), .init("SEQ heard", .right),
            .init("missed", .right), .init("skipped", .right), .init("coverage", .right),
        ])
        (table.keys, table.secondPart) = (2, 7)
        let asked = Set(analysis.masters.filter { $0.network == index }.flatMap(\.elements))
        let most = Self.mostSources / analysis.networks.count
        let shown =
            network.sources.count <= most
            ? network.sources
            : network.sources.enumerated().filter { $0.offset < most || asked.contains($0.element.address) }
                .map(\.element)
        for source in shown {
            for row in rows(source) { table.add(row) }
        }
        let names = shown.compactMap { source in
            source.name.map { ReportDocument.List.Item("\(source.address) is \($0)") }
        }
        let more = network.sources.count - shown.count
        let rest: [ReportDocument.Block] =
            more > 0
            ? [.paragraph("… and \(Wording.count(more, "source")) more: all of them are in the JSON.", depth: 1)] : []
        return [.pause, .table(table)] + rest + (names.isEmpty ? [] : [.list(.init(.plain, depth: 1, names))])
    }

    /// A row for each IV Index that it was heard under; the last one has the verdict.
    private func rows(_ source: Analysis.Source) -> [[Prose]] {
        let verdict: Prose = "\(source.verdict.name)"
        guard !source.epochs.isEmpty else {
            let none = Array(repeating: Prose("–"), count: 5)
            return [["\(source.address)"] + none + [verdict] + none]
        }
        return source.epochs.enumerated().map { index, epoch in
            let last: [Prose] = [
                "\(source.address)", "\(Hexadecimal.prefixed(epoch.ivIndex.value, digits: 8))",
                "\(Hexadecimal.prefixed(epoch.lastSequence.value, digits: 6))", "\(label(epoch.lastFrame))",
            ]
            let isNewest = index == source.epochs.count - 1
            let answer = isNewest ? [next(source, \.minimum), next(source, \.recommended), verdict] : ["", "", ""]
            let heard: [Prose] = [
                "\(Hexadecimal.prefixed(epoch.firstSequence.value, digits: 6))", "\(epoch.distinct)",
                "\(epoch.missed - Int(epoch.skippedOfMissed))", "\(epoch.skippedOfMissed)",
                "\(Int((epoch.coverage * 100).rounded(.down))) %",
            ]
            return last + answer + heard
        }
    }

    private func next(_ source: Analysis.Source, _ number: KeyPath<Recovery, SequenceNumber>) -> Prose {
        source.verdict.recovery.map { "\(Hexadecimal.prefixed($0[keyPath: number].value, digits: 6))" } ?? "–"
    }
}
