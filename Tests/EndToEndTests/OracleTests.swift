import CaptureFiles
import Foundation
import FuzzTargets
import KeyFiles
import MeshEvidence
import MeshProtocol
import MeshTestSupport
import MeshTimelines
import MeshVerdict
import TestSupport
import Testing

/// The answer of a capture is the answer of what is authentic in it, and of nothing else.
@Suite struct OracleTests {
    /// The capture without the frames that hold nothing authentic, no octets where none is left, and how many those were; `nil` where
    /// what is said takes several frames, of which one has the name: values of connections, and what a host lets its controller send.
    private func reduced(_ path: String, _ keys: KeyRing) throws -> (octets: [UInt8], dropped: Int, answer: Answer)? {
        var (authentic, takesSeveral): (Set<Int>, Bool) = ([], false)
        let receive: Analyzer.Receiver = { observation, _ in
            guard observation.network != nil else { return }
            if observation.origin.bearer != .advertisingHeard { takesSeveral = true }
            authentic.insert(observation.origin.frame.number)
        }
        let analysis = try Analyzer(keys: keys).analyze([path], receive: receive)
        let summary = analysis.captures[0]
        guard !takesSeveral, let first = summary.linkTypes.first, summary.failure == nil else { return nil }
        var writer = CaptureWriter(
            first.registry == LinkType.Registry.btsnoop ? CaptureContainer.btsnoop : .pcapng(.little, .nanoseconds),
            linkTypes: summary.linkTypes)
        var file = try CaptureFile(path: path)
        while let frame = try file.nextFrame() {
            guard authentic.contains(frame.number), let interface = summary.linkTypes.firstIndex(of: frame.linkType)
            else {
                continue
            }
            writer.write(
                frame.bytes.indices.map { frame.bytes[$0] }, at: frame.time, interface: interface, flags: frame.flags,
                originalLength: frame.originalLength)
        }
        return (authentic.isEmpty ? [] : writer.removeOctets(), summary.frames - authentic.count, Answer(analysis))
    }

    private func check(_ path: String, _ keys: KeyRing) throws -> Int? {
        guard let (octets, dropped, answer) = try reduced(path, keys) else { return nil }
        // A capture without frames is refused; what is said of nothing is what a state says that nothing was folded into.
        let without = Answer(octets.isEmpty ? Analysis(MeshState(keys), keys: keys) : try analyse(octets, keys))
        #expect(without == answer, "\(path): \(without.differences(from: answer).joined(separator: "\n"))")
        return dropped
    }

    @Test func fixturesAnswerTheSameWithoutStrangers() throws {
        var (checked, dropped) = (0, 0)
        for fixture in Checkout.fixtures() {
            guard let keyFile = Checkout.keyFile(of: fixture) else { continue }
            let keys = KeyRing(networks: try KeyFile.read(path: keyFile))
            guard let count = try check(Checkout.captures.appending(path: fixture).path, keys) else { continue }
            (checked, dropped) = (checked + 1, dropped + count)
        }
        #expect(checked >= 25 && dropped > 1000, "\(checked) fixtures, \(dropped) frames")
    }

    @Test(
        .enabled(if: Checkout.hasShared, "../shared is not there"),
        arguments: [
            ("whad/btmesh_provisionning.pcap", "99d89627bc96d8e49c62cf0ad76624ca")
        ])
    func capturesOfOthersAnswerTheSameWithoutStrangers(name: String, key: String) throws {
        let subnet = try SubnetKey(argument: key, place: "test")
        let keys = KeyRing(networks: [try SubnetKey.network(of: [subnet], name: nil, place: "test")])
        let dropped = try check(Checkout.shared.appending(path: "captures/" + name).path, keys)
        #expect(try #require(dropped) > 100)
    }

    /// What a fuzzer found worth keeping, once more through each target that the code knows.
    @Test(arguments: FuzzTarget.allCases) func theCorpusIsTaken(target: FuzzTarget) throws {
        let folder = Checkout.root.appending(path: "Tests/Corpus/" + target.rawValue)
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
        #expect(names.count >= 10)
        for name in names {
            let input = try Data(contentsOf: folder.appending(path: name))
            target.run([UInt8](input))
        }
    }
}
