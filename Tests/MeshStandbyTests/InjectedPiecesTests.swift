import CaptureFiles
import Foundation
import MeshEvidence
import MeshSimulation
import MeshTestSupport
import Testing

/// What a stack sends live to the injection port gives the report of the log that it would have written.
@Suite struct InjectedPiecesTests {
    /// As many as the port's buffer has room for, many times over.
    private static let burst = 16

    @Test(arguments: Scenario.allCases) func aScenarioThatIsInjectedGivesItsReport(scenario: Scenario) throws {
        for seed in Seeds.forCase(scenario) {
            let capture = SimulatedCapture(scenario, seed: seed)
            let (datagrams, log) = try Injection.datagrams(of: capture)
            let folder = try TestFolder()
            let whole = try folder.write(log, "whole")
            let port = try Injection.freePort()
            let source = LiveSource.ellisys(address: "127.0.0.1", port: port)
            var listener = try Listener(source, capture.keys, state: folder.path("state"))
            let sender = try Injection.Sender(port)
            for (place, datagram) in datagrams.enumerated() {
                sender.send(datagram)
                if place % Self.burst == 0 { try listener.listen(until: place + 1) }
            }
            try listener.listen(until: datagrams.count)
            #expect(listener.heard == datagrams.count, "\(scenario), seed \(seed)")
            try listener.end()
            let difference = try Listener.difference(folder.path("state"), of: whole, capture.keys)
            #expect(difference == "", "\(scenario), seed \(seed)")
        }
    }
}
