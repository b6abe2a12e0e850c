import CaptureFiles
import Foundation
import KeyFiles
import MeshEvidence
import MeshProtocol
import MeshSimulation
import MeshTestSupport
import MeshTimelines
import MeshVerdict
import TestSupport
import Testing

private let btmon = Program.find("btmon")

/// What the real `btmon` prints of a capture holds what the capture holds.
@Suite(.enabled(if: btmon != nil, "btmon is not installed"))
struct BtmonTests {
    /// Options, and whether the text tells the date.
    static let variants: [(options: [String], isDated: Bool)] = [
        ([], false), (["-t"], false), (["-T"], true), (["-T", "--color=always"], true), (["-T", "-C", "132"], true),
        (["-A", "-T", "-C", "60"], true),
    ]

    private func text(of path: String, _ options: [String]) throws -> [UInt8] {
        let program = try #require(btmon)
        let result = try Program.run(program, ["-P", "-r", path] + options, environment: ["TZ": "UTC"])
        #expect(result.status == 0)
        return Array(result.output.utf8)
    }

    /// IV Index, first and last SEQ and how many, of each source.
    private func epochs(_ analysis: Analysis) -> [[Int]] {
        analysis.networks.flatMap(\.sources).flatMap { source in
            source.epochs.map { epoch in
                [
                    Int(source.address.value), Int(epoch.ivIndex.value), Int(epoch.firstSequence.value),
                    Int(epoch.lastSequence.value), epoch.distinct, epoch.heard,
                ]
            }
        }
    }

    @Test(.enabled(if: Checkout.hasShared, "../shared is not there"), arguments: ["hci0", "hci1", "hci2"])
    func theLogsOfARealStack(name: String) throws {
        let folder = Checkout.shared.path + "/captures/bluez-meshd/"
        let keys = KeyRing(networks: try KeyFile.read(path: folder + "keys.json"))
        var options = AnalysisOptions()
        options.master = UnicastAddress(1)
        let whole = try Analyzer(keys: keys, options: options).analyze([folder + name + ".btsnoop"])
        for (switches, isDated) in Self.variants {
            let text = try text(of: folder + name + ".btsnoop", switches)
            let analysis = try analyse(text, keys, options: options)
            #expect(analysis.captures[0].format == .btmonText && analysis.captures[0].isComplete)
            #expect(analysis.captures[0].frames == whole.captures[0].frames, "\(switches)")
            #expect(!epochs(whole).isEmpty && epochs(analysis) == epochs(whole), "\(switches)")
            #expect(analysis.networks.map(\.iv?.state) == whole.networks.map(\.iv?.state))
            #expect(analysis.networks[0].subnets[0].authenticBeacons == whole.networks[0].subnets[0].authenticBeacons)
            #expect(analysis.unprovisionedDevices.count == whole.unprovisionedDevices.count)
            #expect(analysis.provisioningLinks.count == whole.provisioningLinks.count)
            if isDated { #expect(Answer(analysis) == Answer(whole), "\(switches)") }
        }
    }

    @Test(arguments: [LinkType.btsnoopMonitor, .btsnoopH1, .btsnoopH4])
    func simulatedLogsGiveTheTruth(linkType: LinkType) throws {
        for seed in UInt64(1)...5 {
            for scenario in [Scenario.hostLog, .proxyMaster] {
                let capture = SimulatedCapture(scenario, seed: seed)
                let folder = try TestFolder()
                let log = try folder.write(
                    capture.write(.btsnoop, LinkFraming(linkType), linkType: linkType), "log.btsnoop")
                let whole = try Analyzer(keys: capture.keys).analyze([log])
                for (switches, isDated) in Self.variants {
                    let text = try text(of: log, switches)
                    let analysis = try analyse(text, capture.keys)
                    let place = "\(scenario.rawValue), seed \(seed), \(switches)"
                    #expect(analysis.captures[0].frames == whole.captures[0].frames, "\(place)")
                    #expect(!epochs(whole).isEmpty && epochs(analysis) == epochs(whole), "\(place)")
                    if isDated {
                        #expect(differences(analysis, capture.truth).isEmpty, "\(place)")
                        #expect(Answer(analysis) == Answer(whole), "\(place)")
                    }
                }
            }
        }
    }

    /// A paste that begins anywhere gives the records from there on, as they are in the whole text.
    @Test func textFromTheMiddle() throws {
        let capture = SimulatedCapture(.hostLog, seed: 7)
        let folder = try TestFolder()
        let log = try folder.write(
            capture.write(.btsnoop, LinkFraming(.btsnoopMonitor), linkType: .btsnoopMonitor), "log.btsnoop")
        let lines = try text(of: log, ["-T"]).split(separator: 0x0A, omittingEmptySubsequences: false)
        func frames(_ lines: ArraySlice<ArraySlice<UInt8>>) throws -> [[UInt8]] {
            let path = try folder.write(Array(lines.joined(separator: [0x0A])), "text")
            var file = try CaptureFile(path: path)
            var frames: [[UInt8]] = []
            while let frame = try file.nextFrame() { frames.append(frame.bytes.indices.map { frame.bytes[$0] }) }
            return frames
        }
        let whole = try frames(lines[...])
        for start in stride(from: 1, to: lines.count - 40, by: 7) {
            let part = try frames(lines[start...])
            #expect(!part.isEmpty && part == Array(whole.suffix(part.count)), "from line \(start)")
        }
    }
}
