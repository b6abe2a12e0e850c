import CaptureFiles
import Foundation
import KeyFiles
import MeshEvidence
import MeshProtocol
import MeshVerdict
import TestSupport
import Testing

@Suite struct SeveralCapturesTests {
    /// The shorter one is told of first, wherever it stands among the captures.
    @Test(arguments: [[0, 1], [1, 0]])
    func everyCaptureIsToldOfWhicheverEndsFirst(order: [Int]) throws {
        let folder = try Checkout.temporaryFolder()
        defer { try? FileManager.default.removeItem(at: folder) }
        let whole = Checkout.captures.path + "/steady.pcap"
        let beginning = folder.appending(path: "beginning.pcap").path
        try Data(try CutCapture("steady.pcap").prefix(50)).write(to: URL(filePath: beginning))
        let keys = KeyRing(networks: try KeyFile.read(path: Checkout.captures.path + "/steady.keys.json"))
        let paths = order.map { [whole, beginning][$0] }
        let analysis = try Analyzer(keys: keys).analyze(paths)
        #expect(analysis.captures.map(\.path) == paths)
        #expect(analysis.captures.map(\.index) == [0, 1])
        #expect(analysis.captures.map(\.frames) == order.map { [208, 50][$0] })
    }
}
