import MeshEvidence
import MeshProtocol
import MeshTimelines
import MeshVerdict

/// Draws what a document has places for, from the analysis that it says.
struct Charts {
    let analysis: Analysis

    private var document: AnalysisDocument { AnalysisDocument(analysis) }

    /// `nil` where there is nothing to draw.
    func drawing(_ chart: ReportDocument.Chart) -> Drawing? {
        let times = CaptureTimes(analysis)
        let label = document.label
        switch chart {
        case .ivStaircase(let index):
            let master = analysis.masters.first { $0.network == index }
            return IVStaircase(
                network: analysis[index], validUntil: master?.verdict.recovery?.validUntil, end: analysis.lastTime,
                times: times, label: label
            ).drawing()
        case .sequence(let index, let address):
            guard let source = analysis[index].sources.first(where: { $0.address == address }) else { return nil }
            let isMaster = analysis.masters.contains { $0.network == index && $0.address == address }
            let findings = analysis.findings.filter { $0.network == index && $0.source == address }
            return SequenceChart(source: source, findings: findings, end: analysis.lastTime, times: times, label: label)
                .drawing(isFolded: !isMaster)
        case .margin(let index, let address):
            let master = analysis.masters.first { $0.network == index && $0.address == address }
            return master?.verdict.recovery.map { MarginChart(recovery: $0).drawing() }
        case .beaconCadence(let index, let subnet):
            guard analysis[index].subnets.indices.contains(subnet.value) else { return nil }
            return BeaconCadenceChart(
                subnet: analysis[index].subnets[subnet.value], end: analysis.lastTime, times: times, label: label
            ).drawing()
        case .coverage(let index):
            let asked = Set(analysis.masters.filter { $0.network == index }.flatMap(\.elements))
            return CoverageChart(network: analysis[index], asked: asked, end: analysis.lastTime, times: times).drawing()
        case .captures: return CaptureChart(captures: analysis.captures).drawing()
        }
    }
}
