import CaptureFiles
import Foundation
import MeshEvidence
import MeshProtocol
import MeshSimulation
import MeshTimelines
import MeshVerdict
import TestSupport

/// The analysis of a simulated capture, and what is true of it.
func analysis(
    _ scenario: Scenario, keys: Bool = true, _ options: AnalysisOptions = AnalysisOptions()
) throws -> (Analysis, SimulatedCapture) {
    let capture = SimulatedCapture(scenario, seed: 11)
    let type = LinkType.bluetoothLELinkLayerWithHeader
    let folder = try Checkout.temporaryFolder()
    defer { try? FileManager.default.removeItem(at: folder) }
    let path = folder.appending(path: "capture").path
    let octets = capture.write(.pcap(.little, .microseconds), LinkFraming(type), linkType: type)
    try Data(octets).write(to: URL(filePath: path))
    return (try Analyzer(keys: keys ? capture.keys : .init(), options: options).analyze([path]), capture)
}
