import MeshEvidence
import MeshProtocol
import MeshVerdict

/// The places of the drawings: the states of the IV Index, SEQ over time, beacons, and what was not heard.
extension AnalysisDocument {
    var pictures: ReportDocument.Section {
        let networks = analysis.networkIndexes.flatMap { index -> [Block] in
            let name: [Block] =
                analysis.networks.count > 1 ? [.paragraph("Network \(name(of: index)):")] : []
            return name + pictures(of: index)
        }
        let captures: [Block] = analysis.captures.count > 1 ? [.chart(.captures)] : []
        return ReportDocument.Section(title: "Over time", networks + captures)
    }

    private func pictures(of index: NetworkIndex) -> [Block] {
        let network = analysis[index]
        let masters = analysis.masters.filter { $0.network == index }.map(\.address)
        let own = masters.flatMap { address -> [ReportDocument.Chart] in
            [.sequence(network: index, source: address), .margin(network: index, source: address)]
        }
        let others = network.sources.filter { !$0.marks.isEmpty && !masters.contains($0.address) }.map {
            ReportDocument.Chart.sequence(network: index, source: $0.address)
        }
        let beacons = network.subnets.indices.filter { !network.subnets[$0].beaconMarks.isEmpty }.map {
            ReportDocument.Chart.beaconCadence(network: index, subnet: SubnetIndex($0))
        }
        let charts = [.ivStaircase(network: index)] + own + others + beacons + [.coverage(network: index)]
        return charts.map { .chart($0) }
    }
}
