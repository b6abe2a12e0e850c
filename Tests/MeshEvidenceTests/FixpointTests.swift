import MeshEvidence
import MeshProtocol
import MeshSimulation
import MeshTestSupport
import MeshVerdict
import Testing

/// What opens may teach what opens what waits, until nothing new is learned: whichever way the IV Index becomes known, and
/// however late, the same PDUs open.
@Suite struct FixpointTests {
    private struct Count: Equatable {
        let opened: Int
        let distinct: Int
        let notOpened: Int

        init(_ analysis: Analysis) {
            let network = analysis.networks[0]
            (opened, distinct, notOpened) = (network.opened, network.distinct, network.notOpened)
        }
    }

    private func withoutBeacons(_ capture: SimulatedCapture) -> [UInt8] {
        write(
            capture.frames.filter { frame in
                // A Proxy PDU's message type stands in front, and an AD type behind its length.
                frame.proxy == nil
                    ? frame.data.dropFirst().first != 0x2B
                    : frame.data.first != ProxyPDU.MessageType.meshBeacon.rawValue
            })
    }

    /// The first IV Index that anything of the network transmitted with.
    private func start(of capture: SimulatedCapture) throws -> IVIndex {
        let epochs = capture.truth.networks[0].sources.values.flatMap(\.epochs.keys)
        return IVIndex(try #require(epochs.min()))
    }

    private func options(given: IVIndex?) -> AnalysisOptions {
        var options = AnalysisOptions(givenIVIndex: given)
        if given != nil { options.ivSearch = .off }
        return options
    }

    @Test(arguments: [Scenario.friendship, .keyRefresh, .proxyMaster, .configuration])
    func withoutABeaconTheSamePDUsOpen(scenario: Scenario) throws {
        for seed in UInt64(1)...50 {
            let capture = SimulatedCapture(scenario, seed: seed)
            let withBeacons = Count(try analyse(write(capture.frames), capture.keys))
            let octets = withoutBeacons(capture)
            let hinted = try analyse(octets, capture.keys, options: options(given: try start(of: capture)))
            #expect(hinted.networks[0].subnets.allSatisfy { $0.authenticBeacons == 0 }, "no beacon is left")
            #expect(Count(hinted) == withBeacons, "with a hint, seed \(seed)")
            let searched = Count(try analyse(octets, capture.keys, options: options(given: nil)))
            #expect(searched == withBeacons, "by trial, seed \(seed)")
        }
    }

    /// A hint opens the request and the offer, these the friendship's credentials, and what the Friend delivers.
    @Test func aHintOpensAFriendshipAsAWhole() throws {
        let capture = SimulatedCapture(.friendship, seed: 3)
        let hint = options(given: IVIndex(912))
        let analysis = try analyse(withoutBeacons(capture), capture.keys, options: hint)
        #expect(Count(analysis).opened == 270 && Count(analysis).notOpened == 0)
    }
}
