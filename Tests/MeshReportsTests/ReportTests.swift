import Foundation
import MeshCrypto
import MeshEvidence
import MeshProtocol
import MeshReports
import MeshSimulation
import MeshTimelines
import MeshVerdict
import Testing

private func text(_ analysis: Analysis) -> String {
    TextRenderer.render(AnalysisDocument.make(analysis))
}

@Suite struct ReportTests {
    @Test(arguments: Scenario.allCases)
    func theTextStaysWithinAHundredColumns(scenario: Scenario) throws {
        for keys in [true, false] {
            let text = text(try analysis(scenario, keys: keys).0)
            for line in text.split(separator: "\n") { #expect(line.count <= 100, "\(line)") }
            #expect(!text.contains("\u{1B}"))
        }
    }

    @Test func theAnswerComesFirst() throws {
        let (analysis, capture) = try analysis(.steady)
        let lines = text(analysis).split(separator: "\n")
        #expect(
            lines[0].hasPrefix("✓ Master 0x0001 of network steady can be resumed, if it failed by 2026-06-01T00:00:2"))
        let state = try #require(capture.truth.state(ofNetwork: 0))
        let index = String(state.index.value, radix: 16, uppercase: true)
        #expect(lines[3].contains(index) && lines[3].contains("(\(state.index.value))"))
    }

    @Test func colorsAreOnlyAnEmphasis() throws {
        let (analysis, _) = try analysis(.subnets)
        let colored = TextRenderer.render(AnalysisDocument.make(analysis), style: .init(isColored: true))
        #expect(colored.contains("\u{1B}[1m"))
        #expect(colored.replacing(#/\u{1B}\[[0-9;]*m/#, with: "") == text(analysis))
    }

    @Test(arguments: Scenario.allCases)
    func noReportShowsAKey(scenario: Scenario) throws {
        let (analysis, capture) = try analysis(scenario)
        let keys = capture.keys.networks.flatMap(\.subnets).flatMap { subnet -> [UInt128] in
            let keys = subnet.keys
            return [
                keys.netKey.value, keys.beaconKey, keys.privateBeaconKey, keys.identityKey, keys.flooding.encryptionKey,
                keys.flooding.privacyKey,
            ]
        }
        for report in [text(analysis), try JSONReport.render(analysis)] {
            for key in keys {
                #expect(!report.lowercased().contains(String(key, radix: 16)) && !report.contains("\(key)"))
            }
        }
    }

    @Test func theJSONHasTheFieldsOfItsSchema() throws {
        let (analysis, capture) = try analysis(.subnets)
        let json = try JSONReport.render(analysis)
        let object = try #require(try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: Any])
        #expect(object["schema"] as? String == "meshscope.analysis/1")
        let network = try #require((object["networks"] as? [[String: Any]])?.first)
        let iv = try #require(network["iv"] as? [String: Any])
        let state = try #require(capture.truth.state(ofNetwork: 0))
        #expect(iv["index"] as? Int == Int(state.index.value))
        #expect(iv["transmit_index"] as? Int == Int(state.transmitIndex.value))
        #expect(iv["evidence"] as? String == "secure_network_beacon")
        let source = try #require((network["sources"] as? [[String: Any]])?.first)
        #expect(source["address"] as? String == "0x0001")
        #expect(source["name"] is NSNull)
        let recovery = try #require(source["recovery"] as? [String: Any])
        #expect(
            Set(recovery.keys).isSuperset(of: [
                "verdict", "iv_index", "update_in_progress", "transmit_iv_index", "last_seq", "minimum_seq",
                "recommended_seq",
                "margin", "valid_until",
            ]))
        #expect((object["master"] as? [String: Any])?["chosen_by"] as? String == "key_file")
        let captures = try #require(object["captures"] as? [[String: Any]])
        #expect(captures[0]["complete"] as? Bool == true)
        #expect(captures[0]["link_types"] as? [Int] == [256])
    }

    @Test func theSameInputGivesTheSameBytes() throws {
        for _ in 0..<3 {
            let first = try analysis(.ivUpdate).0.renamed(["x"])
            let second = try analysis(.ivUpdate).0.renamed(["x"])
            #expect(try JSONReport.render(first) == JSONReport.render(second))
            #expect(text(first) == text(second))
        }
    }
}
