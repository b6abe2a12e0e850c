import MeshEvidence
import MeshProtocol
import MeshReports
import MeshSimulation
import MeshTimelines
import MeshVerdict
import Testing

extension ReportDocument {
    var blocks: [Block] { sections.flatMap(\.blocks) }

    var headlines: [Prose] {
        blocks.compactMap { if case .headline(let prose, _) = $0 { prose } else { nil } }
    }

    var values: [Value] {
        blocks.flatMap { block -> [Value] in if case .values(let values) = block { values } else { [] } }
    }

    var callouts: [Callout] {
        blocks.compactMap { if case .callout(let callout) = $0 { callout } else { nil } }
    }

    var tables: [Table] {
        blocks.compactMap { if case .table(let table) = $0 { table } else { nil } }
    }

    var lists: [List] {
        blocks.compactMap { if case .list(let list) = $0 { list } else { nil } }
    }

    var charts: [Chart] {
        blocks.compactMap { if case .chart(let chart) = $0 { chart } else { nil } }
    }
}

@Suite struct AnalysisDocumentTests {
    @Test func theAnswerHasItsThreeValues() throws {
        let (analysis, capture) = try analysis(.steady)
        let document = AnalysisDocument.make(analysis)
        let recovery = try #require(analysis.masters.first?.verdict.recovery)
        let state = try #require(capture.truth.state(ofNetwork: 0))
        #expect(document.sections[0].title == nil)
        guard case .headline(let headline, .good) = document.sections[0].blocks.first else {
            Issue.record("no headline")
            return
        }
        #expect(
            headline.text.hasPrefix(
                "✓ Master 0x0001 of network steady can be resumed, if it failed by 2026-06-01T00:00:2"))
        #expect(
            headline.text.hasSuffix("; as busy as heard: 7 s unheard on 12 s heard.")
                && recovery.basis.kind == .asBusyAsHeard)
        #expect(document.values.map(\.name) == ["IV Index", "IV Update flag", "start SEQ"])
        #expect(document.values.map(\.decimal) == [state.index.value, nil, recovery.recommended.value])
        #expect(document.values[1].hexadecimal == "0")
    }

    @Test func theMarginsTermsAreThoseOfTheVerdict() throws {
        let (analysis, _) = try analysis(.reboots)
        let recovery = try #require(analysis.masters.first?.verdict.recovery)
        let terms = AnalysisDocument.make(analysis).blocks.flatMap { block -> [ReportDocument.Term] in
            if case .terms(let terms) = block { terms } else { [] }
        }
        #expect(terms.map(\.value) == recovery.margin.map(\.value))
        #expect(terms.allSatisfy { !$0.reason.isEmpty })
    }

    @Test func aMasterThatWasNotHeardHasWaysOutInTheirOrder() throws {
        var options = AnalysisOptions()
        options.master = UnicastAddress(0x7000)
        let document = AnalysisDocument.make(try analysis(.steady, options).0)
        #expect(document.headlines == ["✗ Master 0x7000 of network steady was not heard."])
        #expect(document.values.map(\.name) == ["IV Index", "IV Update flag"])
        let ways = try #require(document.lists.first)
        #expect(ways.style == .numbered && ways.items.count == 4)
    }

    @Test func withoutAKeyThereIsNoValue() throws {
        let document = AnalysisDocument.make(try analysis(.steady, keys: false).0)
        #expect(document.headlines == ["No key was given: beacons are not authenticated and PDUs stay closed."])
        #expect(document.values.isEmpty && document.charts.isEmpty)
    }

    @Test func eachNetworkHasItsSection() throws {
        let (analysis, _) = try analysis(.ivUpdate)
        let titles = AnalysisDocument.make(analysis).sections.compactMap(\.title)
        #expect(titles.first == "Captures" && titles.last == "Findings")
        #expect(titles.contains { $0.text.hasPrefix("Network ") })
    }

    @Test func aPageHasThePicturesBehindTheAnswerAndThenTheFindings() throws {
        let (analysis, _) = try analysis(.ivUpdate)
        let document = AnalysisDocument.page(analysis)
        let titles = document.sections.map { $0.title?.text }
        #expect(titles.prefix(4) == [nil, "Over time", "Findings", "What the answer rests on"])
        let text = AnalysisDocument.make(analysis)
        #expect(document.values == text.values && Set(document.tables) == Set(text.tables), "both say the same")
        let charts = Set(document.charts)
        let network = NetworkIndex(0)
        #expect(
            charts.isSuperset(of: [
                .ivStaircase(network: network), .coverage(network: network),
                .beaconCadence(network: network, subnet: SubnetIndex(0)),
            ]))
        for source in analysis.networks[0].heardAddresses {
            #expect(charts.contains(.sequence(network: network, source: source)))
        }
    }

    @Test func theSourcesHaveARowForEachIVIndex() throws {
        let (analysis, _) = try analysis(.ivUpdate)
        let table = try #require(AnalysisDocument.make(analysis).tables.last)
        let sources = analysis.networks[0].sources
        #expect(table.rows.count == sources.map { max(1, $0.epochs.count) }.reduce(0, +))
        #expect(Set(table.rows.compactMap(\.first)) == Set(sources.map { "\($0.address)" }))
        #expect(table.rows.filter { !$0[6].isEmpty }.count == sources.count, "one verdict each")
    }

    @Test func whatCommandsWarnOfIsWhatTheReportWarnsOf() throws {
        for scenario in Scenario.allCases {
            let (analysis, _) = try analysis(scenario)
            let document = AnalysisDocument.make(analysis)
            for master in analysis.masters where master.verdict.recovery != nil {
                let attentions = AnalysisDocument.attentions(analysis, of: master)
                #expect(document.callouts.filter { $0.label.text == "ATTENTION" } == attentions)
            }
        }
    }

    @Test func theSameAnalysisGivesTheSameDocument() throws {
        let (analysis, _) = try analysis(.subnets)
        #expect(AnalysisDocument.make(analysis) == AnalysisDocument.make(analysis))
    }
}
